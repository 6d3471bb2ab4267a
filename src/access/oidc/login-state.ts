/**
 * State that a client keeps between two requests: sealed, so that it can neither read nor forge it, for one purpose, and
 * valid for a limited time. Nothing is stored, so any replica can read what another one wrote.
 */
import { hkdfSync } from 'node:crypto';

import { open, seal, UnsealError } from '../secret/seal.ts';

export interface StateBox<T> {
  write(state: T, nowMs: number): string;
  /** @returns undefined for a text that is not of this box, or has expired. */
  read(text: string, nowMs: number): T | undefined;
}

/**
 * @param key 32 bytes, from which the key of the box is derived.
 * @param purpose distinguishes boxes of the same key.
 */
export function createStateBox<T extends object>(
  key: Uint8Array,
  { purpose, lifeMs }: { purpose: string; lifeMs: number },
): StateBox<T> {
  const own = Buffer.from(hkdfSync('sha256', key, '', `hookline ${purpose}`, 32));
  return {
    write: (state, nowMs) =>
      seal(own, JSON.stringify({ state, until: nowMs + lifeMs })).toString('base64url'),
    read: (text, nowMs) => {
      const opened = tryOpen(own, text);
      if (opened === undefined) return undefined;
      // The key is the box's own, so the text was sealed above.
      const { state, until }: { state: T; until: number } = JSON.parse(opened);
      return nowMs < until ? state : undefined;
    },
  };
}

function tryOpen(key: Uint8Array, text: string): string | undefined {
  try {
    return open([key], Buffer.from(text, 'base64url'));
  } catch (error) {
    if (error instanceof UnsealError) return undefined;
    throw error;
  }
}
