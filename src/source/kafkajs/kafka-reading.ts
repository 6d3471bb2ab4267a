/** Where a member reads its partitions, and what it has to know to decide so. */
import type { Replay } from '../../event/message.ts';
import type { CommittedOffset, LogEnds } from './kafka-log.ts';
import type { TopicPartition } from './kafka-offsets.ts';
import type { TopicIds } from './kafka-topic-ids.ts';

/** What Kafka answers while positions are decided. */
export interface KafkaAnswers {
  partitionsOf(topics: readonly string[]): Promise<readonly TopicPartition[]>;
  topicIds(topics: readonly string[]): Promise<TopicIds>;
  /** Nothing of a partition that has no leader. */
  ends(places: readonly TopicPartition[]): Promise<readonly LogEnds[]>;
  committed(places: readonly TopicPartition[]): Promise<readonly CommittedOffset[]>;
}

export interface DecidedPosition extends TopicPartition {
  readonly topicId: string | undefined;
  readonly nextOffset: bigint;
  /** Records that are wanted again. */
  readonly replay: Replay | undefined;
  /** The text to commit beside an offset. @param recordedTo the stored position. */
  readonly mark: (recordedTo: bigint) => string;
  /** The group does not say the same. */
  readonly isToCommit: boolean;
}

/** Decides, and stores, where partitions are read from; one that is left out is asked for again. */
export type DecidePositions = (
  wanted: readonly TopicPartition[],
  ask: KafkaAnswers,
) => Promise<readonly DecidedPosition[]>;

/** One partition that is being read. It is another object once the position has been decided anew. */
export interface Reading extends Pick<DecidedPosition, 'topicId' | 'replay' | 'mark'> {
  /** The stored position, as far as this member knows. */
  recordedTo: bigint;
  /** What is fetched next: past `recordedTo` by what is no record, such as the ends of transactions. */
  nextOffset: bigint;
  /** When Kafka last said that the topic is this one; of the source's clock. */
  topicSeenAt: number;
}

export const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;
