/** JSON schemas of requests and answers about webhooks, built of `webhook/fields.ts`. */
import { Type } from 'typebox';
import type { Static } from 'typebox';

import {
  arrayOf,
  cloudId,
  flag,
  uuid,
  instant,
  nullable,
  oneOf,
  schemaOf,
  text,
  whole,
} from '../../event/schema.ts';
import { filtersMax } from '../../webhook/filter/filter-rules.ts';
import { backlogCountMax, healthDeliveriesMax, healthStates } from '../../webhook/health.ts';
import { fieldNames, fieldsKnownTo, requiredFields, schemasOf } from '../../webhook/values.ts';
import { newFilter, shownFilter, warnings } from '../filter/schema-filter.ts';
import { closed, ref } from '../http/schema.ts';

const fields = schemasOf(fieldNames);
const { payloadUrl, sslVerification } = fields;
const changes = Type.Partial(Type.Object(fields)).properties;

const secretKey = (description: string) =>
  Type.Optional(nullable(text({ minLength: 0, maxLength: 1_024, description })));

const domainId = cloudId({
  description: 'Only with scope Domain; otherwise it is the domain of the owner.',
});
const accountId = cloudId({
  description: 'The owner, which cannot be changed; your own account when absent.',
});
const writtenSecret = secretKey(
  'Secret that signs the deliveries. It is never shown; null or "" unsets it. Libraries of Standard Webhooks take `whsec_` with base64 behind it, or base64 alone; a receiver can verify with any other text if it uses its bytes as the key.',
);

export const newWebhook = closed(
  {
    ...changes,
    ...schemasOf(requiredFields),
    secretKey: writtenSecret,
    accountId: Type.Optional(accountId),
    domainId: Type.Optional(domainId),
    filters: Type.Optional(arrayOf(ref(newFilter), { maxItems: filtersMax })),
  },
  { $id: 'NewWebhook', description: 'A webhook to create.' },
);
export type NewWebhookBody = Static<typeof newWebhook>;

export const webhookChange = closed(
  { ...changes, secretKey: writtenSecret, domainId: Type.Optional(domainId) },
  { $id: 'WebhookChange', description: 'What changes about a webhook.', minProperties: 1 },
);
export type WebhookChangeBody = Static<typeof webhookChange>;

const payload = Type.Optional(
  text({
    maxLength: 524_288,
    description: 'The body; CloudStack\'s own, `{ "CloudStack": "works!" }`, when absent or empty.',
  }),
);

export const webhookTest = closed(
  {
    payload,
    payloadUrl: Type.Optional(
      schemaOf<string>({ ...payloadUrl, description: "Used instead of the webhook's own." }),
    ),
    sslVerification: Type.Optional(
      schemaOf<boolean>({ ...sslVerification, description: "Used instead of the webhook's own." }),
    ),
    secretKey: secretKey(
      'Secret used instead of the webhook\'s own; null or "" leaves the request unsigned.',
    ),
  },
  { $id: 'WebhookTest', description: 'What a test delivery does differently from a real one.' },
);
export type WebhookTestBody = Static<typeof webhookTest>;

export const unsavedTest = closed(
  {
    ...Type.Partial(Type.Object(schemasOf(fieldsKnownTo('test')))).properties,
    payloadUrl,
    payload,
    secretKey: secretKey('Secret that signs the request.'),
    accountId: Type.Optional(
      cloudId({ description: 'The owner, which decides the addresses that may be reached.' }),
    ),
  },
  { $id: 'UnsavedTest', description: 'A webhook that is not saved, and what to send to it.' },
);
export type UnsavedTestBody = Static<typeof unsavedTest>;

export const shownHealth = Type.Object(
  {
    state: oneOf(healthStates, {
      description:
        '`failing`: the last three attempts failed; `open`: its receiver is down, and deliveries wait for a probe; `paused`: deliveries wait until it is enabled; `disabled`: it receives nothing.',
    }),
    since: nullable(
      instant({
        description: 'Start of this state; null for a webhook that never failed.',
      }),
    ),
    reason: nullable(
      text({
        description:
          'Who paused or disabled it, or why Hookline did; null while it is enabled, and after a change in plain SQL.',
        example: 'disabled by admin',
      }),
    ),
    lastError: nullable(text({ description: 'Error of the newest failure.' })),
    nextProbeAt: nullable(
      instant({ description: 'In state `open`: when the next delivery is attempted.' }),
    ),
    backlog: whole({
      description: `Number of deliveries that wait to be sent, counted up to ${backlogCountMax}.`,
    }),
    backlogCutAt: nullable(
      instant({
        description:
          'When the oldest of them were first given up for `webhook.backlog.limit` or `account.backlog.limit`; null while the backlog is well below.',
      }),
    ),
    attempted: whole({
      description: `Deliveries among the newest ${healthDeliveriesMax} that were attempted.`,
    }),
    delivered: whole({ description: 'Attempted deliveries that arrived.' }),
    lastAttemptAt: nullable(instant()),
  },
  {
    $id: 'WebhookHealth',
    description: 'It changes by itself and does not count for the ETag.',
  },
);

export const shownWebhook = Type.Object(
  {
    id: uuid(),
    ...fields,
    accountId,
    domainId,
    hasSecret: flag(),
    filters: arrayOf(ref(shownFilter)),
    health: ref(shownHealth),
    retry: text({
      description:
        'What becomes of deliveries that are not accepted, and how long an outage may last.',
    }),
    created: instant(),
    updated: instant(),
  },
  { $id: 'Webhook', description: 'A webhook.' },
);

export const savedWebhook = Type.Object(
  { ...shownWebhook.properties, warnings },
  { $id: 'SavedWebhook', description: 'A webhook that was just saved.' },
);
