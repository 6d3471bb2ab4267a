/**
 * Asks a receiver whether it wants a webhook's deliveries, over the same connections that deliveries take.
 *
 * - `post`: the test delivery has to be answered 200, as Cloudpods requires of its robots' receivers.
 * - `options`: the abuse protection of CloudEvents' webhooks. The receiver consents with `WebHook-Allowed-Origin`; the
 *   status of its answer says nothing. Every delivery names the origin from then on (`target.ts`).
 *
 * Source: cloudevents/spec, http-webhook.md section 4; yunionio/cloudpods, pkg/notify/models/robot.go.
 */
import { randomUUID } from 'node:crypto';

import type { Webhook } from '../../webhook/webhook.ts';
import type { MakeTestDelivery, TestDeliveryResult } from './test-delivery.ts';

/** The reason why a receiver may not get deliveries. */
export interface Refusal {
  readonly text: string;
  /** It was not asked: too many others are being asked or tested. */
  readonly isBusy: boolean;
}

/** Validates a receiver. @returns undefined when it may get deliveries. @param signal see `TestDelivery`. */
export type Validate = (webhook: Webhook, signal?: AbortSignal) => Promise<Refusal | undefined>;

/** Creates the validation. @param origin the name of the sender in requests. */
export function createValidate(testDelivery: MakeTestDelivery, origin: string): Validate {
  return async (webhook, signal) => {
    const test = { webhook, eventId: randomUUID(), ...(signal && { signal }) };
    switch (webhook.validation ?? 'none') {
      case 'none':
        return undefined;
      case 'post':
        return refusalBy(await testDelivery(test), refusalOf);
      case 'options':
        return refusalBy(await testDelivery({ ...test, asks: true }), result =>
          objectionOf(result, origin),
        );
    }
  };
}

function refusalBy(
  result: TestDeliveryResult,
  judge: (result: TestDeliveryResult) => string | undefined,
): Refusal | undefined {
  const text = judge(result);
  return text === undefined ? undefined : { text, isBusy: result.diagnosis.code === 'busy' };
}

function refusalOf({ response, diagnosis }: TestDeliveryResult): string | undefined {
  if (response === undefined) return diagnosis.text;
  return response.status === 200
    ? undefined
    : `The receiver answered ${response.status}; expected 200.`;
}

function objectionOf(
  { response, diagnosis }: TestDeliveryResult,
  origin: string,
): string | undefined {
  if (response === undefined) return diagnosis.text;
  const allowed = response.headers['webhook-allowed-origin'];
  if (allowed === '*' || allowed === origin) return undefined;
  return allowed === undefined
    ? `The receiver did not consent: its answer to OPTIONS has no WebHook-Allowed-Origin; expected ${origin} or *.`
    : `The receiver allows ${String(allowed)}; expected ${origin} or *.`;
}
