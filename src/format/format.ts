/** What every body-and-header dialect is: an event in, the bytes and the headers of its request out. */
import type { Signer } from './sign.ts';

/** What a format needs of an event, be it fresh from a normalizer or read back from its row. */
export interface FormattableEvent {
  /** UUID. */
  readonly id: string;
  /** The event type, `VM.START`. */
  readonly event: string;
  readonly account?: string;
  readonly body: string;
}

/** An event as one format says it. It depends on no webhook and no time, so all its attempts may share it. */
export interface Rendered {
  readonly eventId: string;
  readonly body: Buffer;
  /** Name, value, name, value, …: the form that undici takes without copying. */
  readonly headers: readonly string[];
  /** The header that carries the receiver's own kind of signature beside the standard one. */
  readonly signatureHeader: string;
}

export type Format = (event: FormattableEvent) => Rendered;

/**
 * All headers of one attempt: the format's, Standard Webhooks', and with a signer both signatures.
 *
 * Source: Standard Webhooks 1.0, "Webhook headers": the timestamp is the attempt's, so that a receiver can refuse old
 * ones; the id is the event's and the same on every try.
 *
 * @param sentAtMs milliseconds since the epoch; the header has whole seconds.
 * @param signer absent for a webhook without a secret.
 */
export function attemptHeaders(rendered: Rendered, sentAtMs: number, signer?: Signer): string[] {
  const { eventId, body, headers, signatureHeader } = rendered;
  const timestamp = String(Math.floor(sentAtMs / 1000));
  const all = [...headers, 'webhook-id', eventId, 'webhook-timestamp', timestamp];
  if (signer !== undefined) {
    all.push(signatureHeader, signer.sign(body));
    all.push('webhook-signature', signer.signStandard(eventId, timestamp, body));
  }
  return all;
}

/** Everything but visible ASCII; `%`, which begins what stands for the others; a blank at either end, which HTTP drops. */
const UNSAFE = /^ | $|[^\x20-\x24\x26-\x7e]/gu;

/**
 * The text as a header's value, with percent-encoded UTF-8 for whatever could end the header, be dropped, or not be
 * sent at all: `VM.START` stays, `VM\r\nX: 1` becomes `VM%0D%0AX: 1`. Two texts never become the same value.
 *
 * @throws {URIError} when the text has half a surrogate pair; no envelope has one.
 */
export function headerValue(text: string): string {
  return text.replace(UNSAFE, encodeURIComponent);
}
