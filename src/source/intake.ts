/** A source that others post to, as the API knows it. */
import type { SenderProof } from '../access/sender.ts';
import type { Message } from '../event/message.ts';
import type { Acceptance } from './http.ts';

export interface Intake {
  /** The source's name. */
  readonly name: string;
  /** The secret by which senders are known; absent where senders are users, who have tokens. */
  readonly proof?: SenderProof;
  readonly bodyBytesMax: number;
  /** Name of the header that holds the sender's own id of a message, in lower case. */
  readonly idempotencyHeader: string;
  /** Origins that may begin to send by the handshake of CloudEvents; `*` allows all. */
  readonly origins: readonly string[];
  /** HTTP status that answers a message which was taken. */
  readonly status: 200 | 202;
  accept(message: Message): Promise<Acceptance>;
}
