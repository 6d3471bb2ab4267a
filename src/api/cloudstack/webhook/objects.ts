/**
 * The objects of answers, field by field in CloudStack's order.
 *
 * Source: reference "CloudStack" section 1.2; apache/cloudstack, WebhookResponse, WebhookDeliveryResponse,
 * WebhookFilterResponse. What is missing here is missing on purpose: docs/cloudstack-api.md.
 */
import type { NamedWebhook, NamedFilter } from '../../../store/webhook/list-by-page.ts';
import type { NamedDelivery } from '../../../store/delivery/list-by-page.ts';
import type { DescribedRequest } from '../../delivery/describe-request.ts';
import { writeInstant } from '../request/answer.ts';
import type { Fields } from '../request/answer.ts';
import type { FieldDefinition, ObjectName } from '../request/definition.ts';

export function webhookFields(webhook: NamedWebhook): Fields {
  const { domainId, domainName, accountId, accountName, accountKind } = webhook;
  const owner =
    accountKind === 'project'
      ? { projectid: accountId, project: accountName }
      : { account: accountName };
  return {
    id: webhook.id,
    name: webhook.name,
    description: webhook.description,
    state: webhook.state === 'Enabled' ? 'Enabled' : 'Disabled',
    domainid: domainId,
    domain: domainName,
    ...owner,
    payloadurl: webhook.payloadUrl,
    sslverification: webhook.sslVerification,
    scope: webhook.scope,
    created: writeInstant(webhook.created),
  };
}

/** @param sent the request as it was sent; undefined when it cannot be rendered again. */
export function deliveryFields(
  delivery: NamedDelivery,
  sent: DescribedRequest | undefined,
): Fields {
  const payload = sent?.body ?? delivery.body;
  return {
    id: delivery.id,
    eventid: delivery.eventId,
    eventtype: delivery.envelope.event,
    webhookid: delivery.webhookId,
    webhookname: delivery.webhookName,
    headers: sent && writeHeaders(sent.headers, payload),
    payload,
    success: delivery.state === 'delivered',
    response: delivery.responseBody ?? writeFailure(delivery.error),
    startdate: writeInstant(delivery.startedAt),
    enddate: writeInstant(delivery.endedAt),
  };
}

export function filterFields(filter: NamedFilter): Fields {
  return {
    id: filter.id,
    webhookid: filter.webhookId,
    webhookname: filter.webhookName,
    type: filter.type,
    mode: filter.mode,
    matchtype: filter.matchType,
    value: filter.value,
    created: writeInstant(filter.created),
  };
}

/** The text of `response` where no response came. */
export const writeFailure = (error: string | null): string | undefined =>
  error === null ? undefined : `Failed due to : ${error}`;

/** One line per header; signatures, which prove something to the receiver, are left out. */
export const writeHeaders = (headers: Readonly<Record<string, string>>, body: string): string =>
  Object.entries({ ...headers, 'Content-Length': String(Buffer.byteLength(body)) })
    .filter(([name]) => !/signature$/i.test(name))
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');

const field = (name: string, description: string, type: FieldDefinition['type'] = 'string') => ({
  name,
  type,
  description,
});

const webhook: readonly FieldDefinition[] = [
  field('id', 'The ID of the Webhook'),
  field('name', 'The name of the Webhook'),
  field('description', 'The description of the Webhook'),
  field('state', 'The state of the Webhook'),
  field('domainid', 'The ID of the domain in which the Webhook exists'),
  field('domain', 'The name of the domain in which the Webhook exists'),
  field('account', 'The account associated with the Webhook'),
  field('projectid', 'The ID of the project associated with the Webhook'),
  field('project', 'The name of the project associated with the Webhook'),
  field('payloadurl', 'The payload URL end point for the Webhook'),
  field('sslverification', 'Whether SSL verification is enabled for the Webhook', 'boolean'),
  field('scope', 'The scope of the Webhook'),
  field('created', 'The date when this Webhook was created', 'date'),
];

const delivery: readonly FieldDefinition[] = [
  field('id', 'The ID of the Webhook delivery'),
  field('eventid', 'The ID of the event'),
  field('eventtype', 'The type of the event'),
  field('webhookid', 'The ID of the Webhook'),
  field('webhookname', 'The name of the Webhook'),
  field('headers', 'The headers of the delivery, without its signatures'),
  field('payload', 'The payload of the delivery'),
  field('success', 'Whether the receiver accepted it', 'boolean'),
  field('response', 'The response of the receiver, or why there is none'),
  field('startdate', 'The start time of the last attempt', 'date'),
  field('enddate', 'The end time of the last attempt', 'date'),
];

const filter: readonly FieldDefinition[] = [
  field('id', 'The ID of the Webhook filter'),
  field('webhookid', 'The ID of the Webhook'),
  field('webhookname', 'The name of the Webhook'),
  field('type', 'The type of the Webhook filter'),
  field('mode', 'The mode of the Webhook filter'),
  field('matchtype', 'The match type of the Webhook filter'),
  field('value', 'The value of the Webhook filter used for matching'),
  field('created', 'The date when this Webhook filter was created', 'date'),
];

export const objectFields: Readonly<Record<ObjectName, readonly FieldDefinition[]>> = {
  webhook,
  webhookdelivery: delivery,
  webhookfilter: filter,
};
