/**
 * Every field of a webhook, stated once. REST's requests and answers, rows, the webhook in memory, the options of
 * `hookline webhook create`, and the check of files by `apply` all follow from this table. A new field is an entry here, a
 * column of `store/schema/webhook.ts`, and a migration.
 *
 * Source: apache/cloudstack, CreateWebhookCmd, for the fields that CloudStack has.
 */
import { categories, ownCategory } from '../event/envelope.ts';
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
import { defaultFormat, validations } from '../format/format.ts';
import { ownHeadersMax } from '../format/own-header.ts';
import { signatureEncodings } from '../format/sign.ts';
import { batchSchema } from './batching.ts';
import { field } from './field.ts';
import { orderings, scopes, webhookStates } from './words.ts';

export const webhookFields = {
  name: field('engine', line({ description: 'A name for people.' }), {
    option: { about: 'a name for people', value: 'name' },
  }),
  description: field(
    'people',
    nullable(
      text({
        maxLength: 4_096,
        pattern: '^[^\\u0000]*$',
        description: 'A description for people.',
      }),
    ),
    { initial: null, option: { about: 'a description for people' } },
  ),
  state: field(
    'engine',
    oneOf(webhookStates, {
      description:
        '`Enabled`: events are sent. `Paused`: events are kept and nothing is sent, until it is enabled again. `Disabled`: it gets no events, and all that waits for it is cancelled.',
    }),
    {
      initial: 'Enabled',
      option: {
        about:
          'Paused keeps events and sends nothing; Disabled gets no events, and what waits is cancelled',
        value: 'state',
      },
    },
  ),
  scope: field(
    'engine',
    oneOf(scopes, {
      description:
        "`Local`: the owner's events; `Domain`: events of a domain and all below it; `Global`: all events.",
    }),
    { initial: 'Local', option: { about: 'whose events it receives', value: 'scope' } },
  ),
  payloadUrl: field(
    'receiver',
    text({
      minLength: 1,
      maxLength: 2_047,
      description: 'URL that events are posted to, http or https; http when it has no scheme.',
      example: 'https://receiver.example/hook',
    }),
    { option: { about: 'URL that events are sent to', value: 'url' } },
  ),
  // The initial value is that of an https URL; for http it is off.
  sslVerification: field(
    'receiver',
    flag({
      description: 'Whether the certificate must be valid; true for https unless set otherwise.',
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
    {
      initial: null,
      option: {
        about:
          'file with the authorities trusted instead of the usual ones, in PEM; "" unsets them',
        value: 'file',
        input: 'file',
      },
    },
  ),
  headers: field(
    'receiver',
    nullable(
      mapOf(text(), {
        maxProperties: ownHeadersMax,
        description:
          'Headers sent with every request. Values are never shown: they read `***`, and `***` in a request keeps the present value. An update replaces all headers.',
        example: { Authorization: '***' },
      }),
    ),
    {
      initial: null,
      option: {
        about:
          'header of every request, such as "Authorization: @token.txt": @ reads the value from a file, as the list of processes shows what is typed; may be repeated, replaces all headers, "" unsets them',
        value: 'header',
        name: 'header',
        input: 'headers',
      },
    },
  ),
  format: field(
    'receiver',
    text({
      minLength: 1,
      maxLength: 64,
      description: 'Format of the requests; `GET /v1/formats` lists the formats.',
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
          'Fields added to the body, for formats that take them; they override the format’s own. Whoever may see the webhook sees them: put secrets into `secretKey` or `headers`.',
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
        description:
          'Format `cloudpods`: key under which the message is repeated as text; `Msg` by default.',
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
        description: 'Template of the body in place of the format’s own, for formats that take it.',
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
  signatureEncoding: field(
    'receiver',
    nullable(
      oneOf(signatureEncodings, {
        description:
          "Encoding of `X-CS-Signature`: `base64` as CloudStack's code writes it, `hex` as adnanh/webhook and many others read it. Null takes the operator's `signature.encoding`. Formats with a signature of their own keep its encoding.",
      }),
    ),
    { initial: null, option: { about: 'encoding of X-CS-Signature', value: 'encoding' } },
  ),
  validation: field(
    'receiver',
    nullable(
      oneOf(validations, {
        description:
          'How the receiver is asked before the webhook is enabled: not at all, by a POST that it answers with 200, or by the OPTIONS request of the CloudEvents WebHook specification. Null takes the default of the format.',
      }),
    ),
    {
      initial: null,
      option: { about: 'how the receiver is asked whether it wants deliveries', value: 'how' },
    },
  ),
  categories: field(
    'engine',
    arrayOf(schemaOf<string>(oneOf([...categories, ownCategory, '*'])), {
      minItems: 1,
      maxItems: 10,
      uniqueItems: true,
      description:
        "CloudStack's categories of the events to send; `*` is all of them. `HooklineEvent` adds Hookline's own events about webhooks.",
    }),
    { initial: ['ActionEvent'], option: { about: "CloudStack's categories, *, or HooklineEvent" } },
  ),
  tries: field(
    'engine',
    nullable(
      whole({
        minimum: 1,
        maximum: 100,
        description: 'Maximum number of attempts of a delivery; null takes the configured default.',
      }),
    ),
    {
      initial: null,
      option: { about: 'maximum number of attempts of a delivery; else a setting says' },
    },
  ),
  timeoutMs: field(
    'test',
    nullable(
      whole({
        minimum: 100,
        maximum: 600_000,
        description:
          'Maximum duration of an attempt, in milliseconds, up to the limit that the operator sets (`dispatch.timeoutMsMax`); null takes the configured default.',
      }),
    ),
    {
      initial: null,
      option: { about: 'maximum duration of an attempt; else a setting says', value: 'ms' },
    },
  ),
  concurrencyMax: field(
    'engine',
    nullable(
      whole({
        minimum: 1,
        maximum: 10_000,
        description: "Maximum number of requests in flight; null leaves it to the pool's fairness.",
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
        description:
          'Maximum number of requests per second, by each process that delivers; null is no limit.',
      }),
    ),
    { initial: null, option: { about: 'maximum number of requests per second' } },
  ),
  ordering: field(
    'test',
    oneOf(orderings, {
      description:
        '`entity`: events of one entity are delivered one at a time, oldest first; each waits until the one before it is delivered or has failed for good.',
    }),
    {
      initial: 'none',
      option: {
        about: 'entity: events of one entity are delivered one at a time, in order',
        value: 'how',
      },
    },
  ),
  batch: field('test', nullable(batchSchema), {
    initial: null,
    option: {
      about:
        'several events in a request: {"eventsMax":100,"bytesMax":1000000,"waitMs":1000,"as":"ndjson","gzip":true}; "" is one event a request',
    },
  }),
};
