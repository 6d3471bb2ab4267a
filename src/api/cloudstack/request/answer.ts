/**
 * Answers of CloudStack's API, as JSON and as XML; pure.
 *
 * Source: apache/cloudstack, ApiResponseSerializer: null values are omitted, an empty list has neither rows nor count,
 * and in XML each row of a list is an element with the list's name.
 */
import type { ErrorResponse } from './command-error.ts';

export type Value = string | number | boolean | null | undefined | Fields | readonly Fields[];
export interface Fields {
  readonly [name: string]: Value;
}

export const answerTypes = ['json', 'xml'] as const;
export type AnswerType = (typeof answerTypes)[number];

export const contentTypes: Readonly<Record<AnswerType, string>> = {
  json: 'application/json; charset=UTF-8',
  xml: 'text/xml; charset=UTF-8',
};

/** The CloudStack release that is emulated; XML answers contain it. */
const release = '4.23.0.0';

/** The format of the answer: XML unless JSON is requested, as in CloudStack. @param response the parameter of that name. */
export function answerTypeOf(response: string | undefined): AnswerType {
  return response?.toLowerCase() === 'json' ? 'json' : 'xml';
}

/** @param name of the envelope, such as `listwebhooksresponse`. */
export function writeAnswer(type: AnswerType, name: string, content: Fields): string {
  if (type === 'json') return JSON.stringify({ [name]: withoutNulls(content) });
  return `<?xml version="1.0" encoding="UTF-8"?><${name} cloud-stack-version="${release}">${writeFields(content)}</${name}>`;
}

/** The name of the envelope of a command's answers. */
export const envelopeOf = (command: string): string => `${command.toLowerCase()}response`;

/** The content of an error's envelope. */
export const errorFields = ({ errorCode, csErrorCode, errorText }: ErrorResponse): Fields => ({
  uuidList: [],
  errorcode: errorCode,
  cserrorcode: csErrorCode,
  errortext: errorText,
});

/** The content of a list's envelope. @param key of the rows, such as `webhook`. */
export const listFields = (key: string, count: number, rows: readonly Fields[]): Fields =>
  count === 0 ? {} : { count, ...(rows.length > 0 && { [key]: rows }) };

function withoutNulls(fields: Fields): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) =>
      value === null || value === undefined ? [] : [[name, withoutNullsWithin(value)]],
    ),
  );
}

const withoutNullsWithin = (value: NonNullable<Value>): unknown => {
  if (isList(value)) return value.map(withoutNulls);
  return typeof value === 'object' ? withoutNulls(value) : value;
};

function writeFields(fields: Fields): string {
  return Object.entries(fields)
    .map(([name, value]) => writeField(name, value))
    .join('');
}

function writeField(name: string, value: Value): string {
  if (value === null || value === undefined) return '';
  if (isList(value)) return value.map(row => writeField(name, row)).join('');
  const inner = typeof value === 'object' ? writeFields(value) : escapeXml(String(value));
  return `<${name}>${inner}</${name}>`;
}

const isList = (value: NonNullable<Value>): value is readonly Fields[] => Array.isArray(value);

const entities = new Map([
  ['"', '&quot;'],
  ["'", '&apos;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['&', '&amp;'],
]);

/** Characters that XML 1.0 cannot represent, section 2.2. */
const unrepresentable = /[\p{Cc}--[\t\n\r\x7f-\x9f]]|[\ufffe\uffff]|\p{Surrogate}/gv;

function escapeXml(text: string): string {
  return (
    text
      .replaceAll(unrepresentable, '\ufffd')
      .replaceAll(/["'<>&]/g, char => entities.get(char) ?? char)
      // XML parsers turn a raw carriage return into a line feed.
      .replaceAll('\r', '&#13;')
  );
}

/** `2025-11-07T22:31:44+0000`, as CloudStack writes instants, in UTC. @param instant RFC 3339 in UTC. */
export function writeInstant(instant: string | null): string | undefined {
  return instant === null ? undefined : `${instant.slice(0, 19)}+0000`;
}
