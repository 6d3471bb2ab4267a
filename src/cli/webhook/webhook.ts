/** `hookline webhook …` */
import { scopes, webhookStates } from '../../webhook/words.ts';
import { exportCommand } from '../apply/export.ts';
import type { CommandDefinition } from '../command/definition.ts';
import { limit } from '../command/option.ts';
import { parseSeconds } from '../command/value.ts';
import type { Row } from '../terminal/show.ts';
import { filterCommands } from './filter.ts';
import { filterHelp, parseFilter, showFilter } from './filter-text.ts';
import { redeliverCommand } from './redeliver.ts';
import { testCommand } from './test-delivery.ts';
import { changeOptions, createOptions } from './webhook-option.ts';

type Webhook = {
  readonly filters: readonly (Row & { readonly id: string })[];
  readonly health: { readonly state: string };
};

const toWebhookRow = (webhook: Webhook): Row => ({
  ...webhook,
  health: webhook.health.state,
  filters: webhook.filters.map(showFilter),
});

/** Each filter with its id, which removes it. */
const toWebhookFacts = (webhook: Webhook): Row => ({
  ...webhook,
  filters: webhook.filters.map(filter => `${showFilter(filter)}  (${filter.id})`),
});

export const webhookCommands: readonly CommandDefinition[] = [
  { words: 'webhook', about: 'webhooks, which events are delivered to' },
  {
    words: 'webhook list',
    about: 'list webhooks, oldest first',
    request: 'GET /v1/webhooks',
    options: {
      state: { usage: '--state <state>  only in this state', choices: webhookStates },
      scope: { usage: '--scope <scope>  only of this scope', choices: scopes },
      name: '--name <name>  only of exactly this name',
      accountId: '--account <id>  only of this owner',
      domainId: '--domain <id>  only of this domain',
      limit,
    },
    columns: 'id name state health scope format payloadUrl hasSecret filters',
    digest: toWebhookRow,
  },
  {
    words: 'webhook show <id>',
    about: 'show a webhook, how its deliveries go, and how long an outage may last',
    request: 'GET /v1/webhooks/{id}',
    digest: toWebhookFacts,
  },
  {
    words: 'webhook create',
    about: 'create a webhook',
    request: 'POST /v1/webhooks',
    options: {
      ...createOptions,
      accountId: '--account <id>  the owner; your own account when absent',
      filters: {
        usage: `--filter <filter>  ${filterHelp}; may be repeated`,
        parse: parseFilter,
        isRepeated: true,
      },
    },
    digest: toWebhookFacts,
  },
  {
    words: 'webhook update <id>',
    about: 'update the given fields of a webhook, and no others',
    request: 'PATCH /v1/webhooks/{id}',
    options: changeOptions,
    digest: toWebhookFacts,
  },
  {
    words: 'webhook delete <id...>',
    about: 'delete webhooks',
    request: 'DELETE /v1/webhooks/{id}',
  },
  {
    words: 'webhook enable <id...>',
    about: 'enable webhooks; what waits for one that was paused is sent',
    request: 'PATCH /v1/webhooks/{id}',
    body: { state: 'Enabled' },
    done: '{id} is Enabled',
  },
  {
    words: 'webhook disable <id...>',
    about:
      'disable webhooks: they get no events, and what waits for them is cancelled; `hookline webhook redeliver --state cancelled` brings it back',
    request: 'PATCH /v1/webhooks/{id}',
    body: { state: 'Disabled' },
    done: '{id} is Disabled',
  },
  {
    words: 'webhook pause <id...>',
    about:
      'pause webhooks: nothing is sent to them, and their events are kept until `hookline webhook resume`',
    request: 'PATCH /v1/webhooks/{id}',
    body: { state: 'Paused' },
    done: '{id} is Paused',
  },
  {
    words: 'webhook resume <id...>',
    about: 'send what waits for paused webhooks, and go on; the same as `hookline webhook enable`',
    request: 'PATCH /v1/webhooks/{id}',
    body: { state: 'Enabled' },
    done: '{id} is Enabled',
  },
  ...filterCommands,
  testCommand,
  {
    words: 'webhook rotate-secret <id>',
    about:
      'replace the secret of a webhook and show the new one, only once; the former secret signs beside it for a while',
    request: 'POST /v1/webhooks/{id}/secret',
    options: {
      overlap: {
        usage:
          '--overlap <time>  how long the former secret signs, such as 24h or 0; a day when absent',
        parse: parseSeconds,
      },
      secretKey: {
        usage:
          '--secret <text>  the new secret, for libraries of Standard Webhooks whsec_… or base64; - reads it from standard input; generated when absent',
        input: 'line',
      },
    },
  },
  redeliverCommand,
  exportCommand,
];
