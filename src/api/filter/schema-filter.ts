/** JSON schemas of filters, and of the preview of what they would match. */
import { filterMatchTypes, filterModes, filterTypes } from '../../webhook/words.ts';
import { expressionCharsMax } from '../../expression/expression.ts';
import { filtersMax } from './filter-rules.ts';
import { cloudId, fields, line } from '../webhook/schema-webhook.ts';

const id = { type: 'string', format: 'uuid' } as const;
const instant = { type: 'string', format: 'date-time' } as const;
const text = { type: 'string' } as const;
const count = { type: 'integer', minimum: 0 } as const;

const filterFields = {
  type: {
    type: 'string',
    enum: filterTypes,
    description:
      'What is looked at: the event type, another fact of the envelope, how severe the event is, or what an expression says of all of it.',
  },
  mode: {
    type: 'string',
    enum: filterModes,
    description:
      'An Exclude that matches wins; where there are Includes of a type, one of them must match.',
  },
  matchType: {
    type: 'string',
    enum: filterMatchTypes,
    description: 'How `value` is compared with the fact, case-sensitively. Not for an Expression.',
  },
  value: {
    ...line,
    maxLength: expressionCharsMax,
    description:
      'The fact, or a part of it: at most 255 characters. Of an Expression, its text: a part of JSONata, see docs/filters.md.',
    example: 'VM.START',
  },
} as const;

const newFilter = {
  type: 'object',
  additionalProperties: false,
  required: ['value'],
  properties: {
    ...filterFields,
    type: { ...filterFields.type, default: 'EventType' },
    mode: { ...filterFields.mode, default: 'Include' },
    matchType: { ...filterFields.matchType, default: 'Exact' },
  },
} as const;

const filter = {
  type: 'object',
  required: ['id', 'type', 'mode', 'matchType', 'value', 'created'],
  properties: { id, ...filterFields, created: instant },
} as const;

const sample = {
  type: 'object',
  required: ['eventId', 'recordedAt', 'event', 'reason', 'unanswered'],
  properties: {
    eventId: { type: 'string', format: 'uuid' },
    recordedAt: { type: 'string', format: 'date-time' },
    event: { ...text, example: 'VM.START' },
    entity: text,
    entityuuid: text,
    account: text,
    status: text,
    reason: { type: ['string', 'null'], description: 'Why it is refused; null where it is not.' },
    unanswered: {
      type: 'array',
      items: text,
      description: 'Expressions that have no answer for it, which counts as no match, and why.',
    },
  },
} as const;

export const filterSchemas = [
  { $id: 'NewFilter', ...newFilter },
  { $id: 'Filter', ...filter },
  {
    $id: 'FilterPreviewRequest',
    type: 'object',
    additionalProperties: false,
    properties: {
      webhookId: {
        type: 'string',
        format: 'uuid',
        description: 'What is not named here is taken from this webhook, its scope included.',
      },
      accountId: { ...cloudId, description: "Only this account's events." },
      domainId: { ...cloudId, description: 'Only events of this domain and all below it.' },
      categories: fields.categories,
      filters: {
        type: 'array',
        maxItems: filtersMax,
        items: { $ref: 'NewFilter#' },
        description: "Instead of the webhook's, all of them.",
      },
      limit: {
        type: 'integer',
        minimum: 1,
        maximum: 1_000,
        default: 100,
        description: 'Events at most.',
      },
    },
  },
  {
    $id: 'FilterPreview',
    type: 'object',
    required: [
      'examined',
      'matched',
      'refusedByCategory',
      'refusedByFilters',
      'unanswered',
      'samples',
    ],
    properties: {
      examined: { ...count, description: 'Events looked at: the matched and the refused.' },
      matched: count,
      refusedByCategory: count,
      refusedByFilters: count,
      unanswered: {
        ...count,
        description: 'Events for which an expression had no answer, whatever became of them.',
      },
      samples: {
        type: 'object',
        description: 'The newest of each.',
        required: ['matched', 'refused'],
        properties: {
          matched: { type: 'array', items: sample },
          refused: { type: 'array', items: sample },
        },
      },
    },
  },
];
