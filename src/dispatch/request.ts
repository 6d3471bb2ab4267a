/** Turns an event and a webhook into the request to send. What does not change between two requests is kept. */
import { formatCloudStack } from '../format/cloudstack.ts';
import { attemptHeaders, type Rendered } from '../format/format.ts';
import { refuseOwnHeaders } from '../format/own-header.ts';
import { openSigner, type SignatureEncoding } from '../format/sign.ts';
import type { Webhook } from '../event/webhook.ts';
import type { OutgoingEvent } from './delivery.ts';
import type { Reach } from './egress-policy.ts';
import { openKeyring, type Keyring } from './keyring.ts';
import { createRoute, type Route } from './route.ts';
import type { OutgoingRequest } from './send.ts';

export interface RequestOptions {
  /** @throws when the secret cannot be opened with the keys at hand. */
  readonly unseal: (sealed: Uint8Array) => string;
  readonly encoding: SignatureEncoding;
  /** How far the webhook reaches at this moment: its owner may move, and an admin may allow more. */
  readonly reach: (webhook: Webhook) => Reach;
  readonly now: () => number;
}

/** @throws Error when the webhook cannot be sent to as it is: no URL, headers it may not set, what `unseal` throws. */
export type BuildRequest = (
  event: OutgoingEvent,
  webhook: Webhook,
  timeoutMs: number,
) => OutgoingRequest;

interface Target {
  route: Route;
  readonly path: string;
  readonly keyring: Keyring;
  /** The webhook's own: name, value, … */
  readonly headers: readonly string[];
}

export function createRequestBuilder(options: RequestOptions): BuildRequest {
  const { unseal, encoding, reach: reachOf, now } = options;
  // A changed webhook is another object, so what is kept for the old one goes with it.
  const targets = new WeakMap<Webhook, Target>();
  const rendered = new WeakMap<OutgoingEvent, Rendered>();

  function targetOf(webhook: Webhook): Target {
    const reach = reachOf(webhook);
    const known = targets.get(webhook);
    if (known) {
      if (known.route.reach !== reach) known.route = createRoute({ ...known.route, reach });
      return known;
    }
    const url = new URL(webhook.payloadUrl);
    const { secrets = [], sslVerification, caCertificate, headers = {} } = webhook;
    const refusal = refuseOwnHeaders(headers);
    if (refusal !== undefined) throw new Error(refusal);
    const target = {
      route: createRoute({
        origin: url.origin,
        sslVerification,
        reach,
        ...(caCertificate !== undefined && { caCertificate }),
      }),
      headers: Object.entries(headers).flat(),
      path: url.pathname + url.search,
      keyring: openKeyring(secrets, sealed => openSigner(unseal(sealed), encoding)),
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
    const { route, path, keyring, headers: own } = targetOf(webhook);
    const form = renderedOf(event);
    const nowMs = now();
    const headers = attemptHeaders(form, nowMs, keyring.signerAt(nowMs));
    return {
      route,
      path,
      headers: own.length === 0 ? headers : [...headers, ...own],
      body: form.body,
      timeoutMs,
    };
  };
}
