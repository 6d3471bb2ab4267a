import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';

import { describe, expect, it } from 'vitest';

import { responseText } from '../../src/dispatch/request/response-text.ts';

const text = 'größer als ß';
const bytes = Buffer.from(text);

describe('the text of a response', () => {
  it.each([
    ['without a type', bytes, undefined],
    ['of UTF-8', bytes, 'text/plain; charset=UTF-8'],
    ['of Latin-1', Buffer.from(text, 'latin1'), 'text/html; charset=iso-8859-1'],
    ['of Latin-1 in quotes', Buffer.from(text, 'latin1'), 'text/html;charset="ISO-8859-1"'],
    ['of UTF-16', Buffer.from(text, 'utf16le'), 'text/plain; charset=utf-16le'],
    ['of a set that nobody knows', bytes, 'text/plain; charset=nonsense'],
  ])('%s', (_, given, contentType) => {
    expect(responseText(given, 1_000, { contentType })).toBe(text);
  });

  it('of Shift JIS', () => {
    const contentType = 'text/plain; charset=Shift_JIS';
    expect(responseText(Buffer.from([0x83, 0x7e]), 9, { contentType })).toBe('ミ');
  });

  it.each([
    ['gzip', gzipSync(bytes)],
    ['x-gzip', gzipSync(bytes)],
    ['deflate', deflateSync(bytes)],
    ['deflate', deflateRawSync(bytes)],
    ['br', brotliCompressSync(bytes)],
    ['GZIP', gzipSync(bytes)],
    ['identity', bytes],
    ['gzip', bytes],
  ])('unpacks %s', (contentEncoding, given) => {
    expect(responseText(given, 1_000, { contentEncoding })).toBe(text);
  });

  it('unpacks what there is of a part that was cut', () => {
    const words = Array.from({ length: 500 }, (_, at) => `word${at * 7919}`).join(' ');
    const part = gzipSync(words).subarray(0, 800);
    const shown = responseText(part, 1_024, { contentEncoding: 'gzip' });
    expect(shown.length).toBeGreaterThan(800);
    expect(words.startsWith(shown)).toBe(true);
  });

  it('unpacks no more than is kept, however little it is packed to', () => {
    const bomb = gzipSync(Buffer.alloc(64_000_000, 'x'));
    expect(responseText(bomb, 1_024, { contentEncoding: 'gzip' })).toBe('x'.repeat(1_024));
  });

  it('has no control characters but tabs and line ends', () => {
    const given = Buffer.from('a\tb\r\n\0\u{1b}[31mred\u{7f}\u{9b}5n');
    expect(responseText(given, 99, {})).toBe('a\tb\r\n\u{FFFD}\u{FFFD}[31mred\u{FFFD}\u{FFFD}5n');
  });
});
