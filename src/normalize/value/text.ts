/** Text that every store and every log takes. */

/**
 * Replaces each U+0000 and each lone surrogate by U+FFFD. JSON can escape both (`\u0000`, `\ud800`); PostgreSQL's text
 * and jsonb hold neither, and one such field would refuse the whole batch it is in.
 */
export function storable(text: string): string {
  const wellFormed = text.isWellFormed() ? text : text.toWellFormed();
  return wellFormed.includes('\0') ? wellFormed.replaceAll('\0', '\ufffd') : wellFormed;
}

/** Cuts the text to `lengthMax` UTF-16 units, never within a surrogate pair. */
export function cut(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text;
  const last = text.charCodeAt(lengthMax - 1);
  const splitsPair = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, splitsPair ? lengthMax - 1 : lengthMax);
}
