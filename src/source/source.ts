/** A source gets messages from one bus and settles them once they are durable. It knows no cloud and no database. */
import type { MessageBatch } from '../event/message.ts';

export interface Source {
  /** The configured name, unique in the process and stable: stored positions are keyed by it. */
  readonly name: string;
  readonly kind: 'rabbitmq' | 'kafka' | 'http';
  /**
   * Consumes until `signal` aborts, reconnecting for ever, then leaves the bus in order: no new batch, the one
   * in flight settled, connections closed. It rejects only for bugs.
   *
   * @param record resolves once every message of the batch is durable; only then is the batch settled. One batch
   *   at a time. It rejects when the batch was given up (shutdown, or no longer held): settle nothing.
   */
  run(record: (batch: MessageBatch) => Promise<void>, signal: AbortSignal): Promise<void>;
  status(): SourceStatus;
  /** Takes no new messages until `resume`; what is in flight goes on. Idempotent. */
  pause(): void;
  resume(): void;
}

export interface SourceStatus {
  /**
   * `running`: what comes is recorded. `waiting`: the broker, exchange or topic is not there yet, the connection is being
   * made again, or the database does not record what came.
   */
  readonly state: 'waiting' | 'running' | 'paused' | 'stopped';
  /** Reason why it waits, for the operator. */
  readonly reason?: string;
  /** Messages on the bus that are not recorded yet; absent while unknown. */
  readonly lag?: number;
  /** Messages that the bus deleted before they were recorded, since the source exists; absent where it cannot know. */
  readonly lost?: number;
  /** What works, but not as the operator will expect. */
  readonly warnings?: readonly string[];
  /** Bindings that had been missing and were made again since the process started: how many, and the last one. */
  readonly bindingsRestored?: {
    readonly count: number;
    /** ISO 8601. */
    readonly at: string;
    readonly exchange: string;
    readonly reason: string;
  };
}
