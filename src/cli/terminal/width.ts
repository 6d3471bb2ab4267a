/**
 * Width of texts in columns of a terminal.
 *
 * Source: Unicode Standard Annex 11 (East Asian Width): ideographs, syllables, full-width forms and emoji are two
 * columns wide, marks that combine with the letter before them take none.
 */

const wide =
  /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/u;
const none = /[\p{Mn}\p{Me}]/u;

export function widthOf(text: string): number {
  let width = 0;
  for (const char of text) width += widthOfChar(char);
  return width;
}

/** Appends spaces up to a width. */
export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/** Shortens a text to a width; `…` ends it where something is cut. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = '';
  let used = 0;
  for (const char of text) {
    used += widthOfChar(char);
    if (used > width - 1) break;
    kept += char;
  }
  return width < 1 ? '' : `${kept}…`;
}

function widthOfChar(char: string): number {
  if (none.test(char)) return 0;
  return wide.test(char) ? 2 : 1;
}
