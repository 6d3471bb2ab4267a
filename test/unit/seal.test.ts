import { randomBytes } from 'node:crypto';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { open, seal, UnsealError } from '../../src/access/secret/seal.ts';

const key = Buffer.alloc(32, 1);
const other = Buffer.alloc(32, 2);

describe('a sealed secret', () => {
  it('opens to what was sealed, whatever text it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), text => open([key], seal(key, text)) === text),
    );
  });

  it('looks different each time and holds nothing of the text', () => {
    const text = 'webhook-secret webhook-secret';
    const sealed = [seal(key, text), seal(key, text)];
    expect(sealed[0]).not.toEqual(sealed[1]);
    for (const bytes of sealed) expect(bytes.toString('latin1')).not.toContain('webhook');
  });

  it('names its key, so that it opens among several while they rotate', () => {
    expect(open([other, key], seal(key, 'old'))).toBe('old');
    expect(open([other, key], seal(other, 'new'))).toBe('new');
  });

  it('says which key is missing, not just that it failed', () => {
    expect(() => open([other], seal(key, 'x'))).toThrow(UnsealError);
    expect(() => open([other], seal(key, 'x'))).toThrow(
      /sealed with the key 72cd6e84, configured: /,
    );
  });

  it('does not open when any byte was changed', () => {
    const sealed = seal(key, 'secret');
    for (const index of sealed.keys()) {
      const changed = Buffer.from(sealed);
      changed[index] = (changed[index] ?? 0) ^ 1;
      expect(() => open([key], changed)).toThrow(UnsealError);
    }
  });

  it('is refused when it is none', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), bytes => {
        expect(() => open([key], bytes)).toThrow(UnsealError);
      }),
    );
    expect(() => open([key], seal(key, 'x').subarray(0, -1))).toThrow(UnsealError);
  });

  it('opens from a view into a larger buffer, as the database driver hands it over', () => {
    const sealed = seal(key, 'secret');
    const pool = Buffer.concat([randomBytes(7), sealed, randomBytes(7)]);
    expect(open([key], new Uint8Array(pool.buffer, pool.byteOffset + 7, sealed.length))).toBe(
      'secret',
    );
  });
});
