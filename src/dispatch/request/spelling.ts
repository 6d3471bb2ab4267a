/** How a secret may be spelled by servers that repeat it, apart from escapes, which `reading.ts` undoes. */
import { canonicalOf } from './reading.ts';

/** A text to be looked for in the readings of another: UTF-8, a character for each byte, folded. */
export interface Spelling {
  readonly bytes: string;
  /** A word like any other: it counts only where it stands alone. */
  readonly isWord: boolean;
}

/** Longer texts are no mere words. */
const wordCharsMax = 5;

/**
 * Lists the spellings of a secret: as it is, and as it reads itself when what looks like escapes in it is undone; in base64,
 * also as a part of something longer; and in hex.
 */
export function spellingsOf(secret: string): Spelling[] {
  const hex = Buffer.from(secret).toString('hex');
  return [secret, ...base64Of(secret), hex, hex.toUpperCase()].flatMap(text => {
    const isWord = isShort(text);
    return canonicalOf(text).map(bytes => ({ bytes, isWord: isWord || isShort(bytes) }));
  });
}

const isShort = (text: string): boolean =>
  text.length <= 2 * wordCharsMax && Array.from(text).length <= wordCharsMax;

/** Shorter texts leave nothing in base64 that is theirs alone. */
const partBytesMin = 5;

/**
 * Base64 of the text wherever it stands in what was encoded: before it there are 0, 1 or 2 bytes of a group of three. The
 * characters that it shares with its neighbours are left out.
 */
function base64Of(text: string): string[] {
  const bytes = Buffer.from(text);
  if (bytes.length < partBytesMin) return bothAlphabets(bytes);
  const parts = [0, 1, 2].flatMap(before => {
    const shifted = Buffer.concat([Buffer.alloc(before), bytes]);
    const from = Math.ceil((before * 8) / 6);
    const to = Math.floor((shifted.length * 8) / 6);
    return bothAlphabets(shifted).map(encoded => encoded.slice(from, to));
  });
  return [...new Set(parts)];
}

const bothAlphabets = (bytes: Buffer): string[] => [
  bytes.toString('base64'),
  bytes.toString('base64url'),
];
