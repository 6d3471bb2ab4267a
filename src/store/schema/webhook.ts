/** The tables of webhooks, their filters and their secrets. */
import { defineEntity, p } from '@mikro-orm/core';

import type { WebhookFilter } from '../../webhook/webhook.ts';
import type { FilterType, Ordering, Scope, WebhookState } from '../../webhook/words.ts';
import type { WebhookValues } from '../../webhook/values.ts';
import { AccountTable, DomainTable } from './directory.ts';

/** A tenant's wish to be told of events. */
export const WebhookTable = defineEntity({
  name: 'Webhook',
  tableName: 'webhook',
  uniques: [{ properties: ['accountId', 'payloadUrl'] }],
  indexes: [{ properties: ['name', 'id'] }],
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    name: p.text(),
    description: p.text().nullable(),
    state: p.text().$type<WebhookState>().default('Enabled'),
    scope: p.text().$type<Scope>().default('Local'),
    accountId: () =>
      p.manyToOne(AccountTable).mapToPk().fieldNames('account_id').deleteRule('cascade'),
    domainId: () =>
      p.manyToOne(DomainTable).mapToPk().fieldNames('domain_id').index().deleteRule('cascade'),
    payloadUrl: p.text(),
    sslVerification: p.boolean().default(true),
    /** PEM. */
    caCertificate: p.text().nullable(),
    /** Name → value; what may be in it is `format/own-header.ts`. */
    headers: p.json().$type<Record<string, string>>().nullable(),
    /** A name of `format/formats.ts`. */
    format: p.text().default('cloudstack'),
    body: p.json().$type<Record<string, unknown>>().nullable(),
    msgKey: p.text().nullable(),
    template: p.text().nullable(),
    validation: p.text().$type<WebhookValues['validation']>().nullable(),
    categories: p.array().columnType('text[]').default(['ActionEvent']),
    tries: p.integer().nullable(),
    timeoutMs: p.integer().nullable(),
    concurrencyMax: p.integer().nullable(),
    ratePerSecondMax: p.integer().nullable(),
    ordering: p.text().$type<Ordering>().default('none'),
    /** `Batching` of src/webhook/batching.ts. */
    batch: p.json().$type<Record<string, unknown>>().nullable(),
    created: p.datetime().defaultRaw('now()'),
    updated: p.datetime().defaultRaw('now()'),
  },
  checks: [
    { name: 'webhook_state_check', expression: `state in ('Enabled', 'Disabled')` },
    { name: 'webhook_scope_check', expression: `scope in ('Local', 'Domain', 'Global')` },
    { name: 'webhook_headers_check', expression: `jsonb_typeof(headers) = 'object'` },
    { name: 'webhook_body_check', expression: `jsonb_typeof(body) = 'object'` },
    {
      name: 'webhook_validation_check',
      expression: `validation in ('none', 'post', 'options')`,
    },
    { name: 'webhook_tries_check', expression: 'tries >= 1 and tries <= 100' },
    { name: 'webhook_timeout_ms_check', expression: 'timeout_ms >= 100 and timeout_ms <= 600000' },
    {
      name: 'webhook_concurrency_max_check',
      expression: 'concurrency_max >= 1 and concurrency_max <= 10000',
    },
    { name: 'webhook_batch_check', expression: `jsonb_typeof(batch) = 'object'` },
    { name: 'webhook_ordering_check', expression: `ordering in ('none', 'entity')` },
    {
      name: 'webhook_rate_per_second_max_check',
      expression: 'rate_per_second_max >= 1 and rate_per_second_max <= 10000',
    },
  ],
});

/** One condition on events; how several combine is `match/conditions.ts`. */
export const WebhookFilterTable = defineEntity({
  name: 'WebhookFilter',
  tableName: 'webhook_filter',
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    webhookId: () =>
      p.manyToOne(WebhookTable).mapToPk().fieldNames('webhook_id').index().deleteRule('cascade'),
    type: p.text().$type<FilterType>().default('EventType'),
    mode: p.text().$type<WebhookFilter['mode']>().default('Include'),
    matchType: p.text().$type<WebhookFilter['matchType']>().default('Exact'),
    value: p.text(),
    created: p.datetime().defaultRaw('now()'),
  },
  checks: [
    {
      name: 'webhook_filter_type_check',
      expression: `type in ('EventType', 'Entity', 'EntityUuid', 'Status', 'Account', 'Source', 'Severity', 'Expression')`,
    },
    { name: 'webhook_filter_mode_check', expression: `mode in ('Include', 'Exclude')` },
    {
      name: 'webhook_filter_match_type_check',
      expression: `match_type in ('Exact', 'Prefix', 'Suffix', 'Contains')`,
    },
  ],
});

/** What a webhook's deliveries are signed with. */
export const WebhookSecretTable = defineEntity({
  name: 'WebhookSecret',
  tableName: 'webhook_secret',
  uniques: [
    {
      name: 'webhook_secret_current_index',
      properties: ['webhookId'],
      where: 'expires_at is null',
    },
  ],
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    webhookId: () =>
      p.manyToOne(WebhookTable).mapToPk().fieldNames('webhook_id').index().deleteRule('cascade'),
    /** AES-256-GCM under the operator's key (src/access/secret/seal.ts). */
    sealed: p.blob().$type<Buffer>(),
    created: p.datetime().defaultRaw('now()'),
    /** Of one that was replaced; the current one, of which there is one at most, has none. */
    expiresAt: p.datetime().nullable(),
  },
});
