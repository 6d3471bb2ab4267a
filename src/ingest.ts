/**
 * The way in: a batch of messages becomes recorded events and deliveries on their way.
 *
 *     normalize → match → record → hand over       (then, and only then, the source settles)
 *
 * A batch waits here while the window is full or the database is away; the broker holds back the rest. It is given up
 * only when the broker has taken it back, or on shutdown.
 */
import { setTimeout as wait } from 'node:timers/promises';

import type { Dispatcher, OutgoingEvent } from './dispatch/dispatcher.ts';
import { BatchGivenUpError, LeaseLostError } from './event/errors.ts';
import type { Log } from './event/log.ts';
import type { MessageBatch } from './event/message.ts';
import type { Lease } from './record/lease.ts';
import type { OwedEvent } from './record/ledger.ts';
import type { Reader } from './read.ts';
import type { ReadMessage, Recorder } from './record/recorder.ts';
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
  readonly batch: MessageBatch;
  /** Shutdown. */
  readonly signal: AbortSignal;
}

export interface Ingest {
  /**
   * Resolves when every message of the batch is durable, as an event or in the quarantine.
   *
   * @throws {BatchGivenUpError} it is not recorded and must not be settled.
   */
  record(incoming: IncomingBatch): Promise<void>;
}

/** First wait after the database failed; doubled up to `retryMsMax`. */
const retryMs = 100;
const retryMsMax = 5_000;

export function createIngest(options: IngestOptions): Ingest {
  const { store, lease, recorder, dispatcher, log } = options;

  async function record(incoming: IncomingBatch): Promise<void> {
    await dispatcher.room(incoming.signal);
    for (let failures = 0; ; failures += 1) {
      if (incoming.signal.aborted || !incoming.batch.isHeld()) throw new BatchGivenUpError();
      const held = hold(incoming);
      try {
        const recorded = await recorder.record(incoming.source, incoming.batch, held.messages);
        return handOver(incoming, held, recorded);
      } catch (error) {
        if (await recover(incoming, held, { error, failures })) return;
      }
    }
  }

  /** Reads the messages under the present lease. Until they are released they hold the watermark back. */
  function hold({ batch, read }: IncomingBatch): HeldBatch {
    const { processId, ledger } = lease;
    const messages = batch.messages.map(read);
    const owed = new Map<string, OwedEvent>();
    for (const event of messages.flatMap(({ events }) => events)) {
      owed.set(event.id, ledger.enter(event.id, event.owed.length));
    }
    return { processId, messages, owed };
  }

  /** @returns true when the batch is durable after all. */
  async function recover(
    incoming: IncomingBatch,
    held: HeldBatch,
    { error, failures }: { error: unknown; failures: number },
  ): Promise<boolean> {
    if (error instanceof LeaseLostError) {
      strike(held);
      if (lease.processId === held.processId) await untilDone(incoming.signal, () => lease.rejoin());
      return false;
    }
    switch (failureKind(error)) {
      case 'no-partition':
        strike(held);
        await untilDone(incoming.signal, () => openPartitions(store, new Date()));
        return false;
      case 'refused':
        strike(held);
        await recordApart(incoming, error);
        return true;
      case 'repeated':
      case 'unavailable':
        if (failures === 0) log.warn({ err: error, source: incoming.source }, 'record.waiting');
        return settleUnknown(incoming, held);
    }
  }

  /** The connection broke: whether the batch committed must be known before anything else may happen to it. */
  async function settleUnknown(incoming: IncomingBatch, held: HeldBatch): Promise<boolean> {
    const found = await untilDone(incoming.signal, () =>
      findRecorded(store, held.processId, [...held.owed.keys()]),
    );
    const recorded = held.messages.filter(({ events }) => events.some(({ id }) => found.ids.has(id)));
    if (recorded.length === 0) {
      strike(held);
      return false;
    }
    if (found.held) handOver(incoming, held, recorded);
    return true;
  }

  /** The database refuses the batch for one message's sake: each alone, and that one into the quarantine. */
  async function recordApart(incoming: IncomingBatch, cause: unknown): Promise<void> {
    const { batch, read } = incoming;
    if (batch.messages.length === 1) {
      return record({ ...incoming, read: message => refuse(read(message), cause) });
    }
    for (const single of oneByOne(batch)) await record({ ...incoming, batch: single });
  }

  function handOver(
    { source, batch }: IncomingBatch,
    { processId, owed }: HeldBatch,
    recorded: readonly ReadMessage[],
  ): void {
    const events = recorded.flatMap(message => message.events);
    // Taken over in the meantime: the deliveries have rows, and come back as claims.
    const ours = lease.processId === processId;
    for (const event of events) {
      const entry = owed.get(event.id);
      if (!entry || !ours) continue;
      owed.delete(event.id);
      const written = (): void => lease.ledger.settle(entry);
      const outgoing: OutgoingEvent = {
        id: event.id,
        event: event.envelope.event,
        body: event.body,
        ...(event.envelope.account !== undefined && { account: event.envelope.account }),
      };
      for (const webhookId of event.owed) {
        dispatcher.offer({ event: outgoing, webhookId, tries: 0, written });
      }
      written();
    }
    for (const entry of owed.values()) lease.ledger.strike(entry);
    options.onRecorded(source, {
      messages: batch.messages.length,
      events: events.length,
      quarantined: recorded.filter(({ quarantined }) => quarantined).length,
      repeated: batch.messages.length - recorded.length,
    });
  }

  function strike({ owed }: HeldBatch): void {
    for (const entry of owed.values()) lease.ledger.strike(entry);
  }

  /** Repeats until it works. @throws {BatchGivenUpError} on shutdown; what was held stays held. */
  async function untilDone<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    for (let delayMs = retryMs; ; delayMs = Math.min(retryMsMax, delayMs * 2)) {
      try {
        return await work();
      } catch (error) {
        log.debug({ err: error }, 'database.waiting');
      }
      await wait(delayMs, undefined, { signal }).catch(() => {
        throw new BatchGivenUpError();
      });
    }
  }

  return { record };
}

interface HeldBatch {
  readonly processId: number;
  readonly messages: readonly ReadMessage[];
  /** By event id. */
  readonly owed: Map<string, OwedEvent>;
}
