import { describe, expect, it } from 'vitest';

import { createStateBox } from '../../src/access/oidc/login-state.ts';

const key = Buffer.alloc(32, 1);
const box = createStateBox<{ a: number }>(key, { purpose: 'one', lifeMs: 1_000 });

describe('a note that a client keeps', () => {
  it('comes back as it was, within its time', () => {
    const text = box.write({ a: 1 }, 0);
    expect(text).toMatch(/^[\w-]+$/);
    expect(box.read(text, 999)).toEqual({ a: 1 });
    expect(box.read(text, 1_000)).toBeUndefined();
  });

  it('is read by a box of the same key and purpose alone', () => {
    const text = box.write({ a: 1 }, 0);
    const read = (other: Buffer, purpose: string) =>
      createStateBox(other, { purpose, lifeMs: 1_000 }).read(text, 0);
    expect(read(key, 'one')).toEqual({ a: 1 });
    expect(read(key, 'two')).toBeUndefined();
    expect(read(Buffer.alloc(32, 2), 'one')).toBeUndefined();
  });

  it.each(['', 'AAAA', '!', 'x'.repeat(8_192)])('is not %j', text => {
    expect(box.read(text, 0)).toBeUndefined();
  });

  it('is not one with a byte changed', () => {
    const bytes = Buffer.from(box.write({ a: 1 }, 0), 'base64url');
    for (let place = 0; place < bytes.length; place += 1) {
      const changed = Buffer.from(bytes);
      changed[place] = (changed[place] ?? 0) ^ 1;
      expect(box.read(changed.toString('base64url'), 0)).toBeUndefined();
    }
  });
});
