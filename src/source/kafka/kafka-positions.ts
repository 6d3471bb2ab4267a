/**
 * Decides where a member reads its partitions: gathers what the database, the group and the log say, has the rule of
 * `position.ts` applied, stores the result before anything is read, and says what is worth saying.
 */
import { randomUUID } from 'node:crypto';

import type { Log } from '../../event/log.ts';
import type {
  PositionChange,
  PositionStore,
  StoredPosition,
  StoredPositions,
} from '../../event/message.ts';
import type { CommittedOffset, LogEnds } from '../kafkajs/kafka-log.ts';
import type { TopicPartition } from '../kafkajs/kafka-offsets.ts';
import {
  type DecidedPosition,
  type DecidePositions,
  type KafkaAnswers,
  keyOf,
} from '../kafkajs/kafka-reading.ts';
import type { TopicIds } from '../kafkajs/kafka-topic-ids.ts';
import {
  decidePosition,
  type Decision,
  type PartitionFacts,
  type Reason,
  writeMark,
} from './position.ts';

export interface DeciderOptions {
  readonly name: string;
  readonly fromBeginning: boolean;
  readonly positions: PositionStore;
  /** Whether the topic appeared while the source was running: then all in it is new. */
  readonly isFresh: (topic: string) => boolean;
  /** Called with the number of records lost so far, of all partitions. */
  readonly onLost: (lost: bigint) => void;
  readonly log: Log;
}

/** Others decide on the same positions at most while the group is being joined. */
const triesMax = 5;

interface Decided {
  readonly facts: PartitionFacts;
  readonly decision: Decision;
  readonly after: StoredPosition;
}

/** @returns rejects while the database or Kafka cannot be asked. */
export function createDecider(options: DeciderOptions): DecidePositions {
  const { name, positions } = options;
  return async (wanted, ask) => {
    for (let tries = 0; tries < triesMax; tries += 1) {
      const stored = await positions.list(name);
      const decided = await decide(options, stored, wanted, ask);
      const changes = decided.flatMap(changeOf);
      if (changes.length === 0 || (await positions.change(name, changes))) {
        options.onLost(changes.reduce((sum, { lost }) => sum + lost, stored.lost));
        for (const one of decided) say(options, one);
        return decided.filter(isAmong(wanted)).map(one => toPosition(one, stored.history));
      }
    }
    throw new Error('other processes are deciding on it');
  };
}

/**
 * A topic of which nothing is stored is decided on as a whole: its partitions belong to several members, and each would
 * take those of the others for new ones.
 */
async function decide(
  { fromBeginning, isFresh }: DeciderOptions,
  { history, positions }: StoredPositions,
  wanted: readonly TopicPartition[],
  ask: KafkaAnswers,
): Promise<readonly Decided[]> {
  const topics = [...new Set(wanted.map(({ topic }) => topic))];
  const known = new Set(positions.map(({ topic }) => topic));
  const first = await ask.partitionsOf(topics.filter(topic => !known.has(topic)));
  const places = [...wanted.filter(({ topic }) => known.has(topic)), ...first];
  const topicIds = await ask.topicIds(topics);
  const committed = byPlace(await ask.committed(places));
  const stored = byPlace(positions);
  const replayId = randomUUID();
  return (await ask.ends(places)).map(ends => {
    const isTopicKnown = known.has(ends.topic) || isFresh(ends.topic);
    const facts = factsOf(ends, { topicIds, committed, stored, isTopicKnown });
    const decision = decidePosition(facts, { history, fromBeginning });
    return { facts, decision, after: afterOf(facts, decision, replayId) };
  });
}

const byPlace = <T extends TopicPartition>(list: readonly T[]): ReadonlyMap<string, T> =>
  new Map(list.map(one => [keyOf(one), one]));

function factsOf(
  ends: LogEnds,
  known: {
    readonly topicIds: TopicIds;
    readonly committed: ReadonlyMap<string, CommittedOffset>;
    readonly stored: ReadonlyMap<string, StoredPosition>;
    readonly isTopicKnown: boolean;
  },
): PartitionFacts {
  const { topicIds, committed, stored, isTopicKnown } = known;
  return {
    ...ends,
    topicId: topicIds.get(ends.topic),
    stored: stored.get(keyOf(ends)),
    committed: committed.get(keyOf(ends)),
    isTopicKnown,
  };
}

function afterOf(
  { topic, partition, topicId, stored }: PartitionFacts,
  { nextOffset, startOffset, replayUntil, reason }: Decision,
  replayId: string,
): StoredPosition {
  const id = reason === 'operator' ? replayId : (stored?.replay?.id ?? replayId);
  return {
    topic,
    partition,
    topicId: topicId ?? stored?.topicId,
    startOffset,
    nextOffset,
    ...(replayUntil !== undefined && { replay: { id, untilOffset: replayUntil } }),
  };
}

function changeOf({
  facts: { stored: before },
  decision: { lost },
  after,
}: Decided): PositionChange[] {
  const isSame =
    before?.nextOffset === after.nextOffset &&
    before.topicId === after.topicId &&
    before.startOffset === after.startOffset &&
    before.replay?.id === after.replay?.id;
  return isSame && lost === 0n ? [] : [{ before, after, lost }];
}

const isAmong = (wanted: readonly TopicPartition[]) => {
  const keys = new Set(wanted.map(keyOf));
  return ({ after }: Decided): boolean => keys.has(keyOf(after));
};

function toPosition({ facts, after }: Decided, history: string): DecidedPosition {
  const { topic, partition, topicId, startOffset, nextOffset, replay } = after;
  const mark = (recordedTo: bigint): string =>
    writeMark({ history, topicId, startOffset, recordedTo });
  const isToCommit = facts.committed?.metadata !== mark(nextOffset);
  return { topic, partition, topicId, nextOffset, replay, mark, isToCommit };
}

/** Names of log events. Reading on where the database says is not worth a line. */
const events: Readonly<Record<Exclude<Reason, 'stored'>, string>> = {
  rewound: 'source.position_rewound',
  operator: 'source.position_set',
  'taken over': 'source.position_taken_over',
  first: 'source.position_started',
  new: 'source.partition_added',
  recreated: 'topic.recreated',
  truncated: 'topic.truncated',
};

const harmless: ReadonlySet<Reason> = new Set(['first', 'new', 'taken over']);

function say({ name, log }: DeciderOptions, { facts, decision }: Decided): void {
  const { topic, partition, stored, committed, logStart, logEnd } = facts;
  const { reason, lost, nextOffset, replayUntil } = decision;
  const line = {
    source: name,
    topic,
    partition,
    from: String(nextOffset),
    stored: stored && String(stored.nextOffset),
    committed: committed && String(committed.offset),
    ...(replayUntil !== undefined && { recordedTo: String(replayUntil) }),
  };
  if (reason !== 'stored') {
    const event = events[reason];
    if (harmless.has(reason)) log.info(line, event);
    else log.warn({ ...line, end: String(logEnd) }, event);
  }
  if (lost > 0n) {
    log.warn({ ...line, lost: String(lost), oldest: String(logStart) }, 'source.position_lost');
  }
}
