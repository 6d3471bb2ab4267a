/**
 * The head of a response, read as leniently as browsers and curl do: a receiver that took an event and said so in a header
 * with a blank too many has taken it.
 *
 * Source: RFC 9112 sections 4, 5 and 6.
 */

/** Names in lower case; a list where a header came more than once. */
export type ResponseHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface ResponseHead {
  readonly status: number;
  readonly headers: ResponseHeaders;
  readonly body: BodyFraming;
  /** Whether another request may follow on the connection. */
  readonly isReusable: boolean;
  /** How long the receiver says it keeps an idle connection, in milliseconds. */
  readonly keepAliveMs?: number;
}

/**
 * How the body ends: after that many bytes, by its last chunk, or with the connection. `unknown`: the head contradicts
 * itself.
 */
export type BodyFraming = number | 'chunked' | 'until-close' | 'unknown';

/** `HTTP/1.1 200`, and HTTP/1.0. */
const statusLine = /^HTTP\/(\d)(?:\.(\d))?[ \t]+([1-9]\d{2})(?!\d)/;

const [lineFeed, carriageReturn] = [0x0a, 0x0d];

/** How many bytes of empty lines there are in front. */
export function emptyLinesIn(bytes: Buffer): number {
  let at = 0;
  while (bytes[at] === lineFeed || bytes[at] === carriageReturn) at += 1;
  return at;
}

/**
 * Finds the end of the head: the first byte behind its empty line.
 *
 * @returns -1 when it is not there.
 */
export function endOfHead(bytes: Buffer): number {
  for (let at = bytes.indexOf(lineFeed); at >= 0; at = bytes.indexOf(lineFeed, at + 1)) {
    if (bytes[at + 1] === lineFeed) return at + 2;
    if (bytes[at + 1] === carriageReturn && bytes[at + 2] === lineFeed) return at + 3;
  }
  return -1;
}

/** @param text the head, as Latin-1. @returns undefined when it is no HTTP. */
export function readHead(text: string): ResponseHead | undefined {
  // A line that begins with a blank goes on with the one before.
  const lines = text.replaceAll(/\r?\n[ \t]+/g, ' ').split('\n');
  const [, major, minor, code] = statusLine.exec(lines[0] ?? '') ?? [];
  if (code === undefined) return undefined;
  const status = Number(code);
  const headers = readHeaders(lines);
  const body = framingOf(status, headers);
  const isOlder = major === '1' && minor === '0';
  const asked = valueOf(headers['connection'])?.toLowerCase() ?? '';
  const keepAliveMs = keepAliveOf(valueOf(headers['keep-alive']));
  return {
    status,
    headers,
    body,
    isReusable:
      typeof body !== 'string' || body === 'chunked'
        ? status >= 200 &&
          !hasToken(asked, 'close') &&
          (!isOlder || hasToken(asked, 'keep-alive')) &&
          !isDoubtful(status, headers)
        : false,
    ...(keepAliveMs !== undefined && { keepAliveMs }),
  };
}

function readHeaders(lines: readonly string[]): ResponseHeaders {
  const headers: Record<string, string | string[]> = Object.create(null);
  for (let at = 1; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    const known = headers[name];
    if (known === undefined) headers[name] = value;
    else if (typeof known === 'string') headers[name] = [known, value];
    else known.push(value);
  }
  return headers;
}

function framingOf(status: number, headers: ResponseHeaders): BodyFraming {
  if (status === 204 || status === 304 || status < 200) return 0;
  const encoding = lastEncoding(valueOf(headers['transfer-encoding']));
  if (encoding !== undefined) return encoding === 'chunked' ? encoding : 'until-close';
  const length = valueOf(headers['content-length']);
  if (length === undefined) return 'until-close';
  const lengths = new Set(length.split(',').map(one => one.trim()));
  const [only = ''] = lengths;
  return lengths.size === 1 && /^\d{1,15}$/.test(only) ? Number(only) : 'unknown';
}

/** What the body was encoded with last; `identity`, which some send, is nothing. */
function lastEncoding(list = ''): string | undefined {
  const encodings = list.split(',').map(one => one.trim().toLowerCase());
  return encodings.findLast(one => one !== '' && one !== 'identity');
}

/** Where head and body may be at odds, whatever follows the body on this connection may belong to it. */
function isDoubtful(status: number, headers: ResponseHeaders): boolean {
  const encoding = headers['transfer-encoding'];
  const length = headers['content-length'];
  if (status === 204 || status === 304) return encoding !== undefined || Number(length ?? 0) > 0;
  return (encoding !== undefined && length !== undefined) || typeof length === 'object';
}

/** Values of a header that came more than once, as one list. */
const valueOf = (value: ResponseHeaders[string]): string | undefined =>
  typeof value === 'object' ? value.join(', ') : value;

const hasToken = (list: string, token: string): boolean =>
  list !== '' && list.split(',').some(one => one.trim() === token);

function keepAliveOf(value: string | undefined): number | undefined {
  const seconds = /timeout\s*=\s*"?(\d{1,9})/i.exec(value ?? '')?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1_000;
}
