/**
 * The event of a test delivery. In the format `cloudstack` the payload is its body as it is; in every other format the
 * payload states the facts of the event, as far as it is a JSON object with the envelope's fields.
 *
 * Source: apache/cloudstack, WebhookServiceImpl.executeWebhookDelivery and its default payload.
 */
import { factNamesOfKind, type Envelope } from '../../event/envelope.ts';
import { testEventType } from '../../event/event.ts';
import type { Webhook } from '../../webhook/webhook.ts';
import type { OutgoingEvent } from '../delivery.ts';

export const defaultPayload = '{ "CloudStack": "works!" }';

/** The facts that a payload may state. */
const stated = factNamesOfKind('name', 'text').filter(fact => fact !== 'source');

export function testEvent(
  {
    webhook: { name, accountId },
    eventId,
    payload = defaultPayload,
  }: { readonly webhook: Webhook; readonly eventId: string; readonly payload?: string },
  nowMs: number,
): OutgoingEvent & { readonly envelope: Envelope } {
  const envelope = {
    event: testEventType,
    account: accountId,
    eventDateTime: new Date(nowMs).toISOString(),
    description: `A test of the webhook ${name}`,
    source: 'hookline',
    ...factsIn(payload),
  };
  return { id: eventId, event: testEventType, account: accountId, body: payload, envelope };
}

function factsIn(payload: string): Partial<Envelope> {
  const given = read(payload);
  const told = stated.flatMap(fact => {
    const value = given[fact];
    return typeof value === 'string' && value !== '' ? [[fact, value] as const] : [];
  });
  return Object.fromEntries(told);
}

function read(payload: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(payload);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
