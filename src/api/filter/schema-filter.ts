/** JSON schemas of filters, and of the preview of what they would match. The fields are `webhook/filter-fields.ts`. */
import { Type } from 'typebox';
import type { TSchema } from 'typebox';

import {
  arrayOf,
  cloudId,
  count,
  uuid,
  instant,
  nullable,
  text,
  whole,
} from '../../event/schema.ts';
import { filterFields, filterSchemas } from '../../webhook/filter/filter-fields.ts';
import { filtersMax } from '../../webhook/filter/filter-rules.ts';
import { schemasOf } from '../../webhook/values.ts';
import { closed, defaulted, ref } from '../http/schema.ts';

const fields = filterSchemas();

/** A request that leaves out a field gets its initial value. */
const written: typeof fields = {
  ...fields,
  ...Object.fromEntries(
    Object.entries(filterFields).flatMap(([name, field]) =>
      'initial' in field ? [[name, defaulted<TSchema>(field.schema, field.initial)]] : [],
    ),
  ),
};

export const newFilter = closed(written, { $id: 'NewFilter' });

export const shownFilter = Type.Object(
  { id: uuid(), ...fields, created: instant() },
  { $id: 'Filter' },
);

export const filterPreviewRequest = closed(
  {
    webhookId: Type.Optional(
      uuid({
        description: 'What is not named here is taken from this webhook, its scope included.',
      }),
    ),
    accountId: Type.Optional(cloudId({ description: "Only this account's events." })),
    domainId: Type.Optional(
      cloudId({ description: 'Only events of this domain and all below it.' }),
    ),
    categories: Type.Optional(schemasOf(['categories']).categories),
    filters: Type.Optional(
      arrayOf(ref(newFilter), {
        maxItems: filtersMax,
        description: "Instead of the webhook's, all of them.",
      }),
    ),
    limit: defaulted(whole({ minimum: 1, maximum: 1_000, description: 'Events at most.' }), 100),
  },
  { $id: 'FilterPreviewRequest' },
);

const sample = Type.Object({
  eventId: uuid(),
  recordedAt: instant(),
  event: text({ example: 'VM.START' }),
  entity: Type.Optional(text()),
  entityuuid: Type.Optional(text()),
  account: Type.Optional(text()),
  status: Type.Optional(text()),
  reason: nullable(text({ description: 'Why it is refused; null where it is not.' })),
  unanswered: arrayOf(text(), {
    description: 'Expressions that have no answer for it, which counts as no match, and why.',
  }),
});

export const filterPreview = Type.Object(
  {
    examined: count({ description: 'Events looked at: the matched and the refused.' }),
    matched: count(),
    refusedByCategory: count(),
    refusedByFilters: count(),
    unanswered: count({
      description: 'Events for which an expression had no answer, whatever became of them.',
    }),
    samples: Type.Object(
      { matched: arrayOf(sample), refused: arrayOf(sample) },
      { description: 'The newest of each.' },
    ),
  },
  { $id: 'FilterPreview' },
);
