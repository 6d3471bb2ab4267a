/** Turns an event and a webhook into the request to send. What does not change between two requests is kept. */
import { formatCloudStack } from '../format/cloudstack.ts';
import { attemptHeaders, type Rendered } from '../format/format.ts';
import { openSigner, type SignatureEncoding, type Signer } from '../format/sign.ts';
import type { Webhook } from '../event/webhook.ts';
import type { OutgoingEvent } from './delivery.ts';
import type { OutgoingRequest } from './send.ts';

export interface RequestOptions {
  /** @throws when the secret cannot be opened with the keys at hand. */
  readonly unseal: (sealed: Uint8Array) => string;
  readonly encoding: SignatureEncoding;
  readonly now: () => number;
}

/** @throws {TypeError} when the webhook's payload URL is none; whatever `unseal` throws. */
export type BuildRequest = (
  event: OutgoingEvent,
  webhook: Webhook,
  timeoutMs: number,
) => OutgoingRequest;

interface Target {
  readonly origin: string;
  readonly path: string;
  readonly signer?: Signer;
}

export function createRequestBuilder({ unseal, encoding, now }: RequestOptions): BuildRequest {
  // A changed webhook is another object, so what is kept for the old one goes with it.
  const targets = new WeakMap<Webhook, Target>();
  const rendered = new WeakMap<OutgoingEvent, Rendered>();

  function targetOf(webhook: Webhook): Target {
    const known = targets.get(webhook);
    if (known) return known;
    const url = new URL(webhook.payloadUrl);
    const { sealedSecret } = webhook;
    const target = {
      origin: url.origin,
      path: url.pathname + url.search,
      ...(sealedSecret && { signer: openSigner(unseal(sealedSecret), encoding) }),
    };
    targets.set(webhook, target);
    return target;
  }

  function renderedOf(event: OutgoingEvent): Rendered {
    let known = rendered.get(event);
    if (!known) rendered.set(event, (known = formatCloudStack(event)));
    return known;
  }

  return (event, webhook, timeoutMs) => {
    const { origin, path, signer } = targetOf(webhook);
    const form = renderedOf(event);
    return {
      origin,
      path,
      headers: attemptHeaders(form, now(), signer),
      body: form.body,
      timeoutMs,
      sslVerification: webhook.sslVerification,
    };
  };
}
