/**
 * Reads one message: into events that know whom they are owed to, or into the quarantine with its reason. A message of
 * which nobody wants events is neither: it is settled and leaves no trace.
 */
import { envelopeJson } from './event/envelope.ts';
import { MalformedMessageError } from './event/errors.ts';
import type { Envelope } from './event/event.ts';
import type { Message } from './event/message.ts';
import type { Webhook } from './event/webhook.ts';
import type { Normalizer } from './normalize/normalizer.ts';
import type { Scrubber } from './normalize/scrub.ts';
import { quarantine } from './record/quarantine.ts';
import type { ReadMessage } from './record/recorder.ts';

export type Reader = (message: Message) => ReadMessage;

export interface ReaderOptions {
  readonly normalize: Normalizer;
  readonly scrubber: Scrubber;
  /** @param body as it will be recorded. */
  readonly match: (envelope: Envelope, body: string) => readonly Webhook[];
  /** UUIDv7, each above the one before. */
  readonly newId: () => string;
}

export function createReader({ normalize, scrubber, match, newId }: ReaderOptions): Reader {
  return message => {
    try {
      const events = normalize(message).map(({ envelope, body: own }) => {
        const id = newId();
        const body = own ?? envelopeJson(id, envelope);
        return { id, envelope, body, owed: match(envelope, body).map(webhook => webhook.id) };
      });
      return { message, events };
    } catch (error) {
      if (!(error instanceof MalformedMessageError)) throw error;
      const { quarantined } = quarantine(withoutSecrets(message, scrubber), newId(), error.message);
      return { message, events: [], ...(quarantined && { quarantined }) };
    }
  };
}

/** A secret in a message that nobody could read is one all the same, and the quarantine is looked into by people. */
function withoutSecrets(message: Message, scrubber: Scrubber): Message {
  const { body, headers } = message;
  return {
    ...message,
    body: body === null ? null : scrubber.bytes(body),
    ...(headers && { headers: textsOf(scrubber.object(headers)) }),
  };
}

function textsOf(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
