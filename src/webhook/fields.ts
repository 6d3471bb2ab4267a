/**
 * Every field of a webhook, stated once. What REST accepts and answers, the values of a row, the webhook in memory, the
 * options of `hookline webhook create` and what `apply` checks a file against all follow from this table; a new field is
 * an entry here, a column of `store/schema/webhook.ts`, and a migration.
 *
 * Source: apache/cloudstack, CreateWebhookCmd, for the fields that CloudStack has.
 */
import { categories } from '../event/envelope.ts';
import {
  arrayOf,
  flag,
  line,
  mapOf,
  nullable,
  oneOf,
  schemaOf,
  text,
  whole,
} from '../event/schema.ts';
import { batchShapes } from '../format/batch.ts';
import { validations } from '../format/format.ts';
import { defaultFormat } from '../format/format.ts';
import { ownHeadersMax } from '../format/own-header.ts';
import { batchingLimits } from './batching.ts';
import type { Batching } from './batching.ts';
import { field } from './field.ts';
import { orderings, scopes, webhookStates } from './words.ts';

export const webhookFields = {
  name: field('engine', line({ description: 'For people.' }), {
    option: { about: 'a name for people', value: 'name' },
  }),
  description: field('people', nullable(text({ maxLength: 4_096, pattern: '^[^\\u0000]*$' })), {
    initial: null,
    option: { about: 'a description for people' },
  }),
  state: field('engine', oneOf(webhookStates), {
    initial: 'Enabled',
    option: { about: 'a disabled webhook receives nothing', value: 'state' },
  }),
  scope: field(
    'engine',
    oneOf(scopes, {
      description:
        "Local: the owner's events. Domain: those of a domain and all below it. Global: all.",
    }),
    { initial: 'Local', option: { about: 'whose events it receives', value: 'scope' } },
  ),
  payloadUrl: field(
    'receiver',
    text({
      minLength: 1,
      maxLength: 2_047,
      description: 'Where events are posted to: http or https. Without a scheme, http.',
      example: 'https://receiver.example/hook',
    }),
    { option: { about: 'URL that events are sent to', value: 'url' } },
  ),
  // The initial value is that of an https URL; for http it is off.
  sslVerification: field(
    'receiver',
    flag({
      description: 'Whether the certificate must be valid. On for https unless turned off.',
    }),
    {
      initial: true,
      option: { about: 'require a valid certificate (https)', negated: 'accept any certificate' },
    },
  ),
  caCertificate: field(
    'receiver',
    nullable(
      text({
        maxLength: 65_536,
        description:
          "PEM of the authorities, or of the receiver's own certificate, that are trusted instead of the usual ones.",
      }),
    ),
    { initial: null },
  ),
  // No option: the list of processes would show credentials to everybody on the machine.
  headers: field(
    'receiver',
    nullable(
      mapOf(text(), {
        maxProperties: ownHeadersMax,
        description:
          'Sent with every request. Values do not come out again: they read `***`, and `***` given back keeps the value there is. A change replaces all of them.',
        example: { Authorization: '***' },
      }),
    ),
    { initial: null },
  ),
  format: field(
    'receiver',
    text({
      minLength: 1,
      maxLength: 64,
      description: 'What the requests look like; `GET /v1/formats` lists the formats.',
      example: 'cloudstack',
    }),
    {
      initial: defaultFormat,
      option: { about: 'format of the requests; see `hookline format list`', value: 'name' },
    },
  ),
  body: field(
    'receiver',
    nullable(
      schemaOf<Readonly<Record<string, unknown>>>({
        type: 'object',
        additionalProperties: true,
        maxProperties: 64,
        description:
          'Fields that are added to the body, by formats that take them; they win over the format’s own. They are shown to whoever may see the webhook: what is secret belongs into `secretKey` or `headers`.',
        example: { channel: '#operations' },
      }),
    ),
    {
      initial: null,
      option: { about: 'fields added to the body, as a JSON object; "" unsets them' },
    },
  ),
  msgKey: field(
    'receiver',
    nullable(
      text({
        minLength: 1,
        maxLength: 16,
        description: 'Format `cloudpods`: the key of the message as text; `Msg` by default.',
      }),
    ),
    {
      initial: null,
      option: { about: 'format cloudpods: key of the message as text; "" unsets it', value: 'key' },
    },
  ),
  template: field(
    'receiver',
    nullable(
      text({
        minLength: 1,
        maxLength: 65_536,
        description:
          'What the receiver gets instead of the format’s own words, by formats that take it.',
      }),
    ),
    {
      initial: null,
      option: {
        about:
          'template of the body in place of the format; - reads it from standard input; "" unsets it',
        input: 'text',
      },
    },
  ),
  validation: field(
    'receiver',
    nullable(
      oneOf(validations, {
        description:
          'How the receiver is asked before the webhook is enabled: not at all, by a POST that it answers 200, or by the OPTIONS request of the CloudEvents WebHook specification. Null takes what is usual for the format.',
      }),
    ),
    {
      initial: null,
      option: { about: 'how the receiver is asked whether it wants deliveries', value: 'how' },
    },
  ),
  categories: field(
    'engine',
    arrayOf(schemaOf<string>(oneOf([...categories, '*'])), {
      minItems: 1,
      maxItems: 10,
      uniqueItems: true,
      description: "CloudStack's categories of events to send; `*` is all of them.",
    }),
    { initial: ['ActionEvent'], option: { about: "CloudStack's categories, or *" } },
  ),
  tries: field(
    'engine',
    nullable(
      whole({
        minimum: 1,
        maximum: 100,
        description: 'Attempts in all for one delivery; null takes the configured default.',
      }),
    ),
    { initial: null, option: { about: 'maximum number of attempts of a delivery' } },
  ),
  timeoutMs: field(
    'test',
    nullable(
      whole({
        minimum: 100,
        maximum: 600_000,
        description: 'Total deadline of one attempt; null takes the configured default.',
      }),
    ),
    { initial: null, option: { about: 'maximum duration of an attempt', value: 'ms' } },
  ),
  concurrencyMax: field(
    'engine',
    nullable(
      whole({
        minimum: 1,
        maximum: 10_000,
        description: "Requests in flight at most; null leaves it to the pool's fairness.",
      }),
    ),
    { initial: null, option: { about: 'maximum number of requests in flight' } },
  ),
  ratePerSecondMax: field(
    'test',
    nullable(
      whole({
        minimum: 1,
        maximum: 10_000,
        description: 'Requests begun in a second at most, by each process that delivers.',
      }),
    ),
    { initial: null, option: { about: 'maximum number of requests per second' } },
  ),
  ordering: field(
    'test',
    oneOf(orderings, {
      description:
        '`entity`: of the events of one entity one at a time and the oldest first; the next waits until the one before is delivered or has failed for good.',
    }),
    {
      initial: 'none',
      option: {
        about: 'entity: events of one entity are delivered one at a time, in order',
        value: 'how',
      },
    },
  ),
  batch: field(
    'test',
    // Whoever validates a request by it fills in the defaults, so a batch that is there is whole.
    nullable(
      schemaOf<Batching>({
        type: 'object',
        additionalProperties: false,
        properties: {
          eventsMax: whole(batchingLimits.eventsMax),
          waitMs: whole(batchingLimits.waitMs),
          as: oneOf(batchShapes, { default: 'array' }),
          gzip: flag({ default: false }),
        },
        description:
          'Several events in one request: sent when there are `eventsMax`, or when the oldest has waited for `waitMs`, as a JSON array or one line of JSON an event, perhaps compressed. Only formats that `GET /v1/formats` lists with `batch` take it. Null is one event a request.',
        example: null,
      }),
    ),
    {
      initial: null,
      option: {
        about:
          'several events in a request: {"eventsMax":100,"waitMs":1000,"as":"ndjson","gzip":true}; "" is one event a request',
      },
    },
  ),
};
