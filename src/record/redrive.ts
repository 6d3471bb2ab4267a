/** Redrives a message of the quarantine: today's decoder may understand what yesterday's did not. */
import { BatchGivenUpError } from '../event/errors.ts';
import type { Message, MessageOutcome, RefusedItem } from '../event/message.ts';
import type { BatchReading, Ingest } from './ingest.ts';
import type { Normalizers, SourceReading } from '../normalize/normalizers.ts';
import type { ReadMessage } from './read-message.ts';
import { databaseOf, type Database, type Store } from '../store/database.ts';
import { findQuarantined } from '../store/event/quarantine.ts';
import { findEventIds } from '../store/event/event.ts';

export type RedriveResult =
  /** It has left the quarantine; there are no event ids when it holds nothing that anybody wants. */
  | {
      readonly kind: 'recorded';
      readonly eventIds: readonly string[];
      /** Items of it that are in the quarantine by themselves now. */
      readonly refused: readonly RefusedItem[];
    }
  | { readonly kind: 'quarantined'; readonly reason: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unknown-source'; readonly source: string }
  | { readonly kind: 'busy' };

/** Redrives one message. @param id its id in the quarantine. */
export type Redrive = (id: string) => Promise<RedriveResult>;

export interface RedriveOptions {
  readonly store: Store;
  readonly normalizers: Normalizers;
  readonly readBatch: (source: SourceReading) => BatchReading;
  readonly ingest: Ingest;
  /** Aborts on shutdown. */
  readonly signal: AbortSignal;
}

/** Maximum wait of the caller while the window is full or the database away. */
const waitMsMax = 10_000;

/** The message takes the same way as every other, but leaves the quarantine in the statement that records it. */
export function createRedrive(options: RedriveOptions): Redrive {
  const { store, normalizers, readBatch, ingest, signal } = options;
  return async id => {
    const database = databaseOf(store);
    const quarantined = await findQuarantined(database, id);
    if (!quarantined) return { kind: 'missing' };
    const { source } = quarantined;
    const configured = normalizers.bySource.get(source);
    if (!configured) return { kind: 'unknown-source', source };
    const message = messageOf(quarantined);
    const reading = readBatch(configured);
    let last: ReadMessage | undefined;
    let outcome: MessageOutcome | undefined;
    const read = (one: Message, refused?: string): ReadMessage =>
      (last = { ...reading.read(one, refused), redriveOf: id });
    try {
      await ingest.record({
        source,
        read,
        learn: reading.learn,
        batch: {
          messages: [message],
          tell: (_, told) => {
            outcome = told;
          },
          isHeld: () => true,
        },
        signal: AbortSignal.any([signal, AbortSignal.timeout(waitMsMax)]),
      });
    } catch (error) {
      if (error instanceof BatchGivenUpError) return { kind: 'busy' };
      throw error;
    }
    reading.count();
    // An event that its cloud has sent again meanwhile is recorded under the id it got then.
    const known = outcome?.kind === 'recorded' ? outcome.eventIds : [];
    const own = last?.events.map(event => event.id) ?? [];
    const refused = outcome?.kind === 'recorded' ? outcome.refused : [];
    return whatBecame(database, id, { eventIds: known.length > 0 ? known : own, refused });
  };
}

function messageOf({
  position,
  body,
  routingKey,
  headers,
  item,
  sendingId,
}: NonNullable<Awaited<ReturnType<typeof findQuarantined>>>): Message {
  return {
    position,
    body,
    redelivered: false,
    routingKey: routingKey ?? undefined,
    headers: headers ?? undefined,
    item: item ?? undefined,
    sendingId: sendingId ?? undefined,
  };
}

/** Reads the result from the rows: PostgreSQL may have refused the event, or somebody else have been faster. */
async function whatBecame(
  database: Database,
  id: string,
  { eventIds, refused }: Pick<Extract<RedriveResult, { kind: 'recorded' }>, 'eventIds' | 'refused'>,
): Promise<RedriveResult> {
  const still = await findQuarantined(database, id);
  if (still) return { kind: 'quarantined', reason: still.reason };
  const recorded = await findEventIds(database, eventIds);
  const byOther = eventIds.length > 0 && recorded.length === 0;
  return byOther ? { kind: 'missing' } : { kind: 'recorded', eventIds: recorded, refused };
}
