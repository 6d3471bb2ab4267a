/** The outcome of each message of a batch, for a sender who waits for it. */
import type { MessageOutcome } from '../event/message.ts';
import { findKnownEvents, keyHash } from '../store/event/event-key.ts';
import type { Database } from '../store/database.ts';
import type { EventToRecord } from '../store/record/record-batch.ts';
import type { ReadMessage } from './read-message.ts';

/** The id under which an event is recorded; undefined when its key was forgotten just now. */
export type IdOf = (event: EventToRecord) => string | undefined;

/**
 * Finds the ids under which the events of a batch are recorded.
 *
 * @param recorded the answer of recording; events left out of it are looked up under the ids they got earlier.
 */
export async function recordedIds(
  database: Database,
  source: string,
  read: readonly ReadMessage[],
  recorded: readonly ReadMessage[],
): Promise<IdOf> {
  const isNew = new Set(recorded.flatMap(({ events }) => events.map(({ id }) => id)));
  const hashOf = ({ key = '' }: EventToRecord): string => keyHash(source, key);
  const known = read.flatMap(({ events }) => events.filter(({ id }) => !isNew.has(id)));
  const idByHash =
    known.length === 0 ? undefined : await findKnownEvents(database, known.map(hashOf));
  return event => (isNew.has(event.id) ? event.id : idByHash?.get(hashOf(event)));
}

export function outcomeOf({ events, quarantined }: ReadMessage, idOf: IdOf): MessageOutcome {
  const [first] = quarantined;
  if (events.length > 0) {
    return {
      kind: 'recorded',
      eventIds: events.flatMap(event => idOf(event) ?? []),
      refused: quarantined.map(({ item = 0, reason }) => ({ item, reason })),
    };
  }
  return first ? { kind: 'quarantined', reason: first.reason } : { kind: 'dropped' };
}
