/** JSON schemas of the preview of filters. */
import { filtersMax } from './filter-rules.ts';
import { cloudId, fields } from './schema-webhook.ts';

const text = { type: 'string' } as const;
const count = { type: 'integer', minimum: 0 } as const;

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
