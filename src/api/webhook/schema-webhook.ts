/** JSON schemas of webhooks: what requests may hold, and what answers look like. */
import { batchShapes } from '../../format/batch.ts';
import { batchingLimits } from '../../webhook/batching.ts';
import { categories } from '../../event/envelope.ts';
import { ownHeadersMax } from '../../format/own-header.ts';
import { orderings, scopes, webhookStates } from '../../webhook/words.ts';
import { validations } from '../../format/format.ts';

import { healthStates } from '../../store/webhook/query-health.ts';
import { filtersMax } from '../filter/filter-rules.ts';

const id = { type: 'string', format: 'uuid' } as const;
const instant = { type: 'string', format: 'date-time' } as const;
/** Ids in the directory are the cloud's own. */
export const cloudId = {
  type: 'string',
  minLength: 1,
  maxLength: 255,
  pattern: '^[^\\u0000]+$',
} as const;
export const line = {
  type: 'string',
  maxLength: 255,
  pattern: '^(?=[\\s\\S]*\\S)[^\\u0000]*$',
} as const;

const nullable = <T extends string>(type: T) => ({ type: [type, 'null'] }) as const;

const limits = {
  tries: {
    ...nullable('integer'),
    minimum: 1,
    maximum: 100,
    description: 'Attempts in all for one delivery; null takes the configured default.',
  },
  timeoutMs: {
    ...nullable('integer'),
    minimum: 100,
    maximum: 600_000,
    description: 'Total deadline of one attempt; null takes the configured default.',
  },
  concurrencyMax: {
    ...nullable('integer'),
    minimum: 1,
    maximum: 10_000,
    description: "Requests in flight at most; null leaves it to the pool's fairness.",
  },
  ratePerSecondMax: {
    ...nullable('integer'),
    minimum: 1,
    maximum: 10_000,
    description: 'Requests begun in a second at most, by each process that delivers.',
  },
  ordering: {
    type: 'string',
    enum: orderings,
    description:
      '`entity`: of the events of one entity one at a time and the oldest first; the next waits until the one before is delivered or has failed for good.',
  },
  batch: {
    type: ['object', 'null'],
    additionalProperties: false,
    properties: {
      eventsMax: { type: 'integer', ...batchingLimits.eventsMax },
      waitMs: { type: 'integer', ...batchingLimits.waitMs },
      as: { type: 'string', enum: batchShapes, default: 'array' },
      gzip: { type: 'boolean', default: false },
    },
    description:
      'Several events in one request: sent when there are `eventsMax`, or when the oldest has waited for `waitMs`, as a JSON array or one line of JSON an event, perhaps compressed. Only formats that `GET /v1/formats` lists with `batch` take it. Null is one event a request.',
    example: null,
  },
} as const;

export const fields = {
  name: { ...line, description: 'For people.' },
  description: { ...nullable('string'), maxLength: 4_096, pattern: '^[^\\u0000]*$' },
  state: { type: 'string', enum: webhookStates },
  scope: {
    type: 'string',
    enum: scopes,
    description:
      "Local: the owner's events. Domain: those of a domain and all below it. Global: all.",
  },
  payloadUrl: {
    type: 'string',
    minLength: 1,
    maxLength: 2_047,
    description: 'Where events are posted to: http or https. Without a scheme, http.',
    example: 'https://receiver.example/hook',
  },
  sslVerification: {
    type: 'boolean',
    description: 'Whether the certificate must be valid. On for https unless turned off.',
  },
  caCertificate: {
    ...nullable('string'),
    maxLength: 65_536,
    description:
      "PEM of the authorities, or of the receiver's own certificate, that are trusted instead of the usual ones.",
  },
  headers: {
    type: ['object', 'null'],
    additionalProperties: { type: 'string' },
    maxProperties: ownHeadersMax,
    description:
      'Sent with every request. Values do not come out again: they read `***`, and `***` given back keeps the value there is. A change replaces all of them.',
    example: { Authorization: '***' },
  },
  format: {
    type: 'string',
    minLength: 1,
    maxLength: 64,
    description: 'What the requests look like; `GET /v1/formats` lists the formats.',
    example: 'cloudstack',
  },
  body: {
    type: ['object', 'null'],
    additionalProperties: true,
    maxProperties: 64,
    description:
      'Fields that are added to the body, by formats that take them; they win over the format’s own. They are shown to whoever may see the webhook: what is secret belongs into `secretKey` or `headers`.',
    example: { channel: '#operations' },
  },
  msgKey: {
    ...nullable('string'),
    minLength: 1,
    maxLength: 16,
    description: 'Format `cloudpods`: the key of the message as text; `Msg` by default.',
  },
  template: {
    ...nullable('string'),
    minLength: 1,
    maxLength: 65_536,
    description:
      'What the receiver gets instead of the format’s own words, by formats that take it.',
  },
  validation: {
    ...nullable('string'),
    enum: [...validations, null],
    description:
      'How the receiver is asked before the webhook is enabled: not at all, by a POST that it answers 200, or by the OPTIONS request of the CloudEvents WebHook specification. Null takes what is usual for the format.',
  },
  categories: {
    type: 'array',
    minItems: 1,
    maxItems: 10,
    uniqueItems: true,
    items: { type: 'string', enum: [...categories, '*'] },
    description: "CloudStack's categories of events to send; `*` is all of them.",
  },
  ...limits,
} as const;

/** What of a webhook a test delivery has to do with. */
const {
  name: _name,
  description: _description,
  state: _state,
  scope: _scope,
  categories: _categories,
  tries: _tries,
  concurrencyMax: _concurrencyMax,
  ...sentFields
} = fields;

const secretKey = {
  ...nullable('string'),
  minLength: 0,
  maxLength: 1_024,
  description: 'Signs the deliveries. Never comes out again; null or "" takes it away.',
} as const;

const domainId = {
  ...cloudId,
  description: 'Only with scope Domain; else it is the domain of the owner.',
} as const;
const accountId = {
  ...cloudId,
  description: 'The owner; cannot be changed. Your own account when absent.',
} as const;

const payload = {
  type: 'string',
  maxLength: 524_288,
  description: 'The body. When absent or empty, CloudStack\'s own: `{ "CloudStack": "works!" }`.',
} as const;

const webhookTest = {
  type: 'object',
  additionalProperties: false,
  properties: {
    payload,
    payloadUrl: { ...fields.payloadUrl, description: "Instead of the webhook's own." },
    sslVerification: { ...fields.sslVerification, description: "Instead of the webhook's own." },
    secretKey: { ...secretKey, description: 'Signs it instead of its own; null or "": unsigned.' },
  },
} as const;

const unsavedTest = {
  type: 'object',
  additionalProperties: false,
  required: ['payloadUrl'],
  properties: {
    ...sentFields,
    payload,
    secretKey: { ...secretKey, description: 'Signs it.' },
    accountId: {
      ...cloudId,
      description: 'Whose webhook it would be: the owner decides what may be reached.',
    },
  },
} as const;

const newWebhook = {
  type: 'object',
  additionalProperties: false,
  required: ['name', 'payloadUrl'],
  properties: {
    ...fields,
    secretKey,
    accountId,
    domainId,
    filters: { type: 'array', maxItems: filtersMax, items: { $ref: 'NewFilter#' } },
  },
} as const;

const webhookChange = {
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  properties: { ...fields, secretKey, domainId },
} as const;

const health = {
  type: 'object',
  required: ['state', 'attempted', 'delivered', 'lastAttemptAt', 'lastError'],
  description:
    'How the newest deliveries went, of those that have been tried. It changes by itself, so the ETag is not of it.',
  properties: {
    state: {
      type: 'string',
      enum: healthStates,
      description:
        '`failing`: none of the newest three arrived; `degraded`: some of them all did not; `unknown`: nothing was tried yet.',
    },
    attempted: { type: 'integer' },
    delivered: { type: 'integer' },
    lastAttemptAt: { type: ['string', 'null'], format: 'date-time' },
    lastError: { type: ['string', 'null'], description: 'Of the newest that did not arrive.' },
  },
} as const;

const webhook = {
  type: 'object',
  required: [
    'id',
    ...Object.keys(fields),
    'accountId',
    'domainId',
    'hasSecret',
    'filters',
    'health',
    'created',
    'updated',
  ],
  properties: {
    id,
    ...fields,
    accountId,
    domainId,
    hasSecret: { type: 'boolean' },
    filters: { type: 'array', items: { $ref: 'Filter#' } },
    health,
    created: instant,
    updated: instant,
  },
} as const;

export const webhookSchemas = [
  { $id: 'NewWebhook', ...newWebhook },
  { $id: 'WebhookChange', ...webhookChange },
  { $id: 'Webhook', ...webhook },
  { $id: 'WebhookTest', ...webhookTest },
  { $id: 'UnsavedTest', ...unsavedTest },
];
