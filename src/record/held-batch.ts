/** A batch between reading and recording: its events, and the ledger entries by which it holds the watermark back. */
import type { MessageBatch } from '../event/message.ts';
import type { Reader } from './read.ts';
import type { Lease } from './lease.ts';
import type { Ledger, LedgerEntry } from './ledger.ts';
import type { ReadMessage } from './read-message.ts';
import { partOf } from './split.ts';
import type { EventToRecord } from '../store/record/record-batch.ts';

export interface HeldBatch {
  /** The part of the batch that one statement carries. */
  readonly batch: MessageBatch;
  /** Process id of the lease under which it was read. */
  readonly processId: number;
  readonly ledger: Ledger;
  readonly messages: readonly ReadMessage[];
  /** Ledger entries by event id. */
  readonly owed: Map<string, LedgerEntry>;
}

export interface RecordedCounts {
  readonly messages: number;
  readonly events: number;
  /** Messages of which something is in the quarantine now. */
  readonly quarantined: number;
  /** Messages that had been recorded before. */
  readonly repeated: number;
  /** Messages that hold no event anybody wants. */
  readonly dropped: number;
}

/**
 * Maximum length of the bodies in one statement, in UTF-16 units; one more message may go beyond it, as with
 * `eventMax`.
 */
const bodyLengthMax = 16 * 1024 * 1024;

/**
 * Time for which messages are read without a pause, in milliseconds. Costly ones, of crafted texts or expressions, make smaller
 * batches, so that everything else in the process gets its turn between two of them.
 */
const readMsMax = 20;

/**
 * Reads messages under the present lease until they hold `eventMax` events or took `readMsMax`. They hold the watermark back until they are
 * released.
 */
export function holdBatch(
  { batch, read }: { readonly batch: MessageBatch; readonly read: Reader },
  { processId, ledger }: Pick<Lease, 'processId' | 'ledger'>,
  eventMax: number,
): HeldBatch {
  const messages: ReadMessage[] = [];
  const owed = new Map<string, LedgerEntry>();
  let bodyLength = 0;
  const endsAtMs = performance.now() + readMsMax;
  for (const message of batch.messages) {
    const entry = read(message);
    messages.push(entry);
    for (const event of entry.events) {
      owed.set(event.id, ledger.enter(event.id, handedOver(event).length));
      bodyLength += event.body.length;
    }
    if (owed.size >= eventMax || bodyLength >= bodyLengthMax) break;
    if (performance.now() >= endsAtMs) break;
  }
  return { batch: partOf(batch, 0, messages.length), processId, ledger, messages, owed };
}

/** Ends what this process owes for the batch: it was not recorded, or others know of it. */
export function release({ ledger, owed }: HeldBatch): void {
  for (const entry of owed.values()) ledger.release(entry);
}

const isOfInterest = ({ events, quarantined }: ReadMessage): boolean =>
  events.length + quarantined.length > 0;

/** Counts what became of the messages. @param events how many events were recorded. */
export function countsOf(
  { messages }: HeldBatch,
  recorded: readonly ReadMessage[],
  events: number,
): RecordedCounts {
  return {
    messages: messages.length,
    events,
    quarantined: recorded.filter(entry => entry.quarantined.length > 0).length,
    repeated: messages.length - recorded.length,
    dropped: recorded.filter(entry => !isOfInterest(entry)).length,
  };
}

/** Ids of the webhooks whose deliveries have no row yet. */
export function handedOver({ owed, queued }: EventToRecord): readonly string[] {
  if (!queued) return owed;
  const rows = new Set(queued.map(({ webhookId }) => webhookId));
  return owed.filter(id => !rows.has(id));
}
