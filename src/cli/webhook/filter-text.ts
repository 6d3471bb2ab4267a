/** Filters as text: `[MODE:][TYPE:][MATCH:]VALUE`. */
import { InvalidArgumentError } from 'commander';

import { filterMatchTypes, filterModes, filterTypes } from '../../webhook/words.ts';
import { showField } from '../terminal/show.ts';
import type { Row } from '../terminal/show.ts';

export interface Filter {
  readonly type: string;
  readonly mode: string;
  readonly matchType: string;
  readonly value: string;
}

export const filterHelp =
  'such as VM.START, Prefix:VM., Exclude:Severity:info or \'Expression:original.job.status = "error"\'';

/**
 * Parses a filter. A value with colons must be an expression, or have mode and match before it.
 *
 * @throws {InvalidArgumentError}
 */
export function parseFilter(text: string): Filter {
  let rest = text;
  const take = (words: readonly string[]): string | undefined => {
    const word = words.find(one => rest.startsWith(`${one}:`));
    if (word !== undefined) rest = rest.slice(word.length + 1);
    return word;
  };
  const mode = take(filterModes);
  const type = take(filterTypes) ?? 'EventType';
  const matchType = type === 'Expression' ? 'Exact' : take(filterMatchTypes);
  const isWhole = type === 'Expression' || (mode !== undefined && matchType !== undefined);
  if (rest === '' || (rest.includes(':') && !isWhole)) {
    throw new InvalidArgumentError(
      `expected [MODE:][TYPE:][MATCH:]VALUE, ${filterHelp}; ` +
        `MODE is ${filterModes.join(' or ')}, TYPE one of ${filterTypes.join(', ')}, ` +
        `MATCH one of ${filterMatchTypes.join(', ')}`,
    );
  }
  return { type, mode: mode ?? 'Include', matchType: matchType ?? 'Exact', value: rest };
}

/** Shows a filter as it is typed, with the fields behind it that cannot be typed. */
export function showFilter({ id: _id, created: _created, ...filter }: Row): string {
  const { type = 'EventType', mode, matchType, value, ...more } = filter;
  const rest = Object.entries(more).filter(([, one]) => one !== null && one !== undefined);
  const typed = [
    mode,
    ...(type === 'EventType' ? [] : [type]),
    ...(type === 'Expression' ? [] : [matchType]),
    value,
  ]
    .map(String)
    .join(':');
  return rest.length === 0 ? typed : `${typed} ${showField(Object.fromEntries(rest))}`;
}
