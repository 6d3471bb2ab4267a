/** Reads one message: into events that know whom they are owed to, or into the quarantine with its reason. */
import { MalformedMessageError } from './event/errors.ts';
import type { Envelope } from './event/event.ts';
import type { Message } from './event/message.ts';
import type { Webhook } from './event/webhook.ts';
import type { Normalizer } from './normalize/normalizer.ts';
import { quarantine } from './record/quarantine.ts';
import type { ReadMessage } from './record/recorder.ts';

export type Reader = (message: Message) => ReadMessage;

export interface ReaderOptions {
  readonly normalize: Normalizer;
  readonly match: (envelope: Envelope) => readonly Webhook[];
  /** UUIDv7, each above the one before. */
  readonly newId: () => string;
}

export function createReader({ normalize, match, newId }: ReaderOptions): Reader {
  return message => {
    try {
      const events = normalize(message).map(({ envelope, body }) => ({
        id: newId(),
        envelope,
        body,
        owed: match(envelope).map(webhook => webhook.id),
      }));
      return { message, events };
    } catch (error) {
      if (!(error instanceof MalformedMessageError)) throw error;
      return quarantine(message, newId(), error.message);
    }
  };
}
