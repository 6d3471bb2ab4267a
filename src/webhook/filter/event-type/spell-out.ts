/**
 * Spells out a table of event types: what they begin with, and the words that follow it.
 *
 * @example spellOut({ VM: 'START STOP' }) // ['VM.START', 'VM.STOP']
 */
export function spellOut(table: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(table).flatMap(([beginning, ends]) =>
    ends.split(' ').map(end => (beginning === '' ? end : `${beginning}.${end}`)),
  );
}

/** Each beginning with each of the ends. @example cross(['a', 'b'], ['x']) // ['a.x', 'b.x'] */
export const cross = (beginnings: readonly string[], ends: readonly string[]): readonly string[] =>
  beginnings.flatMap(beginning => ends.map(end => `${beginning}.${end}`));
