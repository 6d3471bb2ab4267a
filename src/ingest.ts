/**
 * The way in: a batch of messages becomes recorded events and deliveries on their way.
 *
 *     normalize → match → record → hand over       (then, and only then, the source settles)
 *
 * A batch waits here while the window is full or the database is away; the broker holds back the rest. It is given up
 * only when the broker has taken it back, or on shutdown.
 */
import { setTimeout as wait } from 'node:timers/promises';

import type { OutgoingEvent } from './dispatch/delivery.ts';
import type { Dispatcher } from './dispatch/dispatcher.ts';
import { BatchGivenUpError, LeaseLostError } from './event/errors.ts';
import type { Log } from './event/log.ts';
import type { MessageBatch } from './event/message.ts';
import type { Lease } from './record/lease.ts';
import type { Ledger, OwedEvent } from './record/ledger.ts';
import type { Reader } from './read.ts';
import type { ReadMessage, Recorder } from './record/recorder.ts';
import type { EventToRecord } from './store/record-batch.ts';
import { oneByOne, refuse } from './record/split.ts';
import { failureKind } from './store/failure.ts';
import type { Store } from './store/open.ts';
import { openPartitions } from './store/partition.ts';
import { findRecorded } from './store/record-batch.ts';

export interface IngestOptions {
  readonly store: Store;
  readonly lease: Lease;
  readonly recorder: Recorder;
  readonly dispatcher: Dispatcher;
  readonly onRecorded: (source: string, counts: RecordedCounts) => void;
  readonly log: Log;
}

export interface RecordedCounts {
  readonly messages: number;
  readonly events: number;
  readonly quarantined: number;
  /** Messages that had been recorded before. */
  readonly repeated: number;
}

export interface IncomingBatch {
  /** The configured name. */
  readonly source: string;
  readonly read: Reader;
  /**
   * Asked once the batch has been read: finds out what reading missed. True when it took its time over it, so that the
   * batch is to be read again.
   */
  readonly learn?: (signal: AbortSignal) => Promise<boolean>;
  readonly batch: MessageBatch;
  /** Shutdown. */
  readonly signal: AbortSignal;
}

/** A batch that was read under one lease, and what of it holds the watermark back. */
interface HeldBatch {
  readonly processId: number;
  readonly ledger: Ledger;
  readonly messages: readonly ReadMessage[];
  /** By event id. */
  readonly owed: Map<string, OwedEvent>;
}

/** First wait after the database failed; doubled up to `retryMsMax`. */
const retryMs = 100;
const retryMsMax = 5_000;
/** How often a waiting batch asks whether it is still held. */
const heldCheckMs = 500;

export class Ingest {
  readonly #options: IngestOptions;

  constructor(options: IngestOptions) {
    this.#options = options;
  }

  /**
   * Resolves when every message of the batch is durable, as an event or in the quarantine.
   *
   * @throws {BatchGivenUpError} it is not recorded and must not be settled.
   */
  async record(incoming: IncomingBatch): Promise<void> {
    await this.#untilRoom(incoming);
    for (let failures = 0; ; failures += 1) {
      if (incoming.signal.aborted || !incoming.batch.isHeld()) throw new BatchGivenUpError();
      const held = await this.#read(incoming);
      try {
        const { recorder } = this.#options;
        const recorded = await recorder.record(incoming.source, incoming.batch, held.messages);
        return this.#handOver(incoming, held, recorded);
      } catch (error) {
        if (failures === 0) this.#tell(incoming, error);
        if (await this.#recover(incoming, held, error)) return;
      }
    }
  }

  async #read(incoming: IncomingBatch): Promise<HeldBatch> {
    const held = this.#hold(incoming);
    if (!(await incoming.learn?.(incoming.signal))) return held;
    strike(held);
    return this.#hold(incoming);
  }

  /** A batch that the broker took back meanwhile must not hold up the source: Kafka rebalances only after it. */
  async #untilRoom({ batch, signal }: IncomingBatch): Promise<void> {
    const { dispatcher } = this.#options;
    while (!dispatcher.hasRoom && batch.isHeld() && !signal.aborted) {
      await dispatcher.room(AbortSignal.any([signal, AbortSignal.timeout(heldCheckMs)]));
    }
  }

  /** Reads the messages under the present lease. Until they are released they hold the watermark back. */
  #hold({ batch, read }: IncomingBatch): HeldBatch {
    const { processId, ledger } = this.#options.lease;
    const messages = batch.messages.map(message => read(message));
    const owed = new Map<string, OwedEvent>();
    for (const { events } of messages) {
      for (const event of events) owed.set(event.id, ledger.enter(event.id, event.owed.length));
    }
    return { processId, ledger, messages, owed };
  }

  /** @returns true when the batch is durable after all; false when it is to be tried again. */
  async #recover(incoming: IncomingBatch, held: HeldBatch, error: unknown): Promise<boolean> {
    const { store, lease } = this.#options;
    if (error instanceof LeaseLostError) {
      strike(held);
      if (lease.processId === held.processId) {
        await this.#untilDone(incoming.signal, () => lease.rejoin());
      }
      return false;
    }
    switch (failureKind(error)) {
      case 'no-partition':
        strike(held);
        await this.#untilDone(incoming.signal, () => openPartitions(store, new Date()));
        return false;
      case 'refused':
        strike(held);
        await this.#recordApart(incoming, error);
        return true;
      case 'repeated':
      case 'unavailable':
        return this.#settleUnknown(incoming, held);
    }
  }

  /** The connection broke: whether the batch committed must be known before anything else may happen to it. */
  async #settleUnknown(incoming: IncomingBatch, held: HeldBatch): Promise<boolean> {
    const { store } = this.#options;
    const found = await this.#untilDone(incoming.signal, () =>
      findRecorded(store, held.processId, [...held.owed.keys()]),
    );
    const recorded = held.messages.filter(({ events }) =>
      events.some(({ id }) => found.ids.has(id)),
    );
    if (recorded.length === 0) {
      strike(held);
      return false;
    }
    if (found.held) this.#handOver(incoming, held, recorded);
    return true;
  }

  /** The database refuses the batch for one message's sake: each alone, and that one into the quarantine. */
  async #recordApart(incoming: IncomingBatch, cause: unknown): Promise<void> {
    const { batch, read } = incoming;
    if (batch.messages.length > 1) {
      for (const single of oneByOne(batch)) await this.record({ ...incoming, batch: single });
      return;
    }
    await this.record({ ...incoming, read: message => refuse(read(message), cause) });
  }

  #handOver(incoming: IncomingBatch, held: HeldBatch, recorded: readonly ReadMessage[]): void {
    // Taken over in the meantime: the deliveries have rows, and come back as claims.
    const isOurs = this.#options.lease.processId === held.processId;
    let events = 0;
    for (const message of recorded) {
      events += message.events.length;
      for (const event of isOurs ? message.events : []) this.#offer(event, held);
    }
    strike(held);
    const messages = incoming.batch.messages.length;
    this.#options.onRecorded(incoming.source, {
      messages,
      events,
      quarantined: recorded.filter(({ quarantined }) => quarantined).length,
      repeated: messages - recorded.length,
    });
  }

  #offer(event: EventToRecord, { ledger, owed }: HeldBatch): void {
    const entry = owed.get(event.id);
    if (!entry) return;
    owed.delete(event.id);
    const { account } = event.envelope;
    const outgoing: OutgoingEvent = {
      id: event.id,
      event: event.envelope.event,
      body: event.body,
      envelope: event.envelope,
      ...(account !== undefined && { account }),
    };
    const written = (): void => ledger.settle(entry);
    const queuedAtMs = performance.now();
    for (const webhookId of event.owed) {
      this.#options.dispatcher.offer({
        event: outgoing,
        webhookId,
        tries: 0,
        deliveryId: undefined,
        webhookGone: false,
        written,
        queuedAtMs,
      });
    }
    ledger.settle(entry);
  }

  #tell({ source }: IncomingBatch, error: unknown): void {
    const kind = error instanceof LeaseLostError ? 'lease-lost' : failureKind(error);
    this.#options.log.warn({ err: error, source, kind }, 'record.failed');
  }

  /** Repeats until it works. @throws {BatchGivenUpError} on shutdown; what was held stays held. */
  async #untilDone<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    for (let delayMs = retryMs; ; delayMs = Math.min(retryMsMax, delayMs * 2)) {
      try {
        return await work();
      } catch (error) {
        this.#options.log.debug({ err: error }, 'database.waiting');
      }
      await wait(delayMs, undefined, { signal }).catch(() => {
        throw new BatchGivenUpError();
      });
    }
  }
}

/** Nothing of it is owed by this process any more: it was not recorded, or others know of it. */
function strike({ ledger, owed }: HeldBatch): void {
  for (const entry of owed.values()) ledger.strike(entry);
}
