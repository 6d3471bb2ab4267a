/**
 * Records of Kafka that an operator has read again: the events that they became are delivered again, the same ones, to
 * the webhooks that want them today. A record of which no event is left is recorded like a new one.
 */
import type { OffsetSpan } from '../event/message.ts';
import type { Database } from '../store/database.ts';
import type { ReplayedDeliveries } from '../store/record/kafka-parts.ts';
import { findQuarantinedPlaces, placeOf } from '../store/event/quarantine.ts';
import { findRecordedEvents } from '../store/record/recorded-span.ts';
import type { ReadMessage } from './read-message.ts';

export interface Replayed {
  /** The messages, without the events that are recorded already. */
  readonly read: readonly ReadMessage[];
  readonly replayed?: ReplayedDeliveries;
}

/** @param read one entry for each offset of the span, in their order. */
export async function findReplayed(
  database: Database,
  source: string,
  span: OffsetSpan,
  read: readonly ReadMessage[],
): Promise<Replayed> {
  const { replay } = span;
  if (!replay) return { read };
  const again = { ...span, offsets: span.offsets.filter(offset => offset < replay.untilOffset) };
  const recorded = await findRecordedEvents(database, source, again);
  const deliveries: ReplayedDeliveries['deliveries'][number][] = [];
  const rest = read.map((entry, index) => {
    const ids = recorded.get(span.offsets[index] ?? -1n) ?? [];
    for (const [at, { owed }] of entry.events.entries()) {
      const eventId = ids[at];
      if (eventId === undefined) break;
      deliveries.push(...owed.map(webhookId => ({ eventId, webhookId })));
    }
    return ids.length === 0 ? entry : { ...entry, events: entry.events.slice(ids.length) };
  });
  const parked = await findQuarantinedPlaces(database, source, positionsOf(read, again.offsets));
  const kept = rest.map(entry => ({
    ...entry,
    quarantined: entry.quarantined.filter(one => !parked.has(placeOf(one))),
  }));
  if (deliveries.length === 0) return { read: kept };
  return { read: kept, replayed: { id: replay.id, deliveries } };
}

/** The places of the messages that are read again and cannot be understood: they are in the quarantine already. */
function positionsOf(read: readonly ReadMessage[], offsets: readonly bigint[]): readonly string[] {
  return read
    .slice(0, offsets.length)
    .flatMap(({ message, quarantined }) => (quarantined.length > 0 ? [message.position] : []));
}
