/** Plans what has to be done so that the webhooks are those that files declare; pure. */
import { isDeepStrictEqual } from 'node:util';

import type { Row } from '../terminal/show.ts';
import type { DeclaredWebhook, HeaderValue } from './apply-file.ts';

export interface Plan {
  readonly steps: readonly Step[];
  /** Reasons why the files cannot be applied, each with its position. */
  readonly problems: readonly string[];
}

/** One webhook, and what is done with it. */
export interface Step {
  /** `keep`: as declared already. `leave`: in no file, and not to be deleted. */
  readonly action: 'create' | 'change' | 'keep' | 'delete' | 'leave';
  readonly name: string;
  readonly accountId: string;
  /** Absent before the webhook is created. */
  readonly id?: string;
  /** Field by field; all declared fields of a new webhook. */
  readonly changes: readonly FieldChange[];
  /** Absent where no file declares the webhook. */
  readonly declared?: DeclaredWebhook;
  readonly filters?: FilterChanges;
  /** The secret is sent. */
  readonly sendsSecret?: boolean;
  /** Headers that are sent; absent where none differs. */
  readonly headers?: Readonly<Record<string, HeaderValue>> | null;
}

export interface FieldChange {
  readonly field: string;
  /** Undefined where the field has no value. */
  readonly before?: unknown;
  /** Undefined where the field is unset. */
  readonly after?: unknown;
}

export interface FilterChanges {
  readonly added: readonly Row[];
  /** With their ids. */
  readonly removed: readonly Row[];
}

export interface PlanOptions {
  /** Delete the other webhooks of the same owners. */
  readonly prune: boolean;
  /** Send secrets and headers even where some are set, as nobody can see whether they differ. */
  readonly secrets: boolean;
}

export type OwnedWebhook = DeclaredWebhook & { readonly accountId: string };

/** A webhook as the API answers it. */
export type ExistingWebhook = Row & {
  readonly id: string;
  readonly name: string;
  readonly accountId: string;
  readonly hasSecret: boolean;
  /** Their values are masked. */
  readonly headers?: Readonly<Record<string, string>> | null;
  readonly filters: readonly Row[];
};

/** @param existing all webhooks of the owners of declared ones. */
export function planApply(
  declared: readonly OwnedWebhook[],
  existing: readonly ExistingWebhook[],
  options: PlanOptions,
): Plan {
  const problems: string[] = [];
  const left = new Set(existing);
  const steps = declared.map((one): Step => {
    const found = existing.filter(
      ({ name, accountId }) => name === one.name && accountId === one.accountId,
    );
    for (const row of found) left.delete(row);
    const [row, ...duplicates] = found;
    if (duplicates.length > 0) {
      const ids = found.map(({ id }) => id).join(', ');
      problems.push(
        `${one.position}: name: ${one.accountId} has ${found.length} of this name: ${ids}`,
      );
    }
    return row ? planChange(one, row, options) : planCreation(one);
  });
  const action = options.prune ? 'delete' : 'leave';
  const rest = [...left].map(({ id, name, accountId }) => ({
    action,
    name,
    accountId,
    id,
    changes: [],
  })) satisfies Step[];
  return { steps: [...steps, ...rest], problems };
}

function planCreation(declared: OwnedWebhook): Step {
  const { name, accountId, fields, secretFrom, headers, filters } = declared;
  const changes: FieldChange[] = Object.entries(fields).map(([field, after]) => ({ field, after }));
  if (secretFrom) changes.push({ field: 'secretKey', after: secretFrom });
  for (const [header, value] of Object.entries(headers ?? {})) {
    changes.push({ field: `headers.${header}`, after: showHeader(value) });
  }
  return {
    action: 'create',
    name,
    accountId,
    changes,
    declared,
    sendsSecret: typeof secretFrom === 'string',
    headers: headers ?? undefined,
    filters: filters && { added: filters, removed: [] },
  };
}

function planChange(declared: OwnedWebhook, row: ExistingWebhook, options: PlanOptions): Step {
  const { name, accountId, fields } = declared;
  const changes = Object.entries(fields)
    .map(([field, after]) => ({ field, before: row[field], after: normalize(field, after) }))
    .filter(({ before, after }) => !isDeepStrictEqual(before, after));
  const secret = planSecret(declared, row, options);
  const headers = planHeaders(declared, row, options);
  const filters = declared.filters && planFilters(declared.filters, row);
  const all = [...changes, ...secret, ...headers];
  return {
    action: all.length === 0 && filters === undefined ? 'keep' : 'change',
    name,
    accountId,
    id: row.id,
    changes: all,
    declared,
    sendsSecret: secret.length > 0,
    headers: headers.length > 0 ? (declared.headers ?? null) : undefined,
    filters,
  };
}

/** Turns a value into the one that the server stores: without a scheme a URL is http. */
function normalize(field: string, value: unknown): unknown {
  if (field !== 'payloadUrl' || typeof value !== 'string') return value;
  const text = value.trim();
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
}

function planSecret(
  { secretFrom }: DeclaredWebhook,
  { hasSecret }: ExistingWebhook,
  { secrets }: PlanOptions,
): FieldChange[] {
  const before = hasSecret ? '***' : undefined;
  if (secretFrom === undefined) return [];
  if (secretFrom === null) return hasSecret ? [{ field: 'secretKey', before }] : [];
  return hasSecret && !secrets ? [] : [{ field: 'secretKey', before, after: secretFrom }];
}

/** Compares names, as no server shows values; values are sent where a header is missing, or all of them with `secrets`. */
function planHeaders(
  { headers }: DeclaredWebhook,
  row: ExistingWebhook,
  { secrets }: PlanOptions,
): FieldChange[] {
  if (headers === undefined) return [];
  const existing = Object.keys(row.headers ?? {});
  const declared = Object.entries(headers ?? {});
  const names = declared.map(([name]) => name);
  return [
    ...declared
      .filter(([name, value]) => !isAmong(name, existing) || (secrets && !isKept(value)))
      .map(([name, value]) => ({
        field: `headers.${name}`,
        before: isAmong(name, existing) ? '***' : undefined,
        after: showHeader(value),
      })),
    ...existing
      .filter(name => !isAmong(name, names))
      .map(name => ({ field: `headers.${name}`, before: '***' })),
  ];
}

const isAmong = (name: string, names: readonly string[]): boolean =>
  names.some(one => one.toLowerCase() === name.toLowerCase());

const isKept = (value: HeaderValue): boolean => 'value' in value && value.value === '***';

const showHeader = (value: HeaderValue): string => ('from' in value ? value.from : '***');

/** @returns undefined where the filters are as declared. */
function planFilters(
  declared: readonly Row[],
  { filters }: ExistingWebhook,
): FilterChanges | undefined {
  const keys = new Set(filters.map(keyOf));
  const declaredKeys = new Set(declared.map(keyOf));
  const added = declared.filter(filter => !keys.has(keyOf(filter)));
  const removed = filters.filter(filter => !declaredKeys.has(keyOf(filter)));
  return added.length + removed.length === 0 ? undefined : { added, removed };
}

/** Text of a filter without the fields that the server adds; equal filters have equal texts. */
function keyOf({ id: _id, created: _created, ...filter }: Row): string {
  const given = Object.entries(filter).filter(([, value]) => value !== null && value !== undefined);
  return JSON.stringify(given.toSorted(([a], [b]) => a.localeCompare(b)));
}
