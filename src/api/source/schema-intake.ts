/** JSON schemas of what comes in: the sources, events that are posted, the quarantine. */
import { envelope } from '../event/schema-flow.ts';

const id = { type: 'string', format: 'uuid' } as const;
const instant = { type: 'string', format: 'date-time' } as const;
const text = { type: 'string' } as const;

/** As it is posted. */
const newEvent = {
  type: 'object',
  required: ['event'],
  additionalProperties: false,
  properties: {
    id: {
      ...text,
      description: "The sender's own: an event whose id is recorded already is not recorded again.",
    },
    ...envelope,
  },
} as const;

const takenEvents = {
  type: 'object',
  required: ['ids'],
  properties: {
    ids: {
      type: 'array',
      items: id,
      description: 'Of the events, in their order; none for a message that tells of none.',
    },
  },
} as const;

const quarantinedFields = {
  id,
  source: { ...text, description: 'The configured source it came by.' },
  position: { ...text, description: 'Where it was on the bus.', example: 'cloudstack/0/42' },
  routingKey: { type: ['string', 'null'] },
  headers: { type: ['object', 'null'], additionalProperties: { type: 'string' } },
  reason: { ...text, description: 'What was wrong and what was expected.' },
  bodyBytes: { type: ['integer', 'null'], description: 'Null is a Kafka tombstone.' },
  createdAt: instant,
} as const;

const quarantined = {
  type: 'object',
  required: Object.keys(quarantinedFields),
  properties: quarantinedFields,
} as const;

const quarantinedDetail = {
  type: 'object',
  required: [...Object.keys(quarantinedFields), 'body'],
  properties: {
    ...quarantinedFields,
    body: { type: ['string', 'null'], description: 'The message as it came, in base64.' },
  },
} as const;

const retried = {
  type: 'object',
  required: ['outcome', 'eventIds', 'reason'],
  properties: {
    outcome: {
      type: 'string',
      enum: ['recorded', 'quarantined'],
      description: 'Recorded: it has left the quarantine. Quarantined: it stays, for this reason.',
    },
    eventIds: { type: 'array', items: id, description: 'None when it is of no interest.' },
    reason: { type: ['string', 'null'] },
  },
} as const;

const source = {
  type: 'object',
  required: ['name', 'kind', 'state'],
  properties: {
    name: text,
    kind: { ...text, example: 'rabbitmq' },
    state: { type: 'string', enum: ['waiting', 'running', 'paused', 'stopped'] },
    reason: { ...text, description: 'Why it waits.' },
    lag: {
      type: 'integer',
      description: 'Messages on the bus that are not recorded yet; absent while unknown.',
    },
  },
} as const;

const readiness = {
  type: 'object',
  required: ['status', 'database', 'sources'],
  properties: {
    status: { type: 'string', enum: ['ready', 'not ready'] },
    database: { type: 'string', enum: ['ok', 'unreachable'] },
    sources: { type: 'array', items: { $ref: 'Source#' } },
    directory: {
      type: 'object',
      required: ['kind', 'syncedAt', 'ageSeconds', 'failures'],
      description: 'Absent when the directory is not read from a cloud.',
      properties: {
        kind: { type: 'string', enum: ['cloudstack', 'keystone'] },
        syncedAt: { type: ['string', 'null'], format: 'date-time' },
        ageSeconds: { type: ['number', 'null'] },
        failures: { type: 'integer' },
      },
    },
  },
} as const;

export const intakeSchemas = [
  { $id: 'NewEvent', ...newEvent },
  { $id: 'TakenEvents', ...takenEvents },
  { $id: 'Quarantined', ...quarantined },
  { $id: 'QuarantinedDetail', ...quarantinedDetail },
  { $id: 'Retried', ...retried },
  { $id: 'Source', ...source },
  { $id: 'Readiness', ...readiness },
];
