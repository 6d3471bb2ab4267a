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
import { isRow, type Row } from '../terminal/show.ts';
import type { SchemaFault, WebhookSchema } from '../webhook/webhook-schema.ts';

/** A webhook as a file declares it; undefined where the file is silent about a field. */
export interface DeclaredWebhook {
  readonly name: string;
  /** The owner; whoever applies the file when absent. */
  readonly accountId?: string;
  /** Fields as the API takes them, without those below. */
  readonly fields: Row;
  /** Origin of the secret: `env:NAME` or `file:PATH`; null unsets the secret. */
  readonly secretFrom: string | null | undefined;
  /** All headers; null unsets them. */
  readonly headers: Readonly<Record<string, HeaderValue>> | null | undefined;
  readonly filters: readonly Row[] | undefined;
  /** Position for errors: `webhooks.yaml:12 (document 1, lab)`. */
  readonly position: string;
}

/** A header's value, or its origin: `env:NAME` or `file:PATH`. The value `***` is what the header has already. */
export type HeaderValue = { readonly value: string } | { readonly from: string };

export interface WebhookFile {
  /** As it was typed, for errors. */
  readonly name: string;
  readonly text: string;
}

/** @throws {CommandError} with a line for everything that is wrong, in all files. */
export function parseFiles(
  files: readonly WebhookFile[],
  schema: WebhookSchema,
): DeclaredWebhook[] {
  const problems: string[] = [];
  const declared = files.flatMap(file => parseFile(file, schema, problems));
  findDuplicates(declared, problems);
  if (problems.length === 0 && declared.length === 0) {
    problems.push(`${files.map(({ name }) => name).join(', ')}: no webhooks`);
  }
  if (problems.length > 0) throw fileError(problems);
  return declared;
}

/** @param problems a line each. */
export const fileError = (problems: readonly string[]): CommandError =>
  new CommandError(problems.join('\n'), { ...fileInvalid, problem: { problems } });

export const fileInvalid = { outcome: 'usage', code: 'file_invalid' } as const;

function parseFile(
  { name, text }: WebhookFile,
  schema: WebhookSchema,
  problems: string[],
): DeclaredWebhook[] {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false });
  // An empty file has no document.
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
      return parseItem(item, { locate, document: index + 1, schema, problems }) ?? [];
    });
  });
}

interface ItemContext {
  /** @returns position of a field of the item: `webhooks.yaml:12`. */
  readonly locate: (path: readonly string[]) => string;
  /** Number of the document in its file, from 1. */
  readonly document: number;
  readonly schema: WebhookSchema;
  /** Lines found wrong so far; more are added. */
  readonly problems: string[];
}

function parseItem(item: unknown, context: ItemContext): DeclaredWebhook | undefined {
  const { locate, document, schema, problems } = context;
  if (!isRow(item)) {
    problems.push(
      `${locate([])} (document ${document}): expected a webhook, with name and payloadUrl`,
    );
    return undefined;
  }
  const { secretKeyFrom, secretKey, headers, filters, ...plain } = item;
  const { accountId, name, ...fields } = plain;
  const title = typeof name === 'string' ? name : 'without a name';
  const faults: SchemaFault[] = [];
  if (secretKey !== undefined) {
    const message = 'belongs in no file; name its origin: secretKeyFrom: env:NAME or file:PATH';
    faults.push({ path: '/secretKey', message });
  }
  const secretFrom = parseSecret(secretKeyFrom, faults);
  const values = parseHeaders(headers, faults);
  const listed = parseFilters(filters, faults);
  const sent = { ...plain, headers: values && masked(values), filters: listed };
  const found = [...faults, ...schema.check(sent)];
  for (const { path, message } of found) {
    const inner = path.split('/').slice(1);
    problems.push(
      `${locate(inner)} (document ${document}, ${title}): ${inner.join('.')}: ${message}`,
    );
  }
  if (found.length > 0) return undefined;
  return {
    name: title,
    accountId: typeof accountId === 'string' ? accountId : undefined,
    fields,
    secretFrom,
    headers: values,
    filters: Array.isArray(listed) ? listed.filter(isRow) : undefined,
    position: `${locate([])} (document ${document}, ${title})`,
  };
}

const origin = /^(env|file):./;
const originExpected = 'expected env:NAME or file:PATH';

function parseSecret(given: unknown, faults: SchemaFault[]): string | null | undefined {
  if (given === undefined || given === null) return given;
  if (typeof given === 'string' && origin.test(given)) return given;
  faults.push({ path: '/secretKeyFrom', message: originExpected });
  return undefined;
}

function parseHeaders(given: unknown, faults: SchemaFault[]): DeclaredWebhook['headers'] {
  if (given === undefined || given === null) return given;
  if (!isRow(given)) {
    faults.push({ path: '/headers', message: 'must be names with values' });
    return undefined;
  }
  const values: Record<string, HeaderValue> = {};
  for (const [name, value] of Object.entries(given)) {
    const { valueFrom: from } = isRow(value) ? value : {};
    if (typeof value === 'string') values[name] = { value };
    else if (typeof from === 'string' && origin.test(from)) values[name] = { from };
    else {
      const message = `must be text, or valueFrom: ${originExpected}`;
      faults.push({ path: `/headers/${name}`, message });
    }
  }
  return values;
}

/** Headers as the server shows them, which take the place of the values in the check. */
const masked = (values: object): Row =>
  Object.fromEntries(Object.keys(values).map(name => [name, '***']));

/** Parses filters, which may also be text, as the command line takes them. */
function parseFilters(given: unknown, faults: SchemaFault[]): unknown {
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

function findDuplicates(declared: readonly DeclaredWebhook[], problems: string[]): void {
  const positions = new Map<string, string>();
  for (const { name, accountId, position } of declared) {
    const key = JSON.stringify([accountId, name]);
    const other = positions.get(key);
    positions.set(key, position);
    if (other !== undefined) {
      problems.push(`${position}: name: the same owner has one of this name already: ${other}`);
    }
  }
}

/** Offset in the text where the value of a path begins, or the nearest node above it that exists. */
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
