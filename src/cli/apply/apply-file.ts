/**
 * Reads webhooks as files declare them: YAML or JSON, any number of documents, each a webhook or a list of them.
 *
 *     - name: lab
 *       accountId: acme                       # your own when absent
 *       payloadUrl: https://receiver.example/
 *       secretKeyFrom: env:LAB_SECRET         # or file:lab.secret
 *       headers: { X-Token: { valueFrom: env:LAB_TOKEN } }
 *       filters: [VM.START, Exclude:Prefix:VM.S]
 */
import { type Document, isMap, isNode, isScalar, LineCounter, parseAllDocuments } from 'yaml';

import { CommandError } from '../terminal/failure.ts';
import { parseFilter } from '../webhook/filter-text.ts';
import type { Row } from '../terminal/show.ts';
import type { Fault, WebhookSchema } from '../webhook/webhook-schema.ts';

/** A webhook as a file wants it. */
export interface Wanted {
  readonly name: string;
  /** The owner; absent: whoever applies the file. */
  readonly accountId?: string;
  /** What is said of it, as the API takes it, without what is below. */
  readonly fields: Row;
  /** Where its secret is; null takes it away; undefined says nothing of it. */
  readonly secretFrom: string | null | undefined;
  /** Values of its headers, null where the one there is stays; undefined says nothing of them. */
  readonly headers: Readonly<Record<string, HeaderValue>> | null | undefined;
  /** Undefined says nothing of them. */
  readonly filters: readonly Row[] | undefined;
  /** For errors: `webhooks.yaml:12 (document 1, lab)`. */
  readonly place: string;
}

export type HeaderValue = { readonly value: string } | { readonly from: string };

export interface WebhookFile {
  /** For errors, as it was named. */
  readonly name: string;
  readonly text: string;
}

/** @throws {CommandError} with a line for everything that is wrong, in all files. */
export function readWanted(files: readonly WebhookFile[], schema: WebhookSchema): Wanted[] {
  const problems: string[] = [];
  const wanted = files.flatMap(file => readFile(file, schema, problems));
  refuseTwins(wanted, problems);
  if (problems.length === 0 && wanted.length === 0) {
    problems.push(`${files.map(({ name }) => name).join(', ')}: no webhooks`);
  }
  if (problems.length > 0) {
    throw new CommandError(problems.join('\n'), {
      outcome: 'usage',
      code: 'file_invalid',
      problem: { problems },
    });
  }
  return wanted;
}

function readFile(
  { name, text }: WebhookFile,
  schema: WebhookSchema,
  problems: string[],
): Wanted[] {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false });
  // What is empty is no document.
  const documents: readonly Document.Parsed[] = 'empty' in parsed ? [] : parsed;
  return documents.flatMap((document, index) => {
    if (document.errors.length > 0) {
      const { message, pos } = document.errors[0] ?? { message: 'unreadable', pos: [0] };
      problems.push(
        `${name}:${lines.linePos(pos[0] ?? 0).line} (document ${index + 1}): ${message}`,
      );
      return [];
    }
    const content: unknown = document.toJS();
    if (content === null) return [];
    const items: readonly unknown[] = Array.isArray(content) ? content : [content];
    return items.flatMap((item, at) => {
      const path = Array.isArray(content) ? [at] : [];
      const locate = (inner: readonly string[]): string =>
        `${name}:${lines.linePos(offsetOf(document, [...path, ...inner])).line}`;
      return readItem(item, { locate, document: index + 1, schema, problems }) ?? [];
    });
  });
}

interface Place {
  readonly locate: (path: readonly string[]) => string;
  readonly document: number;
  readonly schema: WebhookSchema;
  readonly problems: string[];
}

function readItem(item: unknown, place: Place): Wanted | undefined {
  const { locate, document, schema, problems } = place;
  if (!isRow(item)) {
    problems.push(
      `${locate([])} (document ${document}): expected a webhook, with name and payloadUrl`,
    );
    return undefined;
  }
  const title = typeof item['name'] === 'string' ? item['name'] : 'without a name';
  const faults: Fault[] = [];
  const { secretKeyFrom, secretKey, headers, filters, ...plain } = item;
  if (secretKey !== undefined) {
    const message = 'belongs in no file; name where it is: secretKeyFrom: env:NAME or file:PATH';
    faults.push({ path: '/secretKey', message });
  }
  const secretFrom = readSecret(secretKeyFrom, faults);
  const values = readHeaders(headers, faults);
  const listed = readFilters(filters, faults);
  const asSent = {
    ...plain,
    ...(headers !== undefined && { headers: values && hidden(values) }),
    ...(filters !== undefined && { filters: listed }),
  };
  const found = [...faults, ...schema.check(asSent)];
  for (const { path, message } of found) {
    const inner = path.split('/').slice(1);
    problems.push(
      `${locate(inner)} (document ${document}, ${title}): ${inner.join('.')}: ${message}`,
    );
  }
  if (found.length > 0) return undefined;
  const { accountId, name: _name, ...fields } = plain;
  return {
    name: title,
    ...(typeof accountId === 'string' && { accountId }),
    fields,
    secretFrom,
    headers: values,
    filters: Array.isArray(listed) ? listed.filter(isRow) : undefined,
    place: `${locate([])} (document ${document}, ${title})`,
  };
}

const origin = /^(env|file):./;
const originExpected = 'expected env:NAME or file:PATH';

function readSecret(given: unknown, faults: Fault[]): string | null | undefined {
  if (given === undefined || given === null) return given;
  if (typeof given === 'string' && origin.test(given)) return given;
  faults.push({ path: '/secretKeyFrom', message: originExpected });
  return undefined;
}

function readHeaders(given: unknown, faults: Fault[]): Wanted['headers'] {
  if (given === undefined || given === null) return given;
  if (!isRow(given)) {
    faults.push({ path: '/headers', message: 'must be names with values' });
    return undefined;
  }
  const values: Record<string, HeaderValue> = {};
  for (const [name, value] of Object.entries(given)) {
    const from = isRow(value) ? value['valueFrom'] : undefined;
    if (typeof value === 'string') values[name] = { value };
    else if (typeof from === 'string' && origin.test(from)) values[name] = { from };
    else {
      const message = `must be text, or valueFrom: ${originExpected}`;
      faults.push({ path: `/headers/${name}`, message });
    }
  }
  return values;
}

/** What the server shows of them, and what stands for them where they are checked. */
const hidden = (values: object): Row =>
  Object.fromEntries(Object.keys(values).map(name => [name, '***']));

/** Filters may be written as they are typed. */
function readFilters(given: unknown, faults: Fault[]): unknown {
  if (!Array.isArray(given)) return given;
  return given.map((filter: unknown, index): unknown => {
    if (typeof filter !== 'string') return isRow(filter) ? { ...filter } : filter;
    try {
      return { ...parseFilter(filter) };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      faults.push({ path: `/filters/${index}`, message });
      return { value: filter };
    }
  });
}

function refuseTwins(wanted: readonly Wanted[], problems: string[]): void {
  const places = new Map<string, string>();
  for (const { name, accountId, place } of wanted) {
    const key = JSON.stringify([accountId, name]);
    const other = places.get(key);
    places.set(key, place);
    if (other !== undefined) {
      problems.push(`${place}: name: the same owner has one of this name already: ${other}`);
    }
  }
}

/** Where the value of a path begins, or what is nearest above it that there is. */
function offsetOf(document: Document.Parsed, path: readonly (string | number)[]): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const keys = path.slice(0, length).map(toKey);
    const offset = keyOffset(document, keys) ?? nodeOffset(document.getIn(keys, true));
    if (offset !== undefined) return offset;
  }
  return 0;
}

/** A pair begins with its key. */
function keyOffset(
  document: Document.Parsed,
  path: readonly (string | number)[],
): number | undefined {
  const parent: unknown =
    path.length > 1 ? document.getIn(path.slice(0, -1), true) : document.contents;
  if (path.length === 0 || !isMap(parent)) return undefined;
  const pair = parent.items.find(({ key }) => isScalar(key) && key.value === path.at(-1));
  return nodeOffset(pair?.key);
}

const nodeOffset = (node: unknown): number | undefined =>
  isNode(node) ? node.range?.[0] : undefined;

const toKey = (part: string | number): string | number =>
  typeof part === 'string' && /^\d+$/.test(part) ? Number(part) : part;

const isRow = (value: unknown): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
