/** The part of a webhook's requests that does not change from one to the next, built once and kept. */
import type { Webhook } from '../../webhook/webhook.ts';
import { formatCloudStack } from '../../format/cloud/cloudstack.ts';
import type { Rendered } from '../../format/format.ts';
import { defaultFormat } from '../../format/format.ts';
import type { Formats } from '../../format/formats.ts';
import { refuseOwnHeaders } from '../../format/own-header.ts';
import { openSigner, type SignatureEncoding } from '../../format/sign.ts';
import type { OutgoingEvent } from '../delivery.ts';
import type { Reach } from '../egress/egress-policy.ts';
import { createConceal, type Conceal } from './conceal.ts';
import { openKeyring, type Keyring } from './keyring.ts';
import { createRenderer, type Render } from './render.ts';
import { createRoute, type Route } from '../egress/route.ts';

export interface TargetOptions {
  readonly formats: Formats;
  /** @throws when the secret cannot be opened with the keys at hand. */
  readonly unseal: (sealed: Uint8Array) => string;
  /** Of webhooks that do not say it themselves. */
  readonly encoding: SignatureEncoding;
  /** The DNS name by which receivers are asked for their consent, which every delivery names from then on. */
  readonly origin: string;
  /** The webhook's reach at this moment: its owner may move, and an admin may allow more. */
  readonly reach: (webhook: Webhook) => Reach;
}

export interface RequestTarget {
  route: Route;
  readonly pathname: string;
  /** `?key=value`, or empty. */
  readonly search: string;
  readonly keyring: Keyring;
  readonly render: Render;
  readonly credential?: string;
  /** Takes the webhook's secrets out of a text. */
  readonly conceal: Conceal;
  /** The webhook's own headers: name, value, … */
  readonly headers: readonly string[];
}

/**
 * @returns finds the target of a webhook.
 * @throws Error when the webhook cannot be sent to as it is: its URL or format is invalid, it has headers that it may
 *   not set, or what `unseal` throws.
 */
export function createTargets(options: TargetOptions): (webhook: Webhook) => RequestTarget {
  const { formats, unseal, reach: reachOf } = options;
  // A changed webhook is another object, so its old target goes with the old object.
  const targets = new WeakMap<Webhook, RequestTarget>();
  const rendered = new WeakMap<OutgoingEvent, Rendered>();
  const rendererOf = createRenderer(formats, unseal);

  function renderCloudStack(event: OutgoingEvent): Rendered {
    let known = rendered.get(event);
    if (!known) rendered.set(event, (known = formatCloudStack(event)));
    return known;
  }

  return webhook => {
    const reach = reachOf(webhook);
    const known = targets.get(webhook);
    if (known) {
      if (known.route.reach !== reach) known.route = createRoute({ ...known.route, reach });
      return known;
    }
    const renderer =
      webhook.format === defaultFormat ? { render: renderCloudStack } : rendererOf(webhook);
    const target = { ...openTarget(webhook, reach, options), ...renderer };
    targets.set(webhook, target);
    return target;
  };
}

function openTarget(
  webhook: Webhook,
  reach: Reach,
  { unseal, encoding, origin }: TargetOptions,
): Omit<RequestTarget, 'render'> {
  const { payloadUrl, secrets, sslVerification, caCertificate, headers, validation } = webhook;
  const url = new URL(payloadUrl);
  const own = headers ?? {};
  const refusal = refuseOwnHeaders(own);
  if (refusal !== undefined) throw new Error(refusal);
  return {
    route: createRoute({
      origin: url.origin,
      sslVerification,
      reach,
      caCertificate: caCertificate ?? undefined,
      owner: webhook.accountId,
    }),
    headers: [
      ...Object.entries(own).flat(),
      ...(validation === 'options' ? ['WebHook-Request-Origin', origin] : []),
    ],
    pathname: url.pathname,
    search: url.search,
    keyring: openKeyring(secrets, sealed =>
      openSigner(unseal(sealed), webhook.signatureEncoding ?? encoding),
    ),
    conceal: concealOf(() => [
      ...Object.values(own),
      ...secrets.map(({ sealed }) => unseal(sealed)),
    ]),
  };
}

/** Most receivers say nothing, and then there is nothing to be concealed. */
function concealOf(secretsOf: () => readonly string[]): Conceal {
  let conceal: Conceal | undefined;
  return (...given) => {
    conceal ??= createConceal(secretsOf());
    return conceal(...given);
  };
}
