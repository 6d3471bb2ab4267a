import { describe, expect, it } from 'vitest';

import { encodeRequest } from '../../src/dispatch/connection/http-request.ts';
import { foreignError } from '../../src/dispatch/connection/response-error.ts';
import { ResponseReader } from '../../src/dispatch/connection/response-reader.ts';

/** What a reader makes of bytes, however they are cut; `isWhole` when the end of the connection completes it. */
function read(pieces: readonly string[]): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  let body = '';
  const reader = new ResponseReader({
    onHead: ({ status }) => (found['status'] = status),
    onBody: chunk => (body += chunk.toString('latin1')),
    onEnd: isReusable => Object.assign(found, { isReusable }),
    onForeign: first => (found['foreign'] = foreignError(first).code),
  });
  for (const piece of pieces) reader.read(Buffer.from(piece, 'latin1'));
  const isEnded = 'isReusable' in found;
  if (!isEnded && reader.finish()) found['endsWithConnection'] = true;
  return { ...found, ...(body !== '' && { body }) };
}

const pick = ({ status, foreign }: Record<string, unknown>): Record<string, unknown> =>
  foreign === undefined ? { status } : { foreign: expect.any(String) };

const ok = 'HTTP/1.1 200 OK\r\n';
const two = 'Content-Length: 2\r\n';

describe('a response', () => {
  it.each<[situation: string, bytes: string, expected: Record<string, unknown>]>([
    ['with a length', `${ok}${two}\r\nhi`, { status: 200, body: 'hi', isReusable: true }],
    ['without a body', `${ok}Content-Length: 0\r\n\r\n`, { status: 200, isReusable: true }],
    ['204', 'HTTP/1.1 204 No Content\r\n\r\n', { status: 204, isReusable: true }],
    ['204 with a length', `HTTP/1.1 204 \r\n${two}\r\n`, { status: 204, isReusable: false }],
    [
      '205 with a body',
      `HTTP/1.1 205 X\r\n${two}\r\nhi`,
      { status: 205, body: 'hi', isReusable: true },
    ],
    [
      'of chunks',
      `${ok}Transfer-Encoding: chunked\r\n\r\n1;x=y\r\nh\r\n1\r\ni\r\n0\r\n\r\n`,
      { status: 200, body: 'hi', isReusable: true },
    ],
    [
      'of chunks with trailers',
      `${ok}transfer-encoding: Chunked\r\n\r\n2\r\nhi\r\n0\r\nA: b\r\nC: d\r\n\r\n`,
      { status: 200, body: 'hi', isReusable: true },
    ],
    [
      'that ends with the connection',
      `${ok}\r\nhi`,
      { status: 200, body: 'hi', endsWithConnection: true },
    ],
    [
      'of HTTP/1.0',
      `HTTP/1.0 200 OK\r\n${two}\r\nhi`,
      { status: 200, body: 'hi', isReusable: false },
    ],
    [
      'of HTTP/1.0 that keeps the connection',
      `HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n${two}\r\nhi`,
      { status: 200, body: 'hi', isReusable: true },
    ],
    [
      'that closes the connection',
      `${ok}Connection: TE, Close\r\n${two}\r\nhi`,
      { status: 200, body: 'hi', isReusable: false },
    ],
    [
      'behind 100 Continue',
      `HTTP/1.1 100 Continue\r\n\r\n${ok}${two}\r\nhi`,
      { status: 200, body: 'hi', isReusable: true },
    ],
    [
      'behind 102 and 103',
      `HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${ok}${two}\r\nhi`,
      { status: 200, body: 'hi', isReusable: true },
    ],
    [
      'behind empty lines',
      `\r\n\n\r\n${ok}${two}\r\nhi`,
      { status: 200, body: 'hi', isReusable: true },
    ],
    [
      'with bare line feeds',
      `HTTP/1.1 200 OK\nContent-Length: 2\n\nhi`,
      { status: 200, body: 'hi', isReusable: true },
    ],
    [
      'without a reason',
      `HTTP/1.1 200\r\n${two}\r\nhi`,
      { status: 200, body: 'hi', isReusable: true },
    ],
    [
      'of both lengths',
      `${ok}Transfer-Encoding: chunked\r\n${two}\r\n2\r\nhi\r\n0\r\n\r\n`,
      { status: 200, body: 'hi', isReusable: false },
    ],
    [
      'with its length twice',
      `${ok}${two}${two}\r\nhi`,
      { status: 200, body: 'hi', isReusable: false },
    ],
    [
      'with two lengths',
      `${ok}${two}Content-Length: 3\r\n\r\nhi`,
      { status: 200, body: 'hi', isReusable: false },
    ],
    [
      'with a length that is no number',
      `${ok}Content-Length: two\r\n\r\nhi`,
      { status: 200, body: 'hi', isReusable: false },
    ],
    [
      'with a blank before a colon',
      `${ok}Server : tiny\r\n${two}\r\nhi`,
      { status: 200, body: 'hi', isReusable: true },
    ],
    [
      'with a line that is no header',
      `${ok}nonsense\r\n: none\r\n${two}\r\nhi`,
      { status: 200, body: 'hi', isReusable: true },
    ],
    [
      'with a header that goes on in the next line',
      `${ok}X: y\r\n z\r\nTransfer-Encoding:\r\n\tchunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n`,
      { status: 200, body: 'hi', isReusable: true },
    ],
    [
      'whose encoding is none',
      `${ok}Transfer-Encoding: identity\r\n${two}\r\nhi`,
      { status: 200, body: 'hi', isReusable: false },
    ],
    [
      'with 18 kB of headers',
      `${ok}X: ${'x'.repeat(18_000)}\r\n${two}\r\nhi`,
      { status: 200, body: 'hi', isReusable: true },
    ],
    [
      'with a chunk that is none',
      `${ok}Transfer-Encoding: chunked\r\n\r\nhi\r\n`,
      { status: 200, body: 'hi\r\n', isReusable: false },
    ],
    [
      'of both lengths, whose body is as long as it says',
      `${ok}Transfer-Encoding: chunked\r\n${two}\r\nok`,
      { status: 200, body: 'ok', isReusable: false },
    ],
    [
      'followed by more than was asked',
      `${ok}${two}\r\nhi${ok}`,
      { status: 200, body: 'hi', isReusable: false },
    ],
    ['cut in its headers', `${ok}Server: ti`, { status: 200, isReusable: false }],
    ['cut in its status line', 'HTTP/1.1 20', {}],
    ['cut in its body', `${ok}${two}\r\nh`, { status: 200, body: 'h' }],
    ['101', `HTTP/1.1 101 Switching\r\n\r\n`, { status: 101, isReusable: false }],
    ['behind a blank', ` ${ok}${two}\r\nhi`, { foreign: 'not_http' }],
    ['of a status below 100', 'HTTP/1.1 099 X\r\n\r\n', { foreign: 'not_http' }],
    ['of another protocol', 'SSH-2.0-OpenSSH_9.9\r\n', { foreign: 'not_http' }],
    ['of a TLS alert', '\x15\x03\x03\0\x02\x02\x46', { foreign: 'tls_instead' }],
    ['of HTTP/2', '\0\0\x06\x04\0\0\0\0\0\0\x05\0\xff\xff\xff', { foreign: 'http2_instead' }],
  ])('%s', (_, bytes, expected) => {
    expect(read([bytes])).toEqual(expected);
    const bytewise = [...Buffer.from(bytes.slice(0, 400), 'latin1')];
    const piecemeal = read([...bytewise.map(byte => String.fromCharCode(byte)), bytes.slice(400)]);
    // Byte by byte, the end of what has no known end comes before the rest of it.
    const { isReusable = true, status, foreign } = expected;
    expect(piecemeal).toMatchObject(
      isReusable === true && foreign === undefined ? expected : pick({ status, foreign }),
    );
  });

  it('with more headers than are read counts by its status', () => {
    const lines = Array.from({ length: 2_000 }, (_, at) => `X-${at}: ${'x'.repeat(40)}\r\n`);
    expect(read([ok, ...lines, `${two}\r\nhi`])).toEqual({ status: 200, isReusable: false });
  });

  it.each([
    ['empty lines', '\n'],
    ['empty lines with returns', '\r\n'],
    ['1xx', 'HTTP/1.1 100 X\r\n\r\n'],
    ['1xx with bare line feeds', 'HTTP/1.1 100 X\n\n'],
  ])('behind %s without end is none, and is not waited for', (_, again) => {
    const flood = again.repeat(Math.ceil(70_000 / again.length));
    const began = performance.now();
    expect(read([flood.slice(0, 60_000)])).toEqual({});
    expect(read([flood])).toEqual({ foreign: 'not_http' });
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  it('with trailers without end counts by its status', () => {
    const head = `${ok}Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n`;
    const trailers = Array.from({ length: 100 }, () => 'a: b\r\n'.repeat(200));
    expect(read([head, ...trailers])).toEqual({ status: 200, body: 'hi', isReusable: false });
  });

  it('after another on the same connection is read anew', () => {
    const statuses: number[] = [];
    const reader = new ResponseReader({
      onHead: ({ status }) => statuses.push(status),
      onBody: () => {},
      onEnd: () => {},
      onForeign: () => {},
    });
    for (const status of [200, 404, 500]) {
      reader.read(Buffer.from(`HTTP/1.1 ${status} X\r\n${two}\r\nhi`));
    }
    expect(statuses).toEqual([200, 404, 500]);
  });
});

const bodyOf = (head: string): string =>
  'abc'.slice(0, Number(/Content-Length: (\d)/.exec(head)?.[1] ?? 0));

describe('responses one after the other', () => {
  it.each<[situation: string, heads: readonly string[]]>([
    ['with the same head', [`${ok}${two}`, `${ok}${two}`, `${ok}${two}`]],
    ['with another status in between', [`${ok}${two}`, `HTTP/1.1 503 No\r\n${two}`, `${ok}${two}`]],
    [
      'of which one has another length',
      [`${ok}${two}`, `${ok}Content-Length: 3\r\n`, `${ok}${two}`],
    ],
    ['of which one says more', [`${ok}${two}`, `${ok}${two}Keep-Alive: timeout=5\r\n`]],
    ['of which one has no body', [`${ok}${two}`, 'HTTP/1.1 204 No\r\n', `${ok}${two}`]],
    ['with the same head behind 100 Continue', ['', `${ok}${two}`, '', `${ok}${two}`]],
  ])('%s are read as each would be alone, however they are cut', (_, heads) => {
    const whole = heads.map(head => {
      const lines = head === '' ? 'HTTP/1.1 100 Continue\r\n' : head;
      return `${lines}\r\n${bodyOf(head)}`;
    });
    for (const size of [1, 7, 1_000]) {
      const found: unknown[] = [];
      const reader = new ResponseReader({
        onHead: ({ status, keepAliveMs }) => found.push({ status, keepAliveMs }),
        onBody: chunk => found.push(...chunk.toString('latin1').split('')),
        onEnd: isReusable => found.push({ isReusable }),
        onForeign: () => found.push('foreign'),
      });
      for (const bytes of whole) {
        for (let at = 0; at < bytes.length; at += size) {
          reader.read(Buffer.from(bytes.slice(at, at + size), 'latin1'));
        }
      }
      expect(found).toEqual(
        heads
          .filter(head => head !== '')
          .flatMap(head => [
            {
              status: Number(head.slice(9, 12)),
              keepAliveMs: head.includes('Keep-Alive') ? 5_000 : undefined,
            },
            ...bodyOf(head).split(''),
            { isReusable: true },
          ]),
      );
    }
  });
});

describe('a request', () => {
  const path = '/hook?x=1';
  const body = Buffer.from('{}');

  it('is written with its length, and with what its headers say', () => {
    const pieces = encodeRequest({ path, headers: ['X-A', 'ü'], body }, 'host.test:81');
    expect(Buffer.concat(pieces).toString('latin1')).toBe(
      'POST /hook?x=1 HTTP/1.1\r\nhost: host.test:81\r\nconnection: keep-alive\r\nX-A: ü\r\ncontent-length: 2\r\n\r\n{}',
    );
    const asked = encodeRequest(
      { method: 'OPTIONS', path, headers: [], body: Buffer.alloc(0) },
      'h',
    );
    expect(Buffer.concat(asked).toString()).not.toContain('content-length');
    expect(encodeRequest({ path, headers: [], body: Buffer.alloc(100_000) }, 'h')).toHaveLength(2);
  });

  it.each([
    ['a line feed in a value', path, ['X-A', 'a\r\nX-B: c']],
    ['NUL in a value', path, ['X-A', '\0']],
    ['a character beyond Latin-1', path, ['X-A', '€']],
    ['a blank in a name', path, ['X A', 'a']],
    ['no name', path, ['', 'a']],
    ['a blank in the path', '/a b', []],
  ])('is not written with %s', (_, where, headers) => {
    expect(() => encodeRequest({ path: where, headers, body }, 'h')).toThrow(/has a character/);
  });
});
