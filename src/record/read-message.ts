/** What reading makes of one message. */
import type { Message } from '../event/message.ts';
import type { EventToRecord, MessageToQuarantine } from '../store/record/record-batch.ts';

/** A message that has been read: its events, or its entry for the quarantine. */
export interface ReadMessage {
  readonly message: Message;
  readonly events: readonly EventToRecord[];
  readonly quarantined?: MessageToQuarantine;
  /** Its id in the quarantine, from which it is read again; it is alone in its batch then. */
  readonly redriveOf?: string;
}
