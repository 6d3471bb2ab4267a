/** One HTTP/1.1 request, and its bytes. Source: RFC 9112 sections 3 and 5. */

export interface HttpRequest {
  /** Path and query. */
  readonly path: string;
  /** Flat list: name, value, name, value, … */
  readonly headers: readonly string[];
  readonly body: Buffer;
  /** `POST` when absent. */
  readonly method?: 'POST' | 'OPTIONS';
}

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const forbiddenInValue = /[^\t\x20-\x7e\x80-\xff]/;
const forbiddenInPath = /[^\x21-\xff]/;
/** Bodies up to this size are copied behind their head: one buffer is cheaper to write than two. */
const copiedBytesMax = 16_384;

/**
 * The request's bytes, in one or two pieces.
 *
 * @param host with its port, unless that is the scheme's own.
 * @throws Error for what cannot be written into a request, a line feed in a header above all.
 */
export function encodeRequest(
  { method = 'POST', path, headers, body }: HttpRequest,
  host: string,
): readonly Buffer[] {
  if (forbiddenInPath.test(path)) throw new Error('the path has a character that no URL may have');
  let head = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n`;
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] ?? '';
    const value = headers[at + 1] ?? '';
    if (!token.test(name) || forbiddenInValue.test(value)) {
      throw new Error(`the header ${JSON.stringify(name)} has a character that no header may have`);
    }
    head += `${name}: ${value}\r\n`;
  }
  head += method === 'POST' ? `content-length: ${body.length}\r\n\r\n` : '\r\n';
  if (body.length > copiedBytesMax) return [Buffer.from(head, 'latin1'), body];
  const bytes = Buffer.allocUnsafe(head.length + body.length);
  bytes.write(head, 0, 'latin1');
  body.copy(bytes, head.length);
  return [bytes];
}
