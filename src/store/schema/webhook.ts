/** The tables of webhooks, their filters and their secrets. */
import { defineEntity, p } from '@mikro-orm/core';

import { webhookFields } from '../../webhook/fields.ts';
import { filterFields } from '../../webhook/filter/filter-fields.ts';
import type { FilterValues } from '../../webhook/filter/filter-fields.ts';
import { initialValues } from '../../webhook/values.ts';
import type { WebhookValues } from '../../webhook/values.ts';
import { breakerStates } from '../../webhook/health.ts';
import type { BreakerState } from '../../webhook/health.ts';
import { checksOf, checkWords } from '../sql/checks.ts';
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
    state: p.text().$type<WebhookValues['state']>().default(initialValues.state),
    scope: p.text().$type<WebhookValues['scope']>().default(initialValues.scope),
    accountId: () =>
      p.manyToOne(AccountTable).mapToPk().fieldNames('account_id').deleteRule('cascade'),
    domainId: () =>
      p.manyToOne(DomainTable).mapToPk().fieldNames('domain_id').index().deleteRule('cascade'),
    payloadUrl: p.text(),
    sslVerification: p.boolean().default(initialValues.sslVerification),
    /** PEM. */
    caCertificate: p.text().nullable(),
    /** Name → value; what may be in it is `format/own-header.ts`. */
    headers: p.json().$type<NonNullable<WebhookValues['headers']>>().nullable(),
    /** A name of `format/formats.ts`. */
    format: p.text().default(initialValues.format),
    body: p.json().$type<NonNullable<WebhookValues['body']>>().nullable(),
    msgKey: p.text().nullable(),
    template: p.text().nullable(),
    signatureEncoding: p.text().$type<NonNullable<WebhookValues['signatureEncoding']>>().nullable(),
    validation: p.text().$type<NonNullable<WebhookValues['validation']>>().nullable(),
    categories: p
      .array()
      .columnType('text[]')
      .$type<readonly string[]>()
      .default([...initialValues.categories]),
    tries: p.integer().nullable(),
    timeoutMs: p.integer().nullable(),
    concurrencyMax: p.integer().nullable(),
    ratePerSecondMax: p.integer().nullable(),
    ordering: p.text().$type<WebhookValues['ordering']>().default(initialValues.ordering),
    batch: p.json().$type<NonNullable<WebhookValues['batch']>>().nullable(),
    /** Since when it is in its state. A trigger writes it. */
    stateSince: p.datetime().defaultRaw('now()'),
    /** Who or what put it there; null where that is not known, and for one that was not put there by a change. */
    stateReason: p.text().nullable(),
    /** When it was last disabled, or its owner went: deliveries owed before are cancelled. A trigger writes it. */
    disabledAt: p.datetime().nullable(),
    /** False until a process has logged and announced that the database itself disabled it. */
    isDisablingTold: p.boolean().default(true),
    created: p.datetime().defaultRaw('now()'),
    updated: p.datetime().defaultRaw('now()'),
  },
  checks: checksOf('webhook', webhookFields),
});

/** One condition on events; how several combine is `match/conditions.ts`. */
export const WebhookFilterTable = defineEntity({
  name: 'WebhookFilter',
  tableName: 'webhook_filter',
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    webhookId: () =>
      p.manyToOne(WebhookTable).mapToPk().fieldNames('webhook_id').index().deleteRule('cascade'),
    type: p.text().$type<FilterValues['type']>().default(filterFields.type.initial),
    mode: p.text().$type<FilterValues['mode']>().default(filterFields.mode.initial),
    matchType: p.text().$type<FilterValues['matchType']>().default(filterFields.matchType.initial),
    value: p.text(),
    created: p.datetime().defaultRaw('now()'),
  },
  checks: checksOf('webhook_filter', filterFields),
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

/** How a webhook's deliveries go; one that never failed has no row. Dispatch writes it, when something changes. */
export const WebhookHealthTable = defineEntity({
  name: 'WebhookHealth',
  tableName: 'webhook_health',
  properties: {
    webhookId: () =>
      p.manyToOne(WebhookTable).mapToPk().primary().fieldNames('webhook_id').deleteRule('cascade'),
    state: p.text().$type<BreakerState>(),
    /** Since when it is in this state; failing and open begin with the failure that led there. */
    since: p.datetime(),
    /** When the first failure after the last success ended; null while it is well. */
    failingSince: p.datetime().nullable(),
    /** While it is open: nothing is sent before. */
    nextProbeAt: p.datetime().nullable(),
    lastError: p.text().nullable(),
    /** Whether the failure was announced by an event; its end is to be announced, too, then. */
    isAnnounced: p.boolean().default(false),
    /** When its backlog was first cut to its limit; null once it is well below. */
    backlogCutAt: p.datetime().nullable(),
  },
  checks: [checkWords('webhook_health', 'state', breakerStates)],
});
