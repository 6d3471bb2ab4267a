/** Shows what a webhook's requests look like: without secrets, and without signatures, which change with every request. */
import { RenderError } from '../../event/errors.ts';
import { attemptHeaders, type FormatEvent } from '../../format/format.ts';
import { defaultFormat } from '../../format/format.ts';
import type { Formats } from '../../format/formats.ts';
import { hideOwnHeaders } from '../../format/own-header.ts';
import { renderEvent } from '../../format/render.ts';
import { databaseOf } from '../../store/database.ts';
import type { DeliveryRow, OwedEvent } from '../../store/delivery/delivery.ts';
import { findWebhook, type WebhookRow } from '../../store/webhook/webhook.ts';
import { everything } from '../../store/sql/visibility.ts';
import type { ApiOptions } from '../context.ts';
import { optionsOf } from '../../webhook/choose-format.ts';
import type { ChosenFormat } from '../../webhook/choose-format.ts';

export interface RequestShape extends ChosenFormat {
  readonly headers?: Readonly<Record<string, string>>;
  /** The account whose turn it takes, where the format takes its time. */
  readonly owner?: string;
}

export interface DescribedRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Why the event would not be sent; absent when it would. */
  readonly skip?: string;
}

/**
 * @param sentAtMs milliseconds since 1970.
 * @throws {RenderError} when the format cannot render the event.
 */
export async function describeRequest(
  event: FormatEvent,
  { format, options, headers: own = {}, owner }: RequestShape,
  sentAtMs: number,
): Promise<DescribedRequest> {
  const rendered = await renderEvent(format, event, options, owner);
  const shown = Object.entries(hideOwnHeaders(own)).flat();
  const headers = attemptHeaders(rendered, sentAtMs, undefined, shown);
  const names = headers.filter((_, index) => index % 2 === 0);
  return {
    headers: Object.fromEntries(names.map((name, at) => [name, headers[at * 2 + 1] ?? ''])),
    body: rendered.body.toString(),
    ...(rendered.skip !== undefined && { skip: rendered.skip }),
  };
}

/** The format and headers of a webhook; undefined for an unknown format, which somebody set in SQL. */
export function shapeOf(formats: Formats, webhook: WebhookRow): RequestShape | undefined {
  const format = formats.get(webhook.format);
  if (!format) return undefined;
  const { headers, hasSecret } = webhook;
  return { format, options: optionsOf(format, webhook, hasSecret), ...(headers && { headers }) };
}

interface DescribedDelivery {
  readonly requestHeaders: Readonly<Record<string, string>> | null;
  readonly requestBody: string | null;
}

/** The request of a delivery, rendered again with the current settings of its webhook: only the event is stored. */
export async function describeDelivery(
  { store, formats }: Pick<ApiOptions, 'store' | 'formats'>,
  { eventId, webhookId, envelope, body, createdAt, attempts }: DeliveryRow & OwedEvent,
): Promise<DescribedDelivery> {
  // Whoever may see the delivery may see its webhook. The format of a deleted webhook is lost.
  const webhook = await findWebhook(databaseOf(store), webhookId, everything);
  const format = formats.get(defaultFormat);
  const shape = (webhook && shapeOf(formats, webhook)) ?? (format && { format, options: {} });
  if (!shape) throw new RangeError('there is no default format');
  const sentAtMs = new Date(attempts.at(-1)?.startedAt ?? createdAt).getTime();
  try {
    const request = await describeRequest({ id: eventId, envelope, body }, shape, sentAtMs);
    return { requestHeaders: request.headers, requestBody: request.body };
  } catch (error) {
    if (!(error instanceof RenderError)) throw error;
    return { requestHeaders: null, requestBody: null };
  }
}
