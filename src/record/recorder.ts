/**
 * Makes a batch durable exactly once, whatever the broker repeats.
 *
 * Kafka: the stored position moves in the transaction that records, so records below it are left out here, whoever
 * reads them again, and none above it are recorded before those in between. RabbitMQ: messages that the broker marks as
 * redelivered are looked up among the receipts. Both: an event that its cloud named is left out when one of that name is
 * recorded, whichever message it came in.
 */
import { LeaseLostError, PositionMovedError } from '../event/errors.ts';
import type { MessageBatch, OffsetSpan, StoredPosition } from '../event/message.ts';
import { databaseOf, inTransaction, type Database, type Store } from '../store/database.ts';
import { takeReceipts } from '../store/record/receipt.ts';
import { recordBatch, type BatchRows } from '../store/record/record-batch.ts';
import { findPosition } from '../store/record/position.ts';
import type { ReadMessage } from './read-message.ts';
import { findReplayed } from './replay.ts';
import { createReceipts, hashMessage, type Receipts } from './receipts.ts';

export interface Recorder {
  /**
   * Records a batch.
   *
   * @param read one entry for each message of the batch, in its order.
   * @returns the entries that were recorded now, with those of their events that were; the others had been before.
   * @throws {LeaseLostError} when nothing was written: join again, give the events new ids, repeat.
   * @throws {PositionMovedError} when nothing was written, and the source has to read elsewhere.
   */
  record(
    source: string,
    batch: MessageBatch,
    read: readonly ReadMessage[],
  ): Promise<readonly ReadMessage[]>;
}

export interface RecorderOptions {
  readonly store: Store;
  readonly processId: () => number;
}

export function createRecorder(options: RecorderOptions): Recorder {
  const receiptsBySource = new Map<string, Receipts>();
  return {
    record(source, batch, read) {
      const rows = { processId: options.processId(), source };
      const [first] = read;
      if (first?.redriveOf !== undefined) {
        return recordRedriven(options.store, rows, { ...first, redriveOf: first.redriveOf });
      }
      if (batch.span) return recordSpan(options.store, rows, batch.span, read);
      let receipts = receiptsBySource.get(source);
      if (!receipts) receiptsBySource.set(source, (receipts = createReceipts()));
      return recordReceived(options.store, rows, { batch, read, receipts });
    },
  };
}

type BatchOwner = Pick<BatchRows, 'processId' | 'source'>;

async function recordSpan(
  store: Store,
  owner: BatchOwner,
  span: OffsetSpan,
  read: readonly ReadMessage[],
): Promise<readonly ReadMessage[]> {
  const { topic, partition } = span;
  let { fromOffset } = span;
  for (;;) {
    const at = span.offsets.findIndex(offset => offset >= fromOffset);
    const first = at === -1 ? span.offsets.length : at;
    const left = { ...span, offsets: span.offsets.slice(first) };
    const found = await findReplayed(databaseOf(store), owner.source, left, read.slice(first));
    const { read: fresh, replayed } = found;
    const position = {
      topic,
      partition,
      topicId: span.topicId,
      fromOffset,
      firstOffset: span.offsets[first] ?? span.nextOffset,
      nextOffset: span.nextOffset,
      offsets: fresh.flatMap(({ events }, index) =>
        events.map(() => span.offsets[first + index] ?? span.nextOffset),
      ),
    };
    const rows = { ...owner, ...rowsOf(fresh), position, replayed };
    const result = await recordBatch(databaseOf(store), rows);
    if (result.kind === 'lease-lost') throw new LeaseLostError(leaseLost(owner));
    if (result.kind === 'recorded') return withoutKnown(withNew(fresh, read), result.known);
    const stored = await findPosition(databaseOf(store), {
      source: owner.source,
      topic,
      partition,
    });
    if (!stored || stored.nextOffset < fromOffset || isOfOther(stored, span)) {
      throw new PositionMovedError(describeMove(span, stored));
    }
    if (stored.nextOffset >= span.nextOffset) return [];
    fromOffset = stored.nextOffset;
  }
}

/** Leaves out messages all of whose events were recorded before, and of which nothing is put aside now. */
function withNew(fresh: readonly ReadMessage[], read: readonly ReadMessage[]) {
  const hadEvents = new Set(read.filter(({ events }) => events.length > 0).map(one => one.message));
  return fresh.filter(
    ({ message, events, quarantined }) =>
      events.length + quarantined.length > 0 || !hadEvents.has(message),
  );
}

const isOfOther = (stored: StoredPosition, { topicId }: OffsetSpan): boolean =>
  stored.topicId !== undefined && topicId !== undefined && stored.topicId !== topicId;

function describeMove(span: OffsetSpan, stored: StoredPosition | undefined): string {
  const place = `${span.topic}/${span.partition}`;
  const now = stored ? `offset ${stored.nextOffset}` : 'nothing';
  return `the database has ${now} of ${place}, where a batch begins at ${span.fromOffset}`;
}

async function recordRedriven(
  store: Store,
  owner: BatchOwner,
  read: ReadMessage & { readonly redriveOf: string },
): Promise<readonly ReadMessage[]> {
  const { redriveOf, events, quarantined } = read;
  const [first] = quarantined;
  // Where nothing of it is taken it stays as it is; otherwise what is still refused stays alone.
  const stays = events.length === 0 && first !== undefined;
  const result = await recordBatch(databaseOf(store), {
    ...owner,
    events,
    quarantined: stays ? [] : quarantined,
    redrive: { id: redriveOf, reason: stays ? first.reason : undefined },
  });
  if (result.kind === 'lease-lost') throw new LeaseLostError(leaseLost(owner));
  return result.kind === 'recorded' ? withoutKnown([read], result.known) : [];
}

async function recordReceived(
  store: Store,
  owner: BatchOwner,
  {
    batch,
    read,
    receipts,
  }: { batch: MessageBatch; read: readonly ReadMessage[]; receipts: Receipts },
): Promise<readonly ReadMessage[]> {
  const hashes = read.map(({ message }) => hashMessage(message));
  const record = async (database: Database, fresh: readonly ReadMessage[]) => {
    const forget = batch.consumer ? receipts.superfluous(batch.consumer, hashes.length) : [];
    const result = await recordBatch(database, {
      ...owner,
      ...rowsOf(fresh),
      receipt: batch.consumer && { consumerId: batch.consumer.id, hashes, forget },
    });
    if (result.kind !== 'recorded') throw new LeaseLostError(leaseLost(owner));
    return { fresh: withoutKnown(fresh, result.known), forget, receiptId: result.receiptId };
  };
  const { fresh, forget, receiptId } = read.some(({ message }) => message.redelivered)
    ? await inTransaction(store, async database =>
        record(database, await withoutRecorded(database, owner.source, read, hashes)),
      )
    : await record(databaseOf(store), read);
  if (batch.consumer && receiptId !== undefined) {
    receipts.made(batch.consumer.id, { id: receiptId, size: hashes.length }, forget);
  }
  return fresh;
}

async function withoutRecorded(
  database: Database,
  source: string,
  read: readonly ReadMessage[],
  hashes: readonly string[],
): Promise<readonly ReadMessage[]> {
  const redelivered = hashes.filter((_, index) => read[index]?.message.redelivered);
  const found = new Map(await takeReceipts(database, source, redelivered));
  return read.filter(({ message }, index) => {
    const hash = hashes[index] ?? '';
    const count = message.redelivered ? (found.get(hash) ?? 0) : 0;
    if (count > 0) found.set(hash, count - 1);
    return count === 0;
  });
}

const withoutKnown = (read: readonly ReadMessage[], known: ReadonlySet<string>) =>
  known.size === 0 ? read : keepEvents(read, id => !known.has(id));

/**
 * Keeps some of the events. A message none of whose events is kept had been recorded before; one that never had any, or
 * of which something is put aside, stays.
 */
export function keepEvents(
  read: readonly ReadMessage[],
  isKept: (eventId: string) => boolean,
): readonly ReadMessage[] {
  return read.flatMap(entry => {
    const events = entry.events.filter(({ id }) => isKept(id));
    if (events.length === entry.events.length) return [entry];
    return events.length + entry.quarantined.length === 0 ? [] : [{ ...entry, events }];
  });
}

function rowsOf(read: readonly ReadMessage[]): Pick<BatchRows, 'events' | 'quarantined'> {
  return {
    events: read.flatMap(({ events }) => events),
    quarantined: read.flatMap(({ quarantined }) => quarantined),
  };
}

function leaseLost({ processId }: BatchOwner): string {
  return `process ${processId} was taken over`;
}
