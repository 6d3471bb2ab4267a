/** Turns an event and a webhook into the request to send. What does not change between two requests is kept. */
import { formatCloudStack } from '../format/cloudstack.ts';
import { attemptHeaders, type Rendered } from '../format/format.ts';
import { defaultFormat, type Formats } from '../format/formats.ts';
import { refuseOwnHeaders } from '../format/own-header.ts';
import { openSigner, type SignatureEncoding } from '../format/sign.ts';
import type { Webhook } from '../event/webhook.ts';
import type { OutgoingEvent } from './delivery.ts';
import type { Reach } from './egress-policy.ts';
import { openKeyring, type Keyring } from './keyring.ts';
import { createRenderer, type Render } from './render.ts';
import { createRoute, type Route } from './route.ts';
import type { OutgoingRequest } from './send.ts';

export interface RequestOptions {
  readonly formats: Formats;
  /** @throws when the secret cannot be opened with the keys at hand. */
  readonly unseal: (sealed: Uint8Array) => string;
  readonly encoding: SignatureEncoding;
  /** How far the webhook reaches at this moment: its owner may move, and an admin may allow more. */
  readonly reach: (webhook: Webhook) => Reach;
  readonly now: () => number;
}

/**
 * A promise where the webhook's format takes its time; it is rejected with what would have been thrown.
 *
 * @throws {RenderError} when the event cannot be said in the webhook's format.
 * @throws Error when the webhook cannot be sent to as it is: no URL, no such format, headers it may not set, what
 *   `unseal` throws.
 */
export type BuildRequest = (
  event: OutgoingEvent,
  webhook: Webhook,
  timeoutMs: number,
) => OutgoingRequest | Promise<OutgoingRequest>;

interface Target {
  route: Route;
  readonly pathname: string;
  readonly search: string;
  readonly keyring: Keyring;
  readonly render: Render;
  readonly credential?: string;
  /** The webhook's own: name, value, … */
  readonly headers: readonly string[];
}

export function createRequestBuilder(options: RequestOptions): BuildRequest {
  const { formats, unseal, encoding, reach: reachOf, now } = options;
  // A changed webhook is another object, so what is kept for the old one goes with it.
  const targets = new WeakMap<Webhook, Target>();
  const rendered = new WeakMap<OutgoingEvent, Rendered>();
  const rendererOf = createRenderer(formats, unseal);

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
      pathname: url.pathname,
      search: url.search,
      keyring: openKeyring(secrets, sealed => openSigner(unseal(sealed), encoding)),
      ...(webhook.format === defaultFormat ? { render: renderCloudStack } : rendererOf(webhook)),
    };
    targets.set(webhook, target);
    return target;
  }

  function renderCloudStack(event: OutgoingEvent): Rendered {
    let known = rendered.get(event);
    if (!known) rendered.set(event, (known = formatCloudStack(event)));
    return known;
  }

  function requestOf(target: Target, form: Rendered, timeoutMs: number): OutgoingRequest {
    const { route, pathname, search, keyring, headers: own, credential } = target;
    const { subPath, skip, body } = form;
    const nowMs = now();
    const headers = attemptHeaders(form, nowMs, keyring.signerAt(nowMs), own);
    return {
      route,
      path: subPath === undefined ? pathname + search : joinPath(pathname, subPath, search),
      headers,
      body,
      timeoutMs,
      ...(skip !== undefined && { skip }),
      ...(credential !== undefined && { credential }),
    };
  }

  return (event, webhook, timeoutMs) => {
    const target = targetOf(webhook);
    const form = target.render(event);
    return form instanceof Promise
      ? form.then(made => requestOf(target, made, timeoutMs))
      : requestOf(target, form, timeoutMs);
  };
}

/** @example joinPath('/v2/alerts/', 'a/close?by=alias', '?k=1') // '/v2/alerts/a/close?by=alias&k=1' */
function joinPath(pathname: string, subPath: string, search: string): string {
  const query = subPath.includes('?') ? search.replace('?', '&') : search;
  return `${pathname.replace(/\/$/, '')}/${subPath}${query}`;
}
