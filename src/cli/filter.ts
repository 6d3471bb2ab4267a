/** Filters as they are typed. */
import { InvalidArgumentError } from 'commander';

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
