/** JSON schemas of what flows through: events and deliveries. */
import { envelopeFacts, factNames, mapFacts } from '../../event/envelope.ts';
import type { FactDefinition } from '../../event/envelope.ts';
import { deliveryKinds, deliveryStates } from '../../event/delivery.ts';
import { scopes } from '../../webhook/words.ts';

const id = { type: 'string', format: 'uuid' } as const;
const instant = { type: 'string', format: 'date-time' } as const;
const maybeInstant = { type: ['string', 'null'], format: 'date-time' } as const;
const text = { type: 'string' } as const;

export const envelope = mapFacts(factNames, fact => {
  const { kind, doc, example }: FactDefinition = envelopeFacts[fact];
  return {
    ...typeOfKind(kind),
    description: `${doc.charAt(0).toUpperCase()}${doc.slice(1)}.`,
    example,
  };
});

function typeOfKind(kind: FactDefinition['kind']): object {
  switch (kind) {
    case 'instant':
      return instant;
    case 'object':
      return { type: 'object', additionalProperties: true };
    case 'category':
    case 'name':
    case 'text':
      return text;
  }
}

const eventFields = {
  id,
  recordedAt: instant,
  sourceName: { ...text, description: 'The configured source it came by.' },
  ...envelope,
} as const;

const event = {
  type: 'object',
  required: ['id', 'recordedAt', 'sourceName', 'event'],
  properties: eventFields,
} as const;

const eventDetail = {
  type: 'object',
  required: ['id', 'recordedAt', 'sourceName', 'event', 'body', 'owed'],
  properties: {
    ...eventFields,
    body: { ...text, description: 'What a receiver gets, byte for byte in UTF-8.' },
    owed: {
      type: 'array',
      items: id,
      description:
        'The webhooks that matched when it was recorded, less one whose delivery was deleted right after.',
    },
  },
} as const;

const explanation = {
  type: 'object',
  required: ['webhookId', 'name', 'scope', 'accountId', 'matched', 'owed', 'delivery'],
  properties: {
    webhookId: id,
    name: text,
    scope: { type: 'string', enum: scopes },
    accountId: text,
    matched: { type: 'boolean', description: 'As everything is set now.' },
    reason: {
      ...text,
      description: 'The first thing that stands in the way.',
      example: 'scope',
    },
    detail: { ...text, description: 'A sentence.' },
    unanswered: {
      type: 'array',
      items: text,
      description: 'Expressions that have no answer for the event, which counts as no match.',
    },
    owed: { type: 'boolean', description: 'It matched when the event was recorded.' },
    delivery: {
      type: ['object', 'null'],
      description: 'Null while it has no row: not owed, deleted, or its first attempt is not over.',
      required: ['id', 'state'],
      properties: { id, state: { type: 'string', enum: deliveryStates } },
    },
  },
} as const;

const attempt = {
  type: 'object',
  required: ['number', 'startedAt', 'durationMs'],
  properties: {
    number: { type: 'integer', description: 'From 1.' },
    startedAt: instant,
    durationMs: { type: 'integer' },
    status: { type: 'integer', description: "The response's status; absent when none arrived." },
    error: { ...text, description: 'Why there was no usable response.' },
    responseBody: { ...text, description: 'The first bytes of the response.' },
  },
} as const;

const deliveryFields = {
  id,
  eventId: id,
  eventType: { ...text, example: 'VM.START' },
  entityUuid: { type: ['string', 'null'] },
  webhookId: id,
  kind: { type: 'string', enum: deliveryKinds },
  state: { type: 'string', enum: deliveryStates },
  tries: { type: 'integer', description: 'Attempts made.' },
  nextAttemptAt: maybeInstant,
  attempts: { type: 'array', items: { $ref: 'Attempt#' } },
  createdAt: instant,
  finishedAt: maybeInstant,
} as const;

const delivery = {
  type: 'object',
  required: Object.keys(deliveryFields),
  properties: deliveryFields,
} as const;

const deliveryDetail = {
  type: 'object',
  required: [...Object.keys(deliveryFields), 'requestHeaders', 'requestBody'],
  properties: {
    ...deliveryFields,
    requestHeaders: {
      type: ['object', 'null'],
      additionalProperties: { type: 'string' },
      description:
        'The headers of the last attempt, without the signatures. Null when the event cannot be said in the format.',
    },
    requestBody: { type: ['string', 'null'] },
  },
} as const;

const bulkRedelivery = {
  type: 'object',
  additionalProperties: false,
  required: ['from'],
  properties: {
    from: { ...instant, description: 'Events recorded at or after this instant.' },
    to: { ...instant, description: 'Events recorded before this instant; until now when absent.' },
    state: {
      type: 'string',
      enum: ['delivered', 'failed', 'cancelled'],
      default: 'failed',
      description: 'What became of them the last time.',
    },
    eventType: { ...text, maxLength: 255, example: 'VM.START' },
    dryRun: { type: 'boolean', default: false, description: 'Say what would be done.' },
    cursor: { ...text, maxLength: 1_000, description: '`nextCursor` of the answer before.' },
  },
} as const;

const bulkCount = {
  count: { type: 'integer', description: 'Deliveries, of this request.' },
  nextCursor: { type: ['string', 'null'], description: 'Where to go on; null when it is done.' },
} as const;

const bulkRedelivered = {
  type: 'object',
  required: ['dryRun', 'count', 'nextCursor'],
  properties: {
    dryRun: { type: 'boolean' },
    ...bulkCount,
    samples: {
      type: 'array',
      description: 'In a dry run: the first hundred of the deliveries it would make once more.',
      items: {
        type: 'object',
        required: ['id', 'eventId', 'eventType', 'entityUuid'],
        properties: {
          id,
          eventId: id,
          eventType: text,
          entityUuid: { type: ['string', 'null'] },
        },
      },
    },
  },
} as const;

export const flowSchemas = [
  { $id: 'Event', ...event },
  { $id: 'EventDetail', ...eventDetail },
  { $id: 'Explanation', ...explanation },
  { $id: 'Attempt', ...attempt },
  { $id: 'Delivery', ...delivery },
  { $id: 'DeliveryDetail', ...deliveryDetail },
  { $id: 'BulkRedelivery', ...bulkRedelivery },
  { $id: 'BulkRedelivered', ...bulkRedelivered },
  {
    $id: 'BulkDeleted',
    type: 'object',
    required: ['count', 'nextCursor'],
    properties: bulkCount,
  },
];
