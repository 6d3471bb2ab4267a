import { request } from 'node:http';
import { Duplex } from 'node:stream';

import * as fc from 'fast-check';
import { expect, it } from 'vitest';

import { ResponseReader } from '../../src/dispatch/connection/response-reader.ts';

interface Read {
  status?: number;
  body: string;
  /** Calls that tell of the end: of the response, or that there is none. */
  ends: number;
  isForeign?: boolean;
}

function read(pieces: readonly Buffer[]): Read {
  const found: Read = { body: '', ends: 0 };
  const reader = new ResponseReader({
    onHead: ({ status }) => (found.status ??= status),
    onBody: chunk => (found.body += chunk.toString('latin1')),
    onEnd: () => {
      found.ends += 1;
      reader.stop();
    },
    onForeign: () => {
      found.ends += 1;
      found.isForeign = true;
    },
  });
  for (const piece of pieces) reader.read(piece);
  if (found.ends === 0 && reader.finish()) found.ends += 1;
  return found;
}

/** Cuts bytes into pieces of those lengths, again and again. */
function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const length = lengths[turn % lengths.length] ?? 1;
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return pieces;
}

/** As Node.js's own client reads it. */
async function readByNode(bytes: Buffer): Promise<Pick<Read, 'status' | 'body'>> {
  const socket = new Duplex({ read: () => {}, write: (_, __, done) => done() });
  return new Promise((resolve, reject) => {
    const asked = request({ createConnection: () => socket }, response => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString('latin1')));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    asked.on('error', reject).end();
    socket.push(bytes);
    socket.push(null);
  });
}

const lengths = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 });
const body = fc.string({ unit: fc.constantFrom('a', '0', '\r', '\n', 'HTTP/1.1 200 X\r\n\r\n') });

/** The header that frames the body, and the body as it is sent. */
const framed = fc
  .record({ body, form: fc.constantFrom('counted', 'chunked', 'until close'), lengths })
  .map(({ body: text, form, lengths: sizes }) => {
    if (form === 'counted') return { text, sent: `Content-Length: ${text.length}\r\n\r\n${text}` };
    if (form === 'until close') return { text, sent: `Connection: close\r\n\r\n${text}` };
    const chunks = cut(Buffer.from(text), sizes).map(
      one => `${one.length.toString(16)};x="y"\r\n${one.toString()}\r\n`,
    );
    return { text, sent: `Transfer-Encoding: chunked\r\n\r\n${chunks.join('')}0\r\nA: b\r\n\r\n` };
  });

it('what is right is read as it was meant, and as Node.js reads it, however it is cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(200, 201, 205, 302, 400, 408, 429, 500, 503),
      fc.constantFrom('', 'HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 103 X\r\nA: b\r\n\r\n'),
      framed,
      lengths,
      async (status, before, { text, sent }, sizes) => {
        const bytes = Buffer.from(`${before}HTTP/1.1 ${status} X\r\nServer: y\r\n${sent}`);
        expect(read(cut(bytes, sizes))).toEqual({ status, body: text, ends: 1 });
        expect(await readByNode(bytes)).toEqual({ status, body: text });
      },
    ),
    { numRuns: 200 },
  );
});

const odd = fc
  .array(
    fc.constantFrom(
      'HTTP/1.1 200 OK\r\n',
      'HTTP/1.0 204\n',
      'HTTP/1.1 100 C\r\n\r\n',
      'HTTP/1.1 101 S\r\n\r\n',
      'Content-Length: 5\r\n',
      'Content-Length: -1\r\n',
      'Transfer-Encoding: chunked\r\n',
      '\r\n',
      '\n',
      '\r',
      ' ',
      '\t',
      '\0',
      'hello',
      '5\r\n',
      '0\r\n\r\n',
      '3;e\r\nabc\r\n',
      'H',
      'HTTP/',
      ': \r\n',
      ' folded: x\r\n',
      'SSH-2.0\r\n',
      'fffffffffffff\r\n',
    ),
    { minLength: 1, maxLength: 12 },
  )
  .map(parts => Buffer.from(parts.join(''), 'latin1'));

it('whatever comes has the same status, and ends as often, however it is cut', () => {
  fc.assert(
    fc.property(odd, lengths, (bytes, sizes) => {
      const [whole, pieces] = [read([bytes]), read(cut(bytes, sizes))];
      expect(whole.ends).toBeLessThanOrEqual(1);
      expect({ ...pieces, body: '' }).toEqual({ ...whole, body: '' });
    }),
    { numRuns: 3_000 },
  );
});
