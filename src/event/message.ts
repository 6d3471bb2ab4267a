/** A message as a broker or a sender handed it over, before it has been understood. */
export interface Message {
  /**
   * Its place on the bus, for people and for the quarantine: `cloudstack/0/42` (Kafka topic/partition/offset),
   * `cloudstack-events management-server.ActionEvent.…` (exchange and routing key).
   */
  readonly position: string;
  /** The AMQP routing key; absent on Kafka. */
  readonly routingKey?: string;
  /**
   * The key of a Kafka record as text, such as CloudStack's resource UUID; absent on AMQP, and when the record
   * has none or it is not UTF-8.
   */
  readonly key?: string;
  /**
   * Headers whose value is a text, a number or a boolean, as text. Names are as sent; AMQP's content type is
   * `content-type`. Absent when there are none.
   */
  readonly headers?: Readonly<Record<string, string>>;
  /** The bytes of the message; null is a Kafka tombstone. */
  readonly body: Uint8Array | null;
  /** HTTP only: the sender's own id of this message, the same however often it sends it. */
  readonly sendingId?: string;
  /** The broker says it may have delivered this one before (AMQP's `redelivered`). Always false on Kafka. */
  readonly redelivered: boolean;
}

/**
 * Messages that are recorded in one transaction and settled together.
 *
 * On Kafka a batch holds consecutive records of one partition and carries the span of offsets it covers;
 * the transaction that records it also moves the stored position to `span.nextOffset`.
 */
export interface MessageBatch {
  readonly messages: readonly Message[];
  /** Kafka only. */
  readonly span?: OffsetSpan;
  /**
   * RabbitMQ only: the consumer (one channel's life) that holds these messages unacknowledged, and how many it may hold
   * at most, which bounds the receipts kept for it.
   */
  readonly consumer?: { readonly id: string; readonly prefetch: number };
  /** HTTP only: called for each message with its outcome, once that is durable. */
  readonly tell?: (message: Message, outcome: MessageOutcome) => void;
  /**
   * False once the broker has taken the messages back (channel closed, partition revoked): recording them
   * again would only make duplicates, so a batch that is still waiting for the database is dropped.
   */
  isHeld(): boolean;
}

export type MessageOutcome =
  /** Ids in the order of the events in the message; an event that was recorded before has the id it got then. */
  | { readonly kind: 'recorded'; readonly eventIds: readonly string[] }
  /** It can never become an event; see `MalformedMessageError`. */
  | { readonly kind: 'quarantined'; readonly reason: string }
  /** It holds no event that anybody wants. */
  | { readonly kind: 'dropped' };

export interface OffsetSpan {
  readonly topic: string;
  readonly partition: number;
  /** Offset of each message of the batch, in the order of `messages`. */
  readonly offsets: readonly bigint[];
  /** One past the last offset covered, gaps (compaction, control records) included. */
  readonly nextOffset: bigint;
  /**
   * One past the last offset that the partition had when the batch was fetched. A stored position above it cannot be of
   * this log: the topic was deleted and created again, its offsets restarted, and what lies below the stored position
   * has not been recorded.
   */
  readonly highWatermark: bigint;
  /**
   * The id that Kafka gave the topic when it was created: one created again under the same name has another, and its
   * offsets begin anew. Absent where the broker has none (before Kafka 2.8) or did not tell.
   */
  readonly topicId?: string;
}
