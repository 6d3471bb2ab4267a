/** Renders events in the formats of webhooks, once for all webhooks whose request looks the same. */
import type { Webhook } from '../../webhook/webhook.ts';
import type { Format, FormatOptions, Rendered } from '../../format/format.ts';
import { refuseOptions, type Formats } from '../../format/formats.ts';
import { renderEvent } from '../../format/render.ts';
import type { OutgoingEvent } from '../delivery.ts';

/** Renders an event for one webhook. @throws {RenderError} also as the promise's reason. */
export type Render = (event: OutgoingEvent) => Rendered | Promise<Rendered>;

/** The renderings of one event, by format and options. */
type RenderCache = Map<string, Rendered | Promise<Rendered>>;

/**
 * @returns creates the renderer of a webhook.
 * @throws Error for an unknown format, for options that it cannot use, and what `unseal` throws.
 */
export function createRenderer(
  formats: Formats,
  unseal: (sealed: Uint8Array) => string,
): (webhook: Webhook) => { readonly render: Render; readonly credential?: string } {
  const caches = new WeakMap<OutgoingEvent, RenderCache>();

  function cacheOf(event: OutgoingEvent): RenderCache {
    let known = caches.get(event);
    if (!known) caches.set(event, (known = new Map()));
    return known;
  }

  return webhook => {
    const format = requireFormat(formats, webhook.format);
    const options = optionsOf(format, webhook, unseal);
    const refusal = refuseOptions(format, options);
    if (refusal !== undefined) throw new Error(refusal);
    const key = JSON.stringify([format.name, options]);
    const render: Render = event => {
      const cache = cacheOf(event);
      const known = cache.get(key);
      if (known) return known;
      const { id, envelope, body } = event;
      // The dispatcher has such an event read again instead.
      if (!envelope) throw new RangeError(`the event ${id} came without its envelope`);
      const form = renderEvent(format, { id, envelope, body }, options, webhook.accountId);
      cache.set(key, form);
      if (form instanceof Promise) {
        form.then(
          made => cache.set(key, made),
          () => cache.delete(key),
        );
      }
      return form;
    };
    return { render, credential: options.secretKey };
  };
}

/** Finds a format. @throws Error naming the formats there are. */
export function requireFormat(formats: Formats, name: string): Format {
  const format = formats.get(name);
  if (format) return format;
  throw new Error(`there is no format ${name}; expected one of ${[...formats.keys()].join(', ')}`);
}

/** Selects the options that the format reads: whatever else the webhook has makes no difference to its rendering. */
function optionsOf(
  { takes }: Format,
  { body, msgKey, template, secrets }: Webhook,
  unseal: (sealed: Uint8Array) => string,
): FormatOptions {
  const current = secrets.find(({ expiresAtMs }) => expiresAtMs === undefined);
  return {
    body: takes.body === undefined ? undefined : (body ?? undefined),
    msgKey: takes.msgKey === undefined ? undefined : (msgKey ?? undefined),
    template: takes.template === undefined ? undefined : (template ?? undefined),
    secretKey: takes.secretKey === undefined ? undefined : current && unseal(current.sealed),
  };
}
