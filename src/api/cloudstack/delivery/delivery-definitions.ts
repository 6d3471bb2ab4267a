/**
 * Definitions of the commands for deliveries.
 *
 * Source: reference "CloudStack" section 1.1; apache/cloudstack, plugins/event-bus/webhook (the commands' annotations).
 */
import {
  idOf,
  keyword,
  paging,
  success,
  webhookid,
  updateParameters,
} from '../webhook/common-parameters.ts';
import type { CommandDefinition, ParameterDefinition } from '../request/definition.ts';
import { objectFields } from '../webhook/objects.ts';

const deliveryRange: readonly ParameterDefinition[] = [
  {
    name: 'managementserverid',
    kind: 'uuid',
    roles: ['Admin'],
    description: 'The ID of the management server; there is none here',
  },
  {
    name: 'startdate',
    kind: 'date',
    description:
      'The start of the range, yyyy-MM-dd or yyyy-MM-dd HH:mm:ss in UTC: deliveries that started then or later',
  },
  {
    name: 'enddate',
    kind: 'date',
    description:
      'The end of the range, yyyy-MM-dd or yyyy-MM-dd HH:mm:ss in UTC: deliveries that ended then or before',
  },
];

export const deliveryCommands: readonly CommandDefinition[] = [
  {
    name: 'listWebhookDeliveries',
    description: 'Lists Webhook deliveries',
    since: '4.20.0',
    parameters: [
      idOf('webhookdelivery', 'Webhook delivery'),
      webhookid,
      ...deliveryRange,
      {
        name: 'eventtype',
        kind: 'string',
        field: 'eventType',
        description: 'The event type of the Webhook delivery',
      },
      keyword,
      ...paging,
    ],
    answers: 'webhookdelivery',
    fields: objectFields.webhookdelivery,
  },
  {
    name: 'deleteWebhookDelivery',
    description: 'Deletes Webhook delivery',
    since: '4.20.0',
    parameters: [idOf('webhookdelivery', 'Webhook delivery'), webhookid, ...deliveryRange],
    fields: success,
  },
  {
    name: 'executeWebhookDelivery',
    description: 'Executes a Webhook delivery',
    since: '4.20.0',
    parameters: [
      { ...idOf('webhookdelivery', 'Webhook delivery'), description: 'The delivery to make again' },
      { ...webhookid, description: 'The Webhook to make a test delivery to' },
      ...updateParameters.filter(({ name }) =>
        ['payloadurl', 'secretkey', 'sslverification'].includes(name),
      ),
      {
        name: 'payload',
        kind: 'string',
        lengthMax: 65_536,
        description: 'Payload of the test delivery',
      },
    ],
    answers: 'webhookdelivery',
    fields: objectFields.webhookdelivery,
  },
];
