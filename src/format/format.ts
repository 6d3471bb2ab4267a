/** The interface of every format: an event in, the body and the headers of its request out. */
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

/** The part of an event that a format needs, be it fresh from a normalizer or read back from its row. */
export interface FormatEvent {
  /** UUID of the event. */
  readonly id: string;
  /** The envelope, its keys in one order, so that every try has the same bytes: see `orderEnvelope`. */
  readonly envelope: Envelope;
  /** The body in the format `cloudstack`: CloudStack's own message, or the envelope as JSON. */
  readonly body: string;
}

/** A webhook's options for its format. */
export interface FormatOptions {
  /** Fields added to the body; they win over the format's own. */
  readonly body?: Readonly<Record<string, unknown>>;
  readonly msgKey?: string;
  readonly template?: string;
  /** The webhook's secret, where the receiver wants to see it (`takes.secretKey`); every other format has none. */
  readonly secretKey?: string;
}

export type FormatOption = keyof FormatOptions;

/** A fault in an option; line and column are counted from 1 and absent where they are not known. */
export interface OptionFault {
  readonly option: FormatOption;
  readonly fault: string;
  readonly line?: number;
  readonly column?: number;
}

/** One format. */
export interface Format {
  readonly name: string;
  /** One line for people who choose a format. */
  readonly description: string;
  /** The options that it reads, and the purpose of each; a webhook that sets another one is refused. */
  readonly takes: Readonly<Partial<Record<FormatOption, string>>>;
  /**
   * Content type of an array of its bodies; absent where several cannot be joined. Those that can are JSON with the
   * event's id.
   */
  readonly arrayType?: string;
  /** The options among `takes` that are required. */
  readonly needs?: readonly FormatOption[];
  /** The way in which its receivers expect to be asked before they get events; absent where they do not. */
  readonly validation?: Validation;
  /**
   * Checks options. @returns the reason why they cannot be used, for the person who set them; undefined when they can.
   */
  readonly refuse?: (options: FormatOptions) => string | undefined;
  /**
   * Tries options on events, where that takes its time. Answers with the fault, or undefined. Finding nothing in an
   * event is no fault.
   *
   * @throws {RenderError} when they could not be tried.
   */
  readonly check?: (
    options: FormatOptions,
    events: readonly FormatEvent[],
    owner?: string,
  ) => Promise<OptionFault | undefined>;
  /**
   * Renders an event: the same bytes for the same event and options, however often.
   *
   * @param owner the account whose turn it takes, where it takes its time.
   * @throws {RenderError} when it cannot be rendered; also as the promise's reason.
   */
  readonly render: (
    event: FormatEvent,
    options: FormatOptions,
    owner?: string,
  ) => Rendered | Promise<Rendered>;
}

/** An event rendered in one format. It depends on no time and no try, so all its attempts may share it. */
export interface Rendered {
  readonly eventId: string;
  readonly body: Buffer;
  /** Flat list: name, value, name, value, … */
  readonly headers: readonly string[];
  /** Appended to the path of the payload URL, for a target that takes another step at another path. */
  readonly subPath?: string;
  /** Reason why nothing is sent for this event; there is no request then. */
  readonly skip?: string;
  /** The receiver's own kind of signature beside the standard one; absent where it has none. */
  readonly signature?: SignatureStyle;
}

export interface SignatureStyle {
  readonly header: string;
  /** Encoding; absent where the operator chooses. */
  readonly encoding?: SignatureEncoding;
  /** Text before the signature, such as `sha256=`. */
  readonly prefix?: string;
}

/**
 * Builds all headers of one attempt: the format's, the webhook's own, Standard Webhooks', and with a signer both
 * signatures.
 *
 * The webhook's own replace those of the format, and the signature replaces everything: this is Cloudpods' precedence,
 * and harmless elsewhere, because a webhook cannot set the headers that must stay ours.
 *
 * Source: Standard Webhooks 1.0, "Webhook headers": the timestamp is the attempt's, so that a receiver can refuse old
 * ones; the id is the event's and the same on every try.
 *
 * @param sentAtMs milliseconds since the epoch; the header has whole seconds.
 * @param signer absent for a webhook without a secret.
 * @param own the webhook's own headers: name, value, …
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

/** The name of the header at this index, which may be that of the name or of the value. */
function nameAt(headers: readonly string[], at: number): string {
  return headers[at - (at % 2)]?.toLowerCase() ?? '';
}

/** Matches everything but visible ASCII, `%`, which begins an escape, and a blank at either end, which HTTP drops. */
const UNSAFE = /^ | $|[^\x20-\x24\x26-\x7e]/gu;

/**
 * Writes a text as a header's value, with percent-encoded UTF-8 for whatever could end the header, be dropped, or not
 * be sent at all: `VM.START` stays, `VM\r\nX: 1` becomes `VM%0D%0AX: 1`. Two texts never become the same value.
 *
 * @throws {URIError} when the text has half a surrogate pair; no envelope has one.
 */
export function headerValue(text: string): string {
  return text.replace(UNSAFE, encodeURIComponent);
}
