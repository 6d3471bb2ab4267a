/** Cuts texts to a target's limits. */

const ellipsis = '…';

/**
 * Escapes the text and cuts it so that the result has at most `lengthMax` UTF-16 units. No character and no escape
 * sequence is cut in two.
 *
 * @param escape escapes one character; a character stays itself by default.
 * @example fit('a<b', 5, escapeSlack) // 'a…'
 */
export function fit(
  text: string,
  lengthMax: number,
  escape: (character: string) => string = same,
): string {
  let said = '';
  let fitting = '';
  for (const character of text) {
    if (said.length + ellipsis.length <= lengthMax) fitting = said;
    said += escape(character);
    if (said.length > lengthMax) return fitting + ellipsis;
  }
  return said;
}

/** Puts a text on one line, for titles. */
export function oneLine(text: string): string {
  return text.replace(/\s+/gu, ' ').trim();
}

const same = (character: string): string => character;
