/** A broker record before anything has been understood about it. */
export interface Message {
  /**
   * Where it was on the bus, for people and for the quarantine:
   * `cloudstack/0/42` (Kafka topic/partition/offset), `cloudstack-events management-server.ActionEvent.…` (exchange and routing key).
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
   * Headers that are text, numbers or booleans, as text; keys as sent, and AMQP's content type as `content-type`. Absent
   * when there are none.
   */
  readonly headers?: Readonly<Record<string, string>>;
  /** The bytes of the message; null is a Kafka tombstone. */
  readonly body: Uint8Array | null;
  /** HTTP only: what the sender calls this message however often it sends it. */
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
   * RabbitMQ only: names the consumer (one channel's life) that holds these messages unacknowledged, and how many
   * it may hold at most. What is remembered of a consumer's messages is bounded by it.
   */
  readonly consumer?: { readonly id: string; readonly prefetch: number };
  /** HTTP only: hears of each message what became of it, once that is durable. */
  readonly tell?: (message: Message, outcome: MessageOutcome) => void;
  /**
   * False once the broker has taken the messages back (channel closed, partition revoked): recording them
   * again would only make duplicates, so a batch that is still waiting for the database is dropped.
   */
  isHeld(): boolean;
}

export type MessageOutcome =
  /** Ids in the order the message tells of the events; of those that were recorded before, the ids they have. */
  | { readonly kind: 'recorded'; readonly eventIds: readonly string[] }
  /** @see MalformedMessageError */
  | { readonly kind: 'quarantined'; readonly reason: string }
  /** It tells of nothing anyone wants. */
  | { readonly kind: 'dropped' };

export interface OffsetSpan {
  readonly topic: string;
  readonly partition: number;
  /** Offset of each message of the batch, in the order of `messages`. */
  readonly offsets: readonly bigint[];
  /** One past the last offset covered, gaps (compaction, control records) included. */
  readonly nextOffset: bigint;
  /**
   * One past the last offset the partition had when the batch was fetched. A stored position above it
   * cannot be of this log: the topic was deleted and made again, so its offsets restarted, and what is
   * below the stored position has not been recorded.
   */
  readonly highWatermark: bigint;
  /**
   * The id Kafka gave the topic when it was made: one made again under the same name has another, and its offsets
   * begin anew. Absent where the broker knows none (before Kafka 2.8) or did not tell.
   */
  readonly topicId?: string;
}
