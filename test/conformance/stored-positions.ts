/** A place for positions that lives as long as a test, where no database takes part. */
import { randomUUID } from 'node:crypto';

import { PositionMovedError } from '../../src/event/errors.ts';
import type { OffsetSpan, PositionStore, StoredPosition } from '../../src/event/message.ts';
import type { Source } from '../../src/source/source.ts';

export interface MemoryPositions extends PositionStore {
  /** The source, recording which moves the positions, unless they are not where a batch begins. */
  follow(source: Source): Source;
  /** Moves one position ahead, as recording does. */
  move(end: Pick<OffsetSpan, 'topic' | 'partition' | 'nextOffset'>): void;
  /** Puts another state in the place of the present one, as a restored dump does. */
  restore(positions: readonly StoredPosition[], lost?: bigint): void;
  positions(): readonly StoredPosition[];
}

export function keepPositions(history: string = randomUUID()): MemoryPositions {
  let rows = new Map<string, StoredPosition>();
  let lost = 0n;
  const requireHere = (span: OffsetSpan | undefined): void => {
    const stored = span && rows.get(keyOf(span))?.nextOffset;
    if (span && (stored ?? -1n) < span.fromOffset) throw new PositionMovedError('moved');
  };
  const move: MemoryPositions['move'] = span => {
    const row = rows.get(keyOf(span));
    if (!row || row.nextOffset >= span.nextOffset) return;
    const isOver = (row.replay?.untilOffset ?? 0n) <= span.nextOffset;
    rows.set(keyOf(span), {
      ...row,
      nextOffset: span.nextOffset,
      ...(isOver && { replay: undefined }),
    });
  };
  return {
    list: async () => ({ history, positions: [...rows.values()], lost }),
    change: async (_source, changes) => {
      const isOvertaken = changes.some(
        ({ before, after }) => rows.get(keyOf(after))?.nextOffset !== before?.nextOffset,
      );
      if (isOvertaken) return false;
      for (const { after, lost: more } of changes) {
        rows.set(keyOf(after), after);
        lost += more;
      }
      return true;
    },
    follow: source => ({
      ...source,
      run: (record, signal) =>
        source.run(async batch => {
          requireHere(batch.span);
          await record(batch);
          if (batch.span) move(batch.span);
        }, signal),
    }),
    move,
    restore(positions, formerlyLost = 0n) {
      lost = formerlyLost;
      rows = new Map(positions.map(one => [keyOf(one), one]));
    },
    positions: () => [...rows.values()],
  };
}

const keyOf = ({ topic, partition }: Pick<StoredPosition, 'topic' | 'partition'>): string =>
  `${topic}/${partition}`;
