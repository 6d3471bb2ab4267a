/**
 * Notes that a client keeps for us between two requests: sealed, so that it can neither read nor make them, each for
 * one purpose, and good for a while. Nothing is stored, so any replica can read what another one wrote.
 */
import { hkdfSync } from 'node:crypto';

import { open, seal, UnsealError } from '../secret/seal.ts';

export interface StateBox<T> {
  write(note: T, nowMs: number): string;
  /** @returns undefined for what is not a note of this box, or too old. */
  read(text: string, nowMs: number): T | undefined;
}

/**
 * @param key 32 bytes; the key of the box is derived from it.
 * @param purpose tells boxes of the same key apart.
 */
export function createStateBox<T extends object>(
  key: Uint8Array,
  { purpose, lifeMs }: { purpose: string; lifeMs: number },
): StateBox<T> {
  const own = Buffer.from(hkdfSync('sha256', key, '', `hookline ${purpose}`, 32));
  return {
    write: (note, nowMs) =>
      seal(own, JSON.stringify({ note, until: nowMs + lifeMs })).toString('base64url'),
    read: (text, nowMs) => {
      const opened = tryOpen(own, text);
      if (opened === undefined) return undefined;
      // What opens was sealed above.
      const { note, until }: { note: T; until: number } = JSON.parse(opened);
      return nowMs < until ? note : undefined;
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
