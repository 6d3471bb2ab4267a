/** Every field of a filter, stated once: requests, answers, rows and values follow from this table. */
import type { Static } from 'typebox';

import { line, oneOf } from '../../event/schema.ts';
import { expressionCharsMax } from '../../expression/expression.ts';
import { filterMatchTypes, filterModes, filterTypes } from '../words.ts';

export const filterFields = {
  type: {
    schema: oneOf(filterTypes, {
      description:
        'What is compared: the event type, another fact of the envelope, the severity, or, with an Expression, the whole event.',
    }),
    initial: 'EventType',
  },
  mode: {
    schema: oneOf(filterModes, {
      description:
        'A matching Exclude wins; where there are Includes of a type, one of them must match.',
    }),
    initial: 'Include',
  },
  matchType: {
    schema: oneOf(filterMatchTypes, {
      description:
        'How `value` is compared with the fact, case-sensitively. Not for an Expression.',
    }),
    initial: 'Exact',
  },
  value: {
    schema: line({
      maxLength: expressionCharsMax,
      description:
        'The fact, or a part of it: at most 255 characters. With an Expression its text, in a part of JSONata: see docs/filters.md.',
      example: 'VM.START',
    }),
  },
} as const;

type Fields = typeof filterFields;
type FilterField = keyof Fields;

/** A filter's row without what the database adds. */
export type FilterValues = { readonly [Name in FilterField]: Static<Fields[Name]['schema']> };

type Initial = {
  readonly [
    Name in FilterField as Fields[Name] extends { readonly initial: unknown } ? Name : never
  ]: FilterValues[Name];
};
/** The values that a request for a new filter states. */
export type FilterWish = Omit<FilterValues, keyof Initial> & Partial<Initial>;

const isField = (name: string): name is FilterField => name in filterFields;
export const filterNames: readonly FilterField[] = Object.keys(filterFields).filter(isField);

/** The values of a new filter that its request may leave out. */
export const initialFilter: Initial = initials();

function initials(): Initial;
function initials(): object {
  return Object.fromEntries(
    Object.entries(filterFields).flatMap(([name, field]) =>
      'initial' in field ? [[name, field.initial]] : [],
    ),
  );
}

/** JSON schemas of all fields by their names. */
export function filterSchemas(): { readonly [Name in FilterField]: Fields[Name]['schema'] };
export function filterSchemas(): object {
  return Object.fromEntries(filterNames.map(name => [name, filterFields[name].schema]));
}
