/** JSON schemas of filters, built of `webhook/filter/filter-fields.ts`, and of their preview. */
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

export const newFilter = closed(written, { $id: 'NewFilter', description: 'A filter to create.' });

export const shownFilter = Type.Object(
  { id: uuid(), ...fields, created: instant() },
  { $id: 'Filter', description: 'A filter of a webhook.' },
);

export const warnings = arrayOf(text(), {
  description:
    'What was saved and will not work: an address that egress rules close, or a filter that matches no event type. Sentences for people; empty when nothing is conspicuous.',
});

export const savedFilter = Type.Object(
  { ...shownFilter.properties, warnings },
  { $id: 'SavedFilter', description: 'A filter that was just created.' },
);

export const filterPreviewRequest = closed(
  {
    webhookId: Type.Optional(
      uuid({
        description: 'Webhook that supplies the fields not named here, its scope included.',
      }),
    ),
    accountId: Type.Optional(cloudId({ description: 'Only events of this account.' })),
    domainId: Type.Optional(
      cloudId({ description: 'Only events of this domain and all below it.' }),
    ),
    categories: Type.Optional(schemasOf(['categories']).categories),
    filters: Type.Optional(
      arrayOf(ref(newFilter), {
        maxItems: filtersMax,
        description: 'Filters in place of all those of the webhook.',
      }),
    ),
    limit: defaulted(
      whole({ minimum: 1, maximum: 1_000, description: 'Maximum number of events.' }),
      100,
    ),
  },
  {
    $id: 'FilterPreviewRequest',
    description: 'Filters, and the webhook whose events they are tried on.',
  },
);

const sample = Type.Object({
  eventId: uuid(),
  recordedAt: instant(),
  event: text({ example: 'VM.START' }),
  entity: Type.Optional(text()),
  entityuuid: Type.Optional(text()),
  account: Type.Optional(text()),
  status: Type.Optional(text()),
  reason: nullable(text({ description: 'Why the event is refused; null when it matches.' })),
  unanswered: arrayOf(text(), {
    description:
      'Expressions that have no answer for the event, which counts as no match, each with the reason.',
  }),
});

export const filterPreview = Type.Object(
  {
    examined: count({ description: 'Events examined, matched and refused.' }),
    matched: count(),
    refusedByCategory: count(),
    refusedByFilters: count(),
    unanswered: count({
      description: 'Events for which an expression had no answer, matched or refused.',
    }),
    samples: Type.Object(
      { matched: arrayOf(sample), refused: arrayOf(sample) },
      { description: 'The newest events of each.' },
    ),
  },
  { $id: 'FilterPreview', description: 'What the filters let through.' },
);
