/**
 * Reads one message: each item becomes an event that knows which webhooks it is owed to, or goes to the quarantine with
 * its reason. A message without anything that anybody wants is neither: it is settled and leaves no trace.
 */
import { envelopeJson } from '../event/envelope.ts';
import type { Envelope } from '../event/envelope.ts';
import type { Proven } from '../event/event.ts';
import type { Message } from '../event/message.ts';
import type { Webhook } from '../webhook/webhook.ts';
import type { NormalizedEvent } from '../normalize/normalized-event.ts';
import { isRefusal } from '../normalize/normalizer.ts';
import type { Normalizer } from '../normalize/normalizer.ts';
import type { Scrubber } from '../normalize/scrub/scrub.ts';
import { quarantine } from './quarantine.ts';
import type { ReadMessage } from './read-message.ts';
import type { EventToRecord, MessageToQuarantine } from '../store/record/record-batch.ts';

/** Reads a message. @param refused the reason why the database refuses its events; then it is quarantined for that. */
export type Reader = (message: Message, refused?: string) => ReadMessage;

export interface ReaderOptions {
  readonly normalize: Normalizer;
  readonly scrubber: Scrubber;
  /** Adds to the envelope what the directory knows; so it is recorded, and stays when the directory changes. */
  readonly complete: (envelope: Envelope, proven: Proven) => Envelope;
  /** Finds the webhooks that want the event. @param body as it will be recorded. */
  readonly match: (envelope: Envelope, body: string, proven: Proven) => readonly Webhook[];
  /** Makes UUIDv7s, each above the one before. */
  readonly newId: () => string;
  /** Whether this process sends deliveries itself. */
  readonly dispatches: boolean;
}

export function createReader(options: ReaderOptions): Reader {
  const { normalize, scrubber, newId } = options;
  const putAside = (message: Message, reason: string): MessageToQuarantine =>
    quarantine(withoutSecrets(message, scrubber), newId(), reason);
  return (message, refused) => {
    if (refused !== undefined) {
      return { message, events: [], quarantined: [putAside(message, refused)] };
    }
    const events: EventToRecord[] = [];
    const quarantined: MessageToQuarantine[] = [];
    for (const [index, decoded] of normalize(message).entries()) {
      if (isRefusal(decoded)) {
        const { refused: reason, ...alone } = decoded;
        quarantined.push(putAside({ ...message, ...alone }, reason));
      } else {
        events.push(recordable(decoded, nameBySending(message, index), options));
      }
    }
    return { message, events, quarantined };
  };
}

/** @param sending the event's name where its cloud gives it none. */
function recordable(
  { envelope: told, body: own, key: named, ...proven }: NormalizedEvent,
  sending: string | undefined,
  options: ReaderOptions,
): EventToRecord {
  const id = options.newId();
  const envelope = options.complete(told, proven);
  const body = own ?? envelopeJson(id, envelope);
  const webhooks = options.match(envelope, body, proven);
  return {
    ...proven,
    id,
    envelope,
    body,
    owed: webhooks.map(webhook => webhook.id),
    queued: queuedOf(webhooks, envelope, options),
    key: named ?? sending,
  };
}

/**
 * The deliveries that are rows before their first attempt: those in an order, because whose turn it is can only be told
 * from rows, which every process sees alike; and where this process sends nothing, all of them, for whoever does.
 */
function queuedOf(
  webhooks: readonly Webhook[],
  { entityuuid }: Envelope,
  { dispatches }: Pick<ReaderOptions, 'dispatches'>,
): EventToRecord['queued'] {
  const isInOrder = ({ ordering }: Webhook): boolean =>
    ordering === 'entity' && entityuuid !== undefined;
  const queued = dispatches ? webhooks.filter(isInOrder) : webhooks;
  if (queued.length === 0) return undefined;
  return queued.map(webhook => ({ webhookId: webhook.id, inOrder: isInOrder(webhook) }));
}

/** Names an event that has no name of its own by the sender's id of the message, and its index in it. */
function nameBySending({ sendingId, item = 0 }: Message, index: number): string | undefined {
  return sendingId === undefined ? undefined : `sent:${item + index}:${sendingId}`;
}

/**
 * Scrubs a message before it is quarantined: a secret is one in a message that nobody can read, too, and people look
 * into the quarantine.
 */
function withoutSecrets(message: Message, scrubber: Scrubber): Message {
  const { body, headers } = message;
  return {
    ...message,
    body: body === null ? null : scrubber.bytes(body),
    headers: headers && textsOf(scrubber.object(headers)),
  };
}

function textsOf(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
