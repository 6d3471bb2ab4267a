/**
 * Decides where a partition is read from: the one model of position, drawn in decision record 93.
 *
 * Three know something. The **database** knows how far this history of it is recorded, and is believed. The **group**
 * has an offset and a text beside it: Hookline's own says less than the database, and anybody else's is an operator's
 * wish, which is obeyed. The **log** says what Kafka still has.
 */
import type { StoredPosition } from '../../event/message.ts';

export interface PartitionFacts {
  readonly topic: string;
  readonly partition: number;
  /** The topic's present id; undefined before Kafka 2.8. */
  readonly topicId: string | undefined;
  readonly stored: StoredPosition | undefined;
  /** The source has read the topic before, or the topic appeared while the source was running. */
  readonly isTopicKnown: boolean;
  readonly committed: Committed | undefined;
  /** Offset of the oldest record that Kafka still has. */
  readonly logStart: bigint;
  /** One past the newest record that consumers may see: open transactions end it early. */
  readonly stableEnd: bigint;
  /** One past the newest record. */
  readonly logEnd: bigint;
}

export interface Committed {
  readonly offset: bigint;
  readonly metadata: string;
}

export interface PositionRules {
  /** UUID of the database's history. */
  readonly history: string;
  readonly fromBeginning: boolean;
}

export interface Decision {
  readonly nextOffset: bigint;
  readonly startOffset: bigint;
  readonly reason: Reason;
  /** Records that were never recorded and that Kafka no longer has. */
  readonly lost: bigint;
  /** Present when records below this offset have been recorded before, and are wanted again. */
  readonly replayUntil?: bigint;
}

export type Reason =
  /** Read on where the database says. */
  | 'stored'
  /** The same, and the group is ahead: the database is older than the group. */
  | 'rewound'
  /** Somebody set the group's offset. */
  | 'operator'
  /** The group's offset is of another database. */
  | 'taken over'
  /** Nothing is known: `fromBeginning` decides. */
  | 'first'
  /** A new partition, or a topic that appeared while the source was running. */
  | 'new'
  /** Another topic of the same name. */
  | 'recreated'
  /** Kafka has lost the end of the log. */
  | 'truncated';

export function decidePosition(facts: PartitionFacts, rules: PositionRules): Decision {
  const { committed, logStart, logEnd } = facts;
  const stored = storedOfTopic(facts);
  const mark = committed && readMark(committed.metadata);
  if (committed && !mark) return obey(committed.offset, stored, facts);
  if (stored) return readOn(stored, mark, facts);
  if (facts.stored) return fresh('recreated', facts);
  // From here on the database knows nothing: what it stored belongs to a part of its history that is gone.
  const isOwn = mark?.history === rules.history;
  if (committed && mark && isOfTopic(mark, facts)) {
    const wanted = isOwn ? mark.startOffset : committed.offset;
    const nextOffset = clamp(wanted, logStart, logEnd);
    const lost = nextOffset > wanted ? nextOffset - wanted : 0n;
    return { nextOffset, startOffset: wanted, reason: isOwn ? 'rewound' : 'taken over', lost };
  }
  if (isOwn) return fresh('recreated', facts);
  if (facts.isTopicKnown) return fresh('new', facts);
  const first = rules.fromBeginning ? logStart : facts.stableEnd;
  return { nextOffset: first, startOffset: first, reason: 'first', lost: 0n };
}

/** All in the log is new; what retention has deleted of it already was never read. */
function fresh(reason: 'new' | 'recreated', { logStart }: PartitionFacts): Decision {
  return { nextOffset: logStart, startOffset: 0n, reason, lost: logStart };
}

/** The stored position, if it is of this topic and not of an earlier one of the same name. */
function storedOfTopic(facts: PartitionFacts): StoredPosition | undefined {
  const { stored, logEnd } = facts;
  if (!stored || !isOfTopic(stored, facts)) return undefined;
  const hasIds = stored.topicId !== undefined && facts.topicId !== undefined;
  // Without ids a log that ends before the position is taken for another topic's: reading twice is the lesser harm.
  return !hasIds && stored.nextOffset > logEnd ? undefined : stored;
}

const isOfTopic = (one: { readonly topicId?: string | undefined }, { topicId }: PartitionFacts) =>
  one.topicId === undefined || topicId === undefined || one.topicId === topicId;

function readOn(
  { nextOffset: wanted, startOffset, replay }: StoredPosition,
  mark: Mark | undefined,
  { logStart, logEnd }: PartitionFacts,
): Decision {
  if (wanted > logEnd) {
    return {
      nextOffset: logEnd,
      startOffset: min(startOffset, logEnd),
      reason: 'truncated',
      lost: 0n,
    };
  }
  const nextOffset = max(wanted, logStart);
  const recordedTo = max(wanted, replay?.untilOffset ?? 0n);
  return {
    nextOffset,
    startOffset,
    reason: mark !== undefined && mark.recordedTo > wanted ? 'rewound' : 'stored',
    lost: max(0n, logStart - recordedTo),
    ...(recordedTo > nextOffset && { replayUntil: recordedTo }),
  };
}

function obey(
  offset: bigint,
  stored: StoredPosition | undefined,
  { logStart, logEnd }: PartitionFacts,
): Decision {
  const nextOffset = clamp(offset, logStart, logEnd);
  const reason = stored?.nextOffset === nextOffset ? 'stored' : 'operator';
  if (!stored) return { nextOffset, startOffset: nextOffset, reason, lost: 0n };
  const recordedTo = max(stored.nextOffset, stored.replay?.untilOffset ?? 0n);
  return {
    nextOffset,
    startOffset: min(stored.startOffset, nextOffset),
    reason,
    // What the operator skips is not lost; what they want and Kafka no longer has is.
    lost: offset < logStart ? max(0n, logStart - max(offset, recordedTo)) : 0n,
    ...(recordedTo > nextOffset && { replayUntil: min(recordedTo, logEnd) }),
  };
}

/** The text that Hookline commits beside an offset. */
export interface Mark {
  readonly history: string;
  readonly topicId?: string | undefined;
  readonly startOffset: bigint;
  /** The stored position. The offset may be past it by what is no record, such as the ends of transactions. */
  readonly recordedTo: bigint;
}

/** @example 'Hookline history=0f7c…d1 topic=4be0…9a start=0 recorded=42' */
export function writeMark({ history, topicId = '-', startOffset, recordedTo }: Mark): string {
  return `Hookline history=${history} topic=${topicId} start=${startOffset} recorded=${recordedTo}`;
}

/** @returns undefined for a text that is not Hookline's. */
export function readMark(metadata: string): Mark | undefined {
  const fields = /^Hookline history=(\S+) topic=(\S+) start=(\d+) recorded=(\d+)$/.exec(metadata);
  const [, history, topicId, start, recorded] = fields ?? [];
  if (history === undefined || start === undefined || recorded === undefined) return undefined;
  return {
    history,
    topicId: topicId === '-' ? undefined : topicId,
    startOffset: BigInt(start),
    recordedTo: BigInt(recorded),
  };
}

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const clamp = (value: bigint, low: bigint, high: bigint): bigint => min(max(value, low), high);
