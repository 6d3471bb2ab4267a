/** Filters as they are typed, and shown. */
import { InvalidArgumentError } from 'commander';

import { showField } from './show.ts';
import type { Row } from './show.ts';

export interface Filter {
  readonly mode: string;
  readonly matchType: string;
  readonly value: string;
}

/**
 * `VM.START`, `Prefix:VM.` or `Exclude:Prefix:VM.`; a value with colons needs all three parts.
 *
 * @throws {InvalidArgumentError}
 */
export function parseFilter(text: string): Filter {
  const parts = text.split(':');
  const [first = '', second = '', ...rest] = parts;
  switch (parts.length) {
    case 1:
      return { mode: 'Include', matchType: 'Exact', value: text };
    case 2:
      return { mode: 'Include', matchType: first, value: second };
    default: {
      const value = rest.join(':');
      if (value !== '') return { mode: first, matchType: second, value };
      throw new InvalidArgumentError('expected MODE:MATCH:VALUE, such as Include:Prefix:VM.');
    }
  }
}

/** As it would be typed, where that says it all. */
export function showFilter({ id: _id, created: _created, ...filter }: Row): string {
  const { mode, matchType, value, ...more } = filter;
  const rest = Object.entries(more).filter(([, one]) => one !== null && one !== undefined);
  const typed = [mode, matchType, value].map(String).join(':');
  return rest.length === 0 ? typed : `${typed} ${showField(Object.fromEntries(rest))}`;
}

/** A webhook with its filters as people read them. @param withIds for who wants to remove one. */
export function digestFilters(webhook: Row, withIds: boolean): Row {
  const { filters } = webhook;
  if (!Array.isArray(filters)) return webhook;
  const shown = filters.map((filter: Row) =>
    withIds ? `${showFilter(filter)}  (${String(filter['id'])})` : showFilter(filter),
  );
  return { ...webhook, filters: shown };
}
