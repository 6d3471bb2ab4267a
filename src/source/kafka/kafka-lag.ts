/** How many messages of a member's partitions are not recorded yet, and what keeps them from being read. */
import type { LogEnds } from '../kafkajs/kafka-log.ts';
import { keyOf } from '../kafkajs/kafka-reading.ts';

/**
 * Counts the messages between the positions and the ends of the partitions; control records and gaps count as messages.
 *
 * @param positions the next offset to record, by `topic/partition`, where it is known.
 * @param fromBeginning where a partition without a position will be read from.
 */
export function measureLag(
  ends: readonly LogEnds[],
  positions: ReadonlyMap<string, bigint>,
  fromBeginning: boolean,
): number {
  const lag = ends.reduce((sum, one) => {
    const { logStart, stableEnd, logEnd } = one;
    const from = positions.get(keyOf(one)) ?? (fromBeginning ? logStart : stableEnd);
    const left = logEnd - (from > logStart ? from : logStart);
    return left > 0n ? sum + left : sum;
  }, 0n);
  return Number(lag);
}

/** Tells of transactions that stay open: nobody who reads committed records gets past the first record of one. */
export interface TransactionWatch {
  /** @returns a line for each partition whose oldest open transaction was the same one at the last look. */
  look(ends: readonly LogEnds[]): readonly string[];
}

/** @param clock milliseconds of any epoch. */
export function watchTransactions(clock: () => number): TransactionWatch {
  let open = new Map<string, { readonly from: bigint; readonly sinceMs: number }>();
  return {
    look(ends) {
      const before = open;
      open = new Map();
      const lines: string[] = [];
      for (const one of ends.filter(({ stableEnd, logEnd }) => stableEnd < logEnd)) {
        const known = before.get(keyOf(one));
        const isSame = known?.from === one.stableEnd;
        const sinceMs = isSame ? known.sinceMs : clock();
        open.set(keyOf(one), { from: one.stableEnd, sinceMs });
        if (isSame) lines.push(describe(one, clock() - sinceMs));
      }
      return lines;
    },
  };
}

function describe(ends: LogEnds, openMs: number): string {
  const held = ends.logEnd - ends.stableEnd;
  const seconds = Math.max(1, Math.round(openMs / 1_000));
  return `a producer's transaction on ${keyOf(ends)} has been open for ${seconds} s or longer and holds back ${held} ${held === 1n ? 'record' : 'records'} from offset ${ends.stableEnd} on`;
}
