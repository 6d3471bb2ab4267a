/** Texts within a target's limits. */

const ellipsis = '…';

/**
 * The text escaped, and cut so that what results has at most `lengthMax` UTF-16 units. No character and no escape
 * sequence is cut in two.
 *
 * @param escape of one character; a character stays itself by default.
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

/** On one line, for titles. */
export function oneLine(text: string): string {
  return text.replace(/\s+/gu, ' ').trim();
}

const same = (character: string): string => character;
