/** Parses the bytes of a message as JSON, or says why they are not. */
import { MalformedMessageError } from '../../event/errors.ts';
import { mayLoseDigits, parseJson, parseJsonToWrite } from '../../event/text/exact-json.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

export interface ParsedBody<T> {
  /** The body, byte order mark and white space included: its UTF-8 bytes are the message's bytes. */
  readonly text: string;
  readonly value: T;
}

/**
 * Maximum size of a body in bytes. CloudStack's own largest field, the user data in an async job's parameters, ends at
 * 1 MiB.
 */
export const bodyBytesMax = 4 * 1024 * 1024;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const byteOrderMark = 0xfeff;

/**
 * Parses an object. @throws {MalformedMessageError} when the body is not one JSON object in UTF-8 of at most
 * `bodyBytesMax`.
 */
export function parseObject(body: Uint8Array | null): ParsedBody<JsonObject> {
  const { text, value } = parseBody(body);
  if (isObject(value)) return { text, value };
  throw malformed(`the body is ${kindOf(value)}`);
}

/** Parses any JSON. @throws {MalformedMessageError} when the body is not JSON in UTF-8 of at most `bodyBytesMax`. */
export function parseBody(body: Uint8Array | null): ParsedBody<unknown> {
  if (body === null) throw malformed('there is no body (a Kafka tombstone)');
  if (body.length === 0) throw malformed('the body is empty');
  if (body.length > bodyBytesMax) {
    throw malformed(
      `the body has ${body.length} bytes, more than the ${bodyBytesMax} that are read`,
    );
  }
  const text = decode(body);
  return { text, value: parse(withoutMark(text)) };
}

/**
 * Writes an object anew after it was changed, with its numbers as they were.
 *
 * @param change leaves numbers alone, whatever type they have.
 */
export function writeChanged(
  { text, value }: ParsedBody<JsonObject>,
  change: (object: JsonObject) => JsonObject,
): string {
  return JSON.stringify(change(mayLoseDigits(text) ? (toWrite(text) ?? value) : value));
}

/** Undefined when it is nested by thousands of levels; then numbers with too many digits are written as text. */
function toWrite(text: string): JsonObject | undefined {
  try {
    const value = parseJsonToWrite(withoutMark(text));
    return isObject(value) ? value : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const withoutMark = (text: string): string =>
  text.charCodeAt(0) === byteOrderMark ? text.slice(1) : text;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function decode(body: Uint8Array): string {
  try {
    return decoder.decode(body);
  } catch {
    throw malformed('the body is not UTF-8');
  }
}

/**
 * Parses text. The parser's own message quotes the text around the fault, which may be a secret, so only the position
 * is kept.
 */
function parse(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    const place = error instanceof Error ? / at position \d+/.exec(error.message)?.[0] : undefined;
    throw malformed(`the body is not JSON${place === undefined ? '' : `, wrong${place}`}`);
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a JSON array' : `a JSON ${typeof value}`;
}

function malformed(found: string): MalformedMessageError {
  return new MalformedMessageError(`${found}; expected one JSON object in UTF-8`);
}
