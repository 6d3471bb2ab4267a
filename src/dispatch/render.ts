/** Says events in the formats of webhooks, once for all webhooks that want it said in the same way. */
import { orderEnvelope } from '../event/envelope.ts';
import { RenderError } from '../event/errors.ts';
import type { Webhook } from '../event/webhook.ts';
import type { Format, FormatEvent, FormatOptions, Rendered } from '../format/format.ts';
import { refuseOptions, type Formats } from '../format/formats.ts';
import type { OutgoingEvent } from './delivery.ts';

/** @throws {RenderError} also as the promise's reason. */
export type Render = (event: OutgoingEvent) => Rendered | Promise<Rendered>;

interface Said {
  readonly event: FormatEvent;
  /** By format and options. */
  readonly forms: Map<string, Rendered | Promise<Rendered>>;
}

/**
 * @returns makes the renderer of a webhook.
 * @throws Error for a format that there is not, for options it cannot use, and what `unseal` throws.
 */
export function createRenderer(
  formats: Formats,
  unseal: (sealed: Uint8Array) => string,
): (webhook: Webhook) => { readonly render: Render; readonly credential?: string } {
  const said = new WeakMap<OutgoingEvent, Said>();

  function saidOf(event: OutgoingEvent): Said {
    let known = said.get(event);
    if (!known) said.set(event, (known = { event: toFormatEvent(event), forms: new Map() }));
    return known;
  }

  return webhook => {
    const format = requireFormat(formats, webhook.format);
    const options = optionsOf(format, webhook, unseal);
    const refusal = refuseOptions(format, options);
    if (refusal !== undefined) throw new Error(refusal);
    const key = JSON.stringify([format.name, options]);
    const render: Render = outgoing => {
      const { event, forms } = saidOf(outgoing);
      const known = forms.get(key);
      if (known) return known;
      const form = renderOnce(format, event, options);
      forms.set(key, form);
      if (form instanceof Promise) form.catch(() => forms.delete(key));
      return form;
    };
    const { secretKey: credential } = options;
    return { render, ...(credential !== undefined && { credential }) };
  };
}

/** @throws Error naming the formats there are. */
export function requireFormat(formats: Formats, name: string): Format {
  const format = formats.get(name);
  if (format) return format;
  throw new Error(`there is no format ${name}; expected one of ${[...formats.keys()].join(', ')}`);
}

/** Whatever a format throws is its failure to say this event, and not a reason to hold up the webhook. */
function renderOnce(
  format: Format,
  event: FormatEvent,
  options: FormatOptions,
): Rendered | Promise<Rendered> {
  try {
    const form = format.render(event, options);
    if (!(form instanceof Promise)) return form;
    return form.catch((error: unknown) => {
      throw asRenderError(format, error);
    });
  } catch (error) {
    throw asRenderError(format, error);
  }
}

function asRenderError({ name }: Format, error: unknown): RenderError {
  if (error instanceof RenderError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new RenderError(`the format ${name} failed: ${reason}`, { cause: error });
}

/** @throws {RangeError} for an event that was read without its envelope; the dispatcher has it read again. */
function toFormatEvent({ id, envelope, body }: OutgoingEvent): FormatEvent {
  if (!envelope) throw new RangeError(`the event ${id} came without its envelope`);
  return { id, envelope: orderEnvelope(envelope), body };
}

/** Only what the format reads: what else the webhook has makes no difference to its rendering. */
function optionsOf(
  { takes }: Format,
  { body, msgKey, template, secrets = [] }: Webhook,
  unseal: (sealed: Uint8Array) => string,
): FormatOptions {
  const current = secrets.find(({ expiresAtMs }) => expiresAtMs === undefined);
  return {
    ...(takes.body !== undefined && body && { body }),
    ...(takes.msgKey !== undefined && msgKey !== undefined && { msgKey }),
    ...(takes.template !== undefined && template !== undefined && { template }),
    ...(takes.secretKey !== undefined && current && { secretKey: unseal(current.sealed) }),
  };
}
