/** Every field of a filter, stated once: requests, answers, rows and values follow from this table. */
import type { Static } from 'typebox';

import { line, oneOf } from '../../event/schema.ts';
import { expressionCharsMax } from '../../expression/expression.ts';
import { filterMatchTypes, filterModes, filterTypes } from '../words.ts';

export const filterFields = {
  type: {
    schema: oneOf(filterTypes, {
      description:
        'What is looked at: the event type, another fact of the envelope, how severe the event is, or what an expression says of all of it.',
    }),
    initial: 'EventType',
  },
  mode: {
    schema: oneOf(filterModes, {
      description:
        'An Exclude that matches wins; where there are Includes of a type, one of them must match.',
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
        'The fact, or a part of it: at most 255 characters. Of an Expression, its text: a part of JSONata, see docs/filters.md.',
      example: 'VM.START',
    }),
  },
} as const;

type Fields = typeof filterFields;

const isField = (name: string): name is keyof Fields => name in filterFields;
export const filterNames: readonly (keyof Fields)[] = Object.keys(filterFields).filter(isField);

/** A filter's own row, less what the database adds. */
export type FilterValues = { readonly [Name in keyof Fields]: Static<Fields[Name]['schema']> };
