/** What every body-and-header dialect is: an event in, the bytes and the headers of its request out. */
import type { Envelope } from '../event/envelope.ts';
import type { SignatureEncoding, Signer } from './sign.ts';

/**
 * How a receiver is asked whether it wants deliveries, before the webhook is enabled: not at all, with a POST that has to
 * be answered 200, or with the OPTIONS request of the CloudEvents WebHook specification.
 */
export const validations = ['none', 'post', 'options'] as const;
export type Validation = (typeof validations)[number];

/** Name of the format of a webhook that names none. */
export const defaultFormat = 'cloudstack';

/** What a format needs of an event, be it fresh from a normalizer or read back from its row. */
export interface FormatEvent {
  /** UUID. */
  readonly id: string;
  /** Its keys are in one order, so that every try has the same bytes: `orderEnvelope` makes it so. */
  readonly envelope: Envelope;
  /** What the format `cloudstack` sends: CloudStack's own message, or the envelope as JSON. */
  readonly body: string;
}

/** What a webhook's owner may say about its format. */
export interface FormatOptions {
  /** Fields added to the body; they win over the format's own. */
  readonly body?: Readonly<Record<string, unknown>>;
  readonly msgKey?: string;
  readonly template?: string;
  /** The webhook's secret, where the receiver wants to see it (`takes.secretKey`); every other format has none. */
  readonly secretKey?: string;
}

export type FormatOption = keyof FormatOptions;

/** What is wrong with an option; the place counted from 1, where it is known. */
export interface OptionFault {
  readonly option: FormatOption;
  readonly fault: string;
  readonly line?: number;
  readonly column?: number;
}

/** One dialect. */
export interface Format {
  readonly name: string;
  /** One line for people who choose. */
  readonly description: string;
  /** The options it reads, and what each is for; a webhook that sets another one is refused. */
  readonly takes: Readonly<Partial<Record<FormatOption, string>>>;
  /** Several of its bodies may be one: they are JSON and carry the event's id. The content type of an array of them. */
  readonly arrayType?: string;
  /** Those of `takes` that it cannot do without. */
  readonly needs?: readonly FormatOption[];
  /** How its receivers expect to be asked before they get events; absent where they do not. */
  readonly validation?: Validation;
  /** Why these options cannot be used, for the person who set them; undefined when they can. */
  readonly refuse?: (options: FormatOptions) => string | undefined;
  /**
   * Tries the options on events, where that takes its time: what is wrong with them, or undefined. That they find nothing
   * in an event is not wrong.
   *
   * @throws {RenderError} when they could not be tried.
   */
  readonly check?: (
    options: FormatOptions,
    events: readonly FormatEvent[],
  ) => Promise<OptionFault | undefined>;
  /**
   * The same bytes for the same event and options, however often it is asked.
   *
   * @throws {RenderError} when it cannot be said; also as the promise's reason.
   */
  readonly render: (event: FormatEvent, options: FormatOptions) => Rendered | Promise<Rendered>;
}

/** An event as one format says it. It depends on no time and no try, so all its attempts may share it. */
export interface Rendered {
  readonly eventId: string;
  readonly body: Buffer;
  /** Name, value, name, value, …: the form that undici takes without copying. */
  readonly headers: readonly string[];
  /** What follows the path of the payload URL, for a target that takes another step at another place. */
  readonly subPath?: string;
  /** Why the target is to hear nothing of this event; there is no request then. */
  readonly skip?: string;
  /** The receiver's own kind of signature beside the standard one; absent where it knows none. */
  readonly signature?: SignatureStyle;
}

export interface SignatureStyle {
  readonly header: string;
  /** Absent where the operator chooses. */
  readonly encoding?: SignatureEncoding;
  /** What stands before it, such as `sha256=`. */
  readonly prefix?: string;
}

/**
 * All headers of one attempt: the format's, the webhook's own, Standard Webhooks', and with a signer both signatures.
 *
 * The webhook's own replace those of the format, and the signature replaces everything: Cloudpods' precedence, and harmless
 * elsewhere, for what must stay ours is refused as an own header.
 *
 * Source: Standard Webhooks 1.0, "Webhook headers": the timestamp is the attempt's, so that a receiver can refuse old
 * ones; the id is the event's and the same on every try.
 *
 * @param sentAtMs milliseconds since the epoch; the header has whole seconds.
 * @param signer absent for a webhook without a secret.
 * @param own the webhook's: name, value, …
 */
export function attemptHeaders(
  rendered: Rendered,
  sentAtMs: number,
  signer?: Signer,
  own: readonly string[] = [],
): string[] {
  const { eventId, body, headers, signature } = rendered;
  const timestamp = String(Math.floor(sentAtMs / 1000));
  const said = own.length === 0 ? headers : withOwn(headers, own, signer && signature?.header);
  const all = [...said, 'webhook-id', eventId, 'webhook-timestamp', timestamp];
  if (signer !== undefined) {
    if (signature !== undefined) {
      const { header, prefix = '', encoding } = signature;
      all.push(header, prefix + signer.sign(body, encoding));
    }
    all.push('webhook-signature', signer.signStandard(eventId, timestamp, body));
  }
  return all;
}

function withOwn(headers: readonly string[], own: readonly string[], signed = ''): string[] {
  const replaced = new Set(own.flatMap((name, at) => (at % 2 === 0 ? [name.toLowerCase()] : [])));
  const kept = headers.filter((_, at) => !replaced.has(nameAt(headers, at)));
  return [...kept, ...own.filter((_, at) => nameAt(own, at) !== signed.toLowerCase())];
}

/** Of the header that the name or the value at this place belongs to. */
function nameAt(headers: readonly string[], at: number): string {
  return headers[at - (at % 2)]?.toLowerCase() ?? '';
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
