/** What reading makes of one message. */
import type { Message } from '../event/message.ts';
import type { EventToRecord, MessageToQuarantine } from '../store/record/record-batch.ts';

/** A message that has been read: its events, and what of it goes to the quarantine. Either may be empty, or both. */
export interface ReadMessage {
  readonly message: Message;
  readonly events: readonly EventToRecord[];
  readonly quarantined: readonly MessageToQuarantine[];
  /** Its id in the quarantine, from which it is read again; it is alone in its batch then. */
  readonly redriveOf?: string;
}
