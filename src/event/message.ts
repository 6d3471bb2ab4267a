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
   * Headers whose value is a text, a number, a boolean or AMQP's timestamp (as RFC 3339), as text. Names are as sent;
   * AMQP's content type is `content-type`. Absent when there are none.
   */
  readonly headers?: Readonly<Record<string, string>>;
  /** The bytes of the message; null is a Kafka tombstone. */
  readonly body: Uint8Array | null;
  /** HTTP only: the sender's own id of this message, the same however often it sends it. */
  readonly sendingId?: string;
  /**
   * Index of the one item that this message holds in the message that it came in: the item was put aside, and comes from
   * the quarantine. Absent for a message of a bus or a sender.
   */
  readonly item?: number;
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
  /** Some of it is events. */
  | {
      readonly kind: 'recorded';
      /** Ids in the order of the events in the message; an event that was recorded before has the id it got then. */
      readonly eventIds: readonly string[];
      readonly refused: readonly RefusedItem[];
    }
  /** It can never become an event; see `MalformedMessageError`. */
  | { readonly kind: 'quarantined'; readonly reason: string }
  /** It holds no event that anybody wants. */
  | { readonly kind: 'dropped' };

/** An item of a message that can never become an event, and is in the quarantine by itself. */
export interface RefusedItem {
  /** Index in the message. */
  readonly item: number;
  readonly reason: string;
}

export interface OffsetSpan {
  readonly topic: string;
  readonly partition: number;
  /**
   * The stored position when the batch was read: the batch covers all from here on. Higher only for the later parts of
   * a batch that was split.
   */
  readonly fromOffset: bigint;
  /** Offset of each message of the batch, in the order of `messages`. */
  readonly offsets: readonly bigint[];
  /** One past the last offset covered, gaps (compaction, control records) included. */
  readonly nextOffset: bigint;
  /**
   * The id that Kafka gave the topic when it was created: one created again under the same name has another, and its
   * offsets begin anew. Absent where the broker has none (before Kafka 2.8) or did not tell.
   */
  readonly topicId?: string | undefined;
  /** Present when records of the batch, those below an offset, have been recorded before and are wanted again. */
  readonly replay?: Replay | undefined;
}

/**
 * How far a partition of a Kafka topic is recorded. It is the database's word, which a source is given a hand on, because
 * it knows no database.
 */
export interface StoredPosition {
  readonly topic: string;
  readonly partition: number;
  /** Kafka's own id of the topic, 32 hexadecimal digits; absent where the broker has none (before Kafka 2.8). */
  readonly topicId?: string | undefined;
  /** The offset at which the reading of this partition began. */
  readonly startOffset: bigint;
  /** The first offset that is not recorded. */
  readonly nextOffset: bigint;
  /** Present while records are read again that an operator wants again. */
  readonly replay?: Replay | undefined;
}

export interface Replay {
  /** UUID of the operator's wish; one for all partitions that were set back together. */
  readonly id: string;
  /** The first offset that had not been recorded before. */
  readonly untilOffset: bigint;
}

/** A position to store in the place of what was read; `lost` records were on the bus and never recorded. */
export interface PositionChange {
  /** Undefined when nothing was stored of the partition. */
  readonly before: StoredPosition | undefined;
  readonly after: StoredPosition;
  readonly lost: bigint;
}

export interface StoredPositions {
  /** UUID of the database's history: a replica, or a database restored from a dump, has the same. */
  readonly history: string;
  readonly positions: readonly StoredPosition[];
  /** Number of records of all partitions that were lost so far. */
  readonly lost: bigint;
  /** When that was last found, RFC 3339; absent while none were. */
  readonly lostAt?: string | undefined;
}

/** The stored positions of all sources. Its methods reject while the database is away. */
export interface PositionStore {
  list(source: string): Promise<StoredPositions>;
  /** Stores all changes, or none and gives false when one of the positions is not any more what was read. */
  change(source: string, changes: readonly PositionChange[]): Promise<boolean>;
}
