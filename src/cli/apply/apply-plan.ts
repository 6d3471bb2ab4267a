/** What has to be done so that there are the webhooks a file wants; pure. */
import { isDeepStrictEqual } from 'node:util';

import type { HeaderValue, Wanted } from './apply-file.ts';
import type { Row } from '../terminal/show.ts';

export interface Plan {
  readonly steps: readonly Step[];
  /** What keeps it from being a plan, each with its place. */
  readonly problems: readonly string[];
}

/** One webhook, and what becomes of it. */
export interface Step {
  /** `leave`: not in the file, and not to be deleted. */
  readonly action: 'create' | 'change' | 'keep' | 'delete' | 'leave';
  readonly name: string;
  readonly accountId: string;
  /** Absent before it is made. */
  readonly id?: string;
  /** Field by field; of a new one all that is said of it. */
  readonly changes: readonly Change[];
  /** Present where the file wants it. */
  readonly wanted?: Wanted;
  readonly filters?: FilterChanges;
  /** The secret is to be sent. */
  readonly sendsSecret?: boolean;
  /** Headers are to be sent: those with an origin or a value anew, the others as they are. */
  readonly headers?: Readonly<Record<string, HeaderValue>> | null;
}

export interface Change {
  readonly field: string;
  /** Undefined where there was nothing, or there will be nothing. */
  readonly before?: unknown;
  readonly after?: unknown;
}

export interface FilterChanges {
  readonly added: readonly Row[];
  /** With their ids. */
  readonly removed: readonly Row[];
}

export interface PlanOptions {
  /** Delete what the file's owners have beside it. */
  readonly prune: boolean;
  /** Send secrets and headers also where there are some, though nobody can see whether they differ. */
  readonly secrets: boolean;
}

/** @param existing all webhooks of the owners of what is wanted. */
export function planApply(
  wanted: readonly (Wanted & { readonly accountId: string })[],
  existing: readonly Row[],
  options: PlanOptions,
): Plan {
  const problems: string[] = [];
  const left = new Set(existing);
  const steps = wanted.map((one): Step => {
    const found = existing.filter(
      row => row['name'] === one.name && row['accountId'] === one.accountId,
    );
    for (const row of found) left.delete(row);
    const [row, ...twins] = found;
    if (twins.length > 0) {
      const ids = found.map(({ id }) => String(id)).join(', ');
      problems.push(
        `${one.place}: name: ${one.accountId} has ${found.length} of this name: ${ids}`,
      );
    }
    return row ? planChange(one, row, options) : planCreation(one);
  });
  const rest = [...left].map((row): Step => ({
    action: options.prune ? 'delete' : 'leave',
    name: String(row['name']),
    accountId: String(row['accountId']),
    id: String(row['id']),
    changes: [],
  }));
  return { steps: [...steps, ...rest], problems };
}

function planCreation(wanted: Wanted & { readonly accountId: string }): Step {
  const { name, accountId, fields, secretFrom, headers, filters } = wanted;
  const changes: Change[] = Object.entries(fields).map(([field, after]) => ({ field, after }));
  if (secretFrom) changes.push({ field: 'secretKey', after: secretFrom });
  for (const header of Object.keys(headers ?? {})) {
    changes.push({ field: `headers.${header}`, after: shownHeader(headers?.[header]) });
  }
  return {
    action: 'create',
    name,
    accountId,
    changes,
    wanted,
    sendsSecret: typeof secretFrom === 'string',
    ...(headers && { headers }),
    ...(filters && { filters: { added: filters, removed: [] } }),
  };
}

function planChange(
  wanted: Wanted & { readonly accountId: string },
  row: Row,
  options: PlanOptions,
): Step {
  const { name, accountId, fields } = wanted;
  const changes = Object.entries(fields)
    .map(([field, after]) => ({ field, before: row[field], after: normalized(field, after) }))
    .filter(({ before, after }) => !isDeepStrictEqual(before, after));
  const secret = planSecret(wanted, row, options);
  const headers = planHeaders(wanted, row, options);
  const filters = wanted.filters && planFilters(wanted.filters, row);
  const all = [...changes, ...secret, ...headers];
  const isSame = all.length === 0 && (filters === undefined || isNothing(filters));
  return {
    action: isSame ? 'keep' : 'change',
    name,
    accountId,
    id: String(row['id']),
    changes: all,
    wanted,
    sendsSecret: secret.length > 0,
    ...(headers.length > 0 && { headers: wanted.headers ?? null }),
    ...(filters && !isNothing(filters) && { filters }),
  };
}

/** As the server stores it: without a scheme a URL is http. */
function normalized(field: string, value: unknown): unknown {
  if (field !== 'payloadUrl' || typeof value !== 'string') return value;
  const text = value.trim();
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
}

function planSecret(
  { secretFrom }: Wanted,
  { hasSecret }: Row,
  { secrets }: PlanOptions,
): Change[] {
  if (secretFrom === undefined) return [];
  const before = hasSecret === true ? '***' : undefined;
  if (secretFrom === null) return before === undefined ? [] : [{ field: 'secretKey', before }];
  return before === undefined || secrets
    ? [{ field: 'secretKey', ...(before !== undefined && { before }), after: secretFrom }]
    : [];
}

/** Their values come out of no server: names are compared, and values sent where there is none, or all when asked to. */
function planHeaders({ headers }: Wanted, row: Row, { secrets }: PlanOptions): Change[] {
  if (headers === undefined) return [];
  const there = Object.keys(Object(row['headers']));
  const wanted = Object.keys(headers ?? {});
  return [
    ...wanted
      .filter(name => !isAmong(name, there) || (secrets && !isKept(headers?.[name])))
      .map(name => ({
        field: `headers.${name}`,
        ...(isAmong(name, there) && { before: '***' }),
        after: shownHeader(headers?.[name]),
      })),
    ...there
      .filter(name => !isAmong(name, wanted))
      .map(name => ({ field: `headers.${name}`, before: '***' })),
  ];
}

const isAmong = (name: string, names: readonly string[]): boolean =>
  names.some(one => one.toLowerCase() === name.toLowerCase());

const isKept = (value: HeaderValue | undefined): boolean =>
  value !== undefined && 'value' in value && value.value === '***';

const shownHeader = (value: HeaderValue | undefined): string =>
  value !== undefined && 'from' in value ? value.from : '***';

function planFilters(wanted: readonly Row[], row: Row): FilterChanges {
  const there: readonly Row[] = Array.isArray(row['filters']) ? row['filters'] : [];
  const keys = new Set(there.map(keyOf));
  const wantedKeys = new Set(wanted.map(keyOf));
  return {
    added: wanted.filter(filter => !keys.has(keyOf(filter))),
    removed: there.filter(filter => !wantedKeys.has(keyOf(filter))),
  };
}

/** What it says, without what the server adds. */
function keyOf({ id: _id, created: _created, ...said }: Row): string {
  const given = Object.entries(said).filter(([, value]) => value !== null && value !== undefined);
  return JSON.stringify(given.toSorted(([a], [b]) => a.localeCompare(b)));
}

const isNothing = ({ added, removed }: FilterChanges): boolean =>
  added.length === 0 && removed.length === 0;
