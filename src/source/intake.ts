/** A source that others post to, as far as the API deals with it. */
import type { SenderProof } from '../access/sender.ts';
import type { Message } from '../event/message.ts';
import type { Acceptance } from './http.ts';

export interface Intake {
  /** Of the source. */
  readonly name: string;
  /** What senders prove themselves with; absent where they are users, who are known by their tokens. */
  readonly proof?: SenderProof;
  readonly bodyBytesMax: number;
  /** Lower case. */
  readonly idempotencyHeader: string;
  /** Who may begin to send by the handshake of CloudEvents; `*` is everybody. */
  readonly origins: readonly string[];
  /** Of the answer to a message that was taken. */
  readonly status: 200 | 202;
  accept(message: Message): Promise<Acceptance>;
}
