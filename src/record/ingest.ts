/**
 * Ingest: a batch of messages becomes recorded events, and deliveries on their way.
 *
 *     normalize → match → record → hand over       (then, and only then, the source settles)
 *
 * A batch waits here while the window is full or the database is away; the broker holds back the rest. It is given up
 * only when the broker has taken it back, or on shutdown.
 */
import type { OutgoingEvent } from '../dispatch/delivery.ts';
import type { Dispatcher } from '../dispatch/engine/dispatcher.ts';
import { BatchGivenUpError, LeaseLostError, PositionMovedError } from '../event/errors.ts';
import type { Log } from '../event/log.ts';
import type { MessageBatch } from '../event/message.ts';
import { createBackoff, delay } from '../event/wait.ts';
import type { Effort } from '../store/connection/effort.ts';
import type { Lease } from './lease.ts';
import {
  countsOf,
  handedOver,
  holdBatch,
  release,
  type HeldBatch,
  type RecordedCounts,
} from './held-batch.ts';
import type { Reader } from './read.ts';
import type { ReadMessage } from './read-message.ts';
import { keepEvents, type Recorder } from './recorder.ts';
import type { EventToRecord } from '../store/record/record-batch.ts';
import { outcomeOf, recordedIds } from './message-outcome.ts';
import { oneByOne, partOf } from './split.ts';
import { failureKind } from '../store/record/failure.ts';
import { databaseOf, type Store } from '../store/database.ts';
import { openPartitions } from '../store/schema/partition.ts';
import { findRecorded } from '../store/record/recorded.ts';

export interface IngestOptions {
  readonly store: Store;
  readonly lease: Lease;
  readonly recorder: Recorder;
  readonly dispatcher: Dispatcher;
  /** Maximum number of events in one statement; one more message may go beyond it, for a message is not split. */
  readonly eventMax: number;
  readonly onRecorded: (source: string, counts: RecordedCounts) => void;
  readonly log: Log;
}

export interface IncomingBatch {
  /** The configured name of the source. */
  readonly source: string;
  readonly read: Reader;
  /**
   * Called once the batch has been read, to look up accounts that the directory did not know. True when it took its
   * time over it, so that the batch is to be read again.
   */
  readonly learn?: (signal: AbortSignal) => Promise<boolean>;
  readonly batch: MessageBatch;
  /** Aborts on shutdown. */
  readonly signal: AbortSignal;
  /** Hears of every try to record. */
  readonly effort?: Effort;
}

/** The functions that read the messages of one batch. */
export interface BatchReading extends Required<Pick<IncomingBatch, 'read' | 'learn'>> {
  /** Counts the events of unknown accounts; called once the batch is recorded. */
  readonly count: () => void;
}

/** The result of a try to record the batch, when the same try is not to be repeated. */
type TryResult =
  /** `owns`: the process still holds the lease under which it owes the deliveries. */
  { readonly recorded: readonly ReadMessage[]; readonly owns: boolean } | 'split';

/** Wait between two tries while the database is away. */
const databaseBackoff = { baseMs: 100, maxMs: 5_000 };
/** How often a waiting batch checks whether it is still held. */
const heldCheckMs = 500;

export class Ingest {
  readonly #options: IngestOptions;

  constructor(options: IngestOptions) {
    this.#options = options;
  }

  /**
   * Resolves when every message of the batch is durable, as an event or in the quarantine.
   *
   * @throws {BatchGivenUpError} when it was not recorded and must not be settled.
   * @throws {PositionMovedError} the same, when the source has to read elsewhere.
   */
  async record(incoming: IncomingBatch): Promise<void> {
    let { batch } = incoming;
    do {
      const count = await this.#recordSome({ ...incoming, batch });
      batch = partOf(batch, count);
    } while (batch.messages.length > 0);
  }

  /** Records as many messages as fit one statement. @returns how many are durable now, from the first on. */
  async #recordSome(incoming: IncomingBatch): Promise<number> {
    await this.#untilRoom(incoming);
    for (let failures = 0; ; failures += 1) {
      if (incoming.signal.aborted || !incoming.batch.isHeld()) throw new BatchGivenUpError();
      const held = await this.#read(incoming);
      const result = await this.#try({ ...incoming, batch: held.batch }, held, failures === 0);
      if (result === undefined) continue;
      if (result !== 'split') {
        this.#handOver(incoming, held, result);
        await this.#tell(incoming, held, result.recorded);
      }
      return held.messages.length;
    }
  }

  /** Tries once. @returns undefined when it is to be tried again. */
  async #try(
    incoming: IncomingBatch,
    held: HeldBatch,
    isFirst: boolean,
  ): Promise<TryResult | undefined> {
    const { recorder, log } = this.#options;
    try {
      incoming.effort?.began();
      const recorded = await recorder.record(incoming.source, incoming.batch, held.messages);
      incoming.effort?.succeeded();
      return { recorded, owns: true };
    } catch (error) {
      if (error instanceof PositionMovedError) {
        release(held);
        throw error;
      }
      const kind = error instanceof LeaseLostError ? 'lease-lost' : failureKind(error);
      if (isFirst) log.warn({ err: error, source: incoming.source, kind }, 'record.failed');
      return this.#recover(incoming, held, error);
    }
  }

  async #read(incoming: IncomingBatch): Promise<HeldBatch> {
    const { lease, eventMax } = this.#options;
    const held = holdBatch(incoming, lease, eventMax);
    if (!(await incoming.learn?.(incoming.signal))) return held;
    release(held);
    return holdBatch(incoming, lease, eventMax);
  }

  /**
   * Waits for room. A batch that the broker took back meanwhile must not hold up the source: Kafka rebalances only
   * after it.
   */
  async #untilRoom({ batch, signal }: IncomingBatch): Promise<void> {
    const { dispatcher } = this.#options;
    while (!dispatcher.hasRoom && batch.isHeld() && !signal.aborted) {
      await dispatcher.room(AbortSignal.any([signal, AbortSignal.timeout(heldCheckMs)]));
    }
  }

  async #recover(
    incoming: IncomingBatch,
    held: HeldBatch,
    error: unknown,
  ): Promise<TryResult | undefined> {
    const { store, lease } = this.#options;
    if (error instanceof LeaseLostError) {
      release(held);
      if (lease.processId === held.processId) {
        await this.#untilDone(incoming, () => lease.rejoin());
      }
      return undefined;
    }
    switch (failureKind(error)) {
      case 'no-partition':
        release(held);
        await this.#untilDone(incoming, () => openPartitions(store, new Date()));
        return undefined;
      case 'refused':
        release(held);
        await this.#recordSplit(incoming, held, error);
        return 'split';
      case 'repeated':
      case 'unavailable':
        incoming.effort?.failed(error);
        return this.#settleUnknown(incoming, held);
    }
  }

  /**
   * Settles the doubt when the connection broke: whether the batch was committed must be known before anything else
   * happens to it.
   */
  async #settleUnknown(incoming: IncomingBatch, held: HeldBatch): Promise<TryResult | undefined> {
    const { store } = this.#options;
    const found = await this.#untilDone(incoming, () =>
      findRecorded(store, held.processId, [...held.owed.keys()]),
    );
    // None found: nothing was written, or no event in it was new. Another try tells which, and changes nothing then.
    if (found.ids.size === 0) {
      release(held);
      return undefined;
    }
    return { recorded: keepEvents(held.messages, id => found.ids.has(id)), owns: found.held };
  }

  /**
   * Records each message alone, because the database refuses the batch for one message's sake, which goes to the
   * quarantine.
   */
  async #recordSplit(incoming: IncomingBatch, held: HeldBatch, cause: unknown): Promise<void> {
    const { batch, read } = incoming;
    if (batch.messages.length > 1) {
      for (const single of oneByOne(batch)) await this.record({ ...incoming, batch: single });
      return;
    }
    if (held.owed.size === 0) {
      throw new RangeError('only a message with events can be refused', { cause });
    }
    const reason = cause instanceof Error ? cause.message : String(cause);
    const refused = `PostgreSQL refuses the event: ${reason}`;
    await this.record({ ...incoming, read: message => read(message, refused) });
  }

  #handOver(
    { source }: IncomingBatch,
    held: HeldBatch,
    { recorded, owns }: Exclude<TryResult, 'split'>,
  ): void {
    // Where another process has taken over, the deliveries have rows, and come back as claims.
    const isOurs = owns && this.#options.lease.processId === held.processId;
    let events = 0;
    for (const message of recorded) {
      events += message.events.length;
      for (const event of isOurs ? message.events : []) this.#offer(event, held);
    }
    release(held);
    this.#options.onRecorded(source, countsOf(held, recorded, events));
  }

  /** Tells a sender who waits what became of each message. */
  async #tell(
    incoming: IncomingBatch,
    { messages }: HeldBatch,
    recorded: readonly ReadMessage[],
  ): Promise<void> {
    const { tell } = incoming.batch;
    if (!tell) return;
    const database = databaseOf(this.#options.store);
    const find = () => recordedIds(database, incoming.source, messages, recorded);
    const idOf = await this.#untilDone(incoming, find);
    for (const entry of messages) tell(entry.message, outcomeOf(entry, idOf));
  }

  #offer(event: EventToRecord, { ledger, owed }: HeldBatch): void {
    const entry = owed.get(event.id);
    if (!entry) return;
    owed.delete(event.id);
    const { id, envelope, body, provenDomain, provenUser } = event;
    const outgoing: OutgoingEvent = {
      id,
      event: envelope.event,
      body,
      envelope,
      account: envelope.account,
      project: envelope.project,
      category: envelope.category,
      provenDomain,
      provenUser,
    };
    const written = (): void => ledger.settle(entry);
    const queuedAtMs = performance.now();
    for (const webhookId of handedOver(event)) {
      this.#options.dispatcher.offer({
        event: outgoing,
        webhookId,
        tries: 0,
        deliveryId: undefined,
        webhookGone: false,
        isOutside: false,
        written,
        queuedAtMs,
      });
    }
    ledger.settle(entry);
  }

  /** Repeats `work` until it succeeds. @throws {BatchGivenUpError} on shutdown; what was held stays held. */
  async #untilDone<T>({ signal, effort }: IncomingBatch, work: () => Promise<T>): Promise<T> {
    const backoff = createBackoff(databaseBackoff);
    for (;;) {
      try {
        return await work();
      } catch (error) {
        effort?.failed(error);
        this.#options.log.debug({ err: error }, 'database.waiting');
      }
      await delay(backoff.nextMs(), signal);
      if (signal.aborted) throw new BatchGivenUpError();
    }
  }
}
