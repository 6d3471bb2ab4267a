/**
 * The commands of webhooks and their filters.
 *
 * Source: reference "CloudStack" section 1.1; apache/cloudstack, plugins/event-bus/webhook (the commands' annotations).
 */
import {
  account,
  admins,
  createParameters,
  domainid,
  idOf,
  keyword,
  paging,
  projectid,
  success,
  updateParameters,
  webhookid,
} from './common-parameters.ts';
import type { CommandDefinition } from '../request/definition.ts';
import { objectFields } from './objects.ts';

export const webhookCommands: readonly CommandDefinition[] = [
  {
    name: 'createWebhook',
    description: 'Creates a Webhook',
    since: '4.20.0',
    parameters: [
      ...createParameters,
      {
        ...account,
        description: 'An optional account for the Webhook. Must be used with domainId.',
      },
      {
        ...domainid,
        description:
          'an optional domainId for the Webhook. If the account parameter is used, domainId must also be used.',
      },
      { ...projectid, description: 'Project for the Webhook' },
    ],
    answers: 'webhook',
    fields: objectFields.webhook,
  },
  {
    name: 'listWebhooks',
    description: 'Lists Webhooks',
    since: '4.20.0',
    parameters: [
      idOf('webhook', 'Webhook'),
      { name: 'state', kind: 'string', description: 'The state of the Webhook' },
      { name: 'name', kind: 'string', description: 'The name of the Webhook' },
      { name: 'scope', kind: 'string', roles: admins, description: 'The scope of the Webhook' },
      account,
      domainid,
      {
        name: 'isrecursive',
        kind: 'boolean',
        description:
          'defaults to false, but if true, lists all resources from the parent specified by the domainId till leaves.',
      },
      {
        name: 'listall',
        kind: 'boolean',
        description:
          "If set to false, list only resources belonging to the command's caller; if set to true - list resources that the caller is authorized to see. Default value is false.",
      },
      projectid,
      keyword,
      ...paging,
    ],
    answers: 'webhook',
    fields: objectFields.webhook,
  },
  {
    name: 'updateWebhook',
    description: 'Updates a Webhook',
    since: '4.20.0',
    parameters: [{ ...idOf('webhook', 'Webhook'), required: true }, ...updateParameters],
    answers: 'webhook',
    fields: objectFields.webhook,
  },
  {
    name: 'deleteWebhook',
    description: 'Deletes a Webhook',
    since: '4.20.0',
    parameters: [{ ...idOf('webhook', 'Webhook'), required: true }],
    fields: success,
  },
];

export const filterCommands: readonly CommandDefinition[] = [
  {
    name: 'addWebhookFilter',
    description: 'Adds a Webhook filter',
    since: '4.23.0',
    parameters: [
      { ...webhookid, required: true },
      { name: 'mode', kind: 'string', description: 'Include, the default, or Exclude' },
      {
        name: 'matchtype',
        kind: 'string',
        field: 'matchType',
        description: 'Exact, the default, Prefix, Suffix or Contains',
      },
      {
        name: 'value',
        kind: 'string',
        required: true,
        description: 'An event type, or a part of one',
      },
    ],
    answers: 'webhookfilter',
    fields: objectFields.webhookfilter,
  },
  {
    name: 'listWebhookFilters',
    description: 'Lists Webhook filters',
    since: '4.23.0',
    parameters: [idOf('webhookfilter', 'Webhook filter'), webhookid, ...paging],
    answers: 'webhookfilter',
    fields: objectFields.webhookfilter,
  },
  {
    name: 'deleteWebhookFilter',
    description: 'Deletes Webhook filters: one, or all of a Webhook',
    since: '4.23.0',
    parameters: [idOf('webhookfilter', 'Webhook filter'), webhookid],
    fields: success,
  },
];
