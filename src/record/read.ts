/**
 * Reads one message: into events that know which webhooks they are owed to, or into the quarantine with its reason. A
 * message without events that anybody wants is neither: it is settled and leaves no trace.
 */
import { envelopeJson } from '../event/envelope.ts';
import { MalformedMessageError } from '../event/errors.ts';
import type { Envelope } from '../event/envelope.ts';
import type { Proven } from '../event/event.ts';
import type { Message } from '../event/message.ts';
import type { Webhook } from '../webhook/webhook.ts';
import type { Normalizer } from '../normalize/normalizer.ts';
import type { Scrubber } from '../normalize/scrub/scrub.ts';
import { quarantine } from './quarantine.ts';
import type { ReadMessage } from './read-message.ts';
import type { EventToRecord } from '../store/record/record-batch.ts';

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
  const { normalize, scrubber, complete, match, newId } = options;
  const putAside = (message: Message, reason: string): ReadMessage => ({
    ...quarantine(withoutSecrets(message, scrubber), newId(), reason),
    message,
  });
  return (message, refused) => {
    if (refused !== undefined) return putAside(message, refused);
    try {
      const events = normalize(message).map(
        ({ envelope: told, body: own, key: named, ...proven }, index) => {
          const id = newId();
          const envelope = complete(told, proven);
          const key = named ?? nameBySending(message, index);
          const body = own ?? envelopeJson(id, envelope);
          const webhooks = match(envelope, body, proven);
          return {
            ...proven,
            id,
            envelope,
            body,
            owed: webhooks.map(webhook => webhook.id),
            queued: queuedOf(webhooks, envelope, options),
            key,
          };
        },
      );
      return { message, events };
    } catch (error) {
      if (!(error instanceof MalformedMessageError)) throw error;
      return putAside(message, error.message);
    }
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
function nameBySending({ sendingId }: Message, index: number): string | undefined {
  return sendingId === undefined ? undefined : `sent:${index}:${sendingId}`;
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
