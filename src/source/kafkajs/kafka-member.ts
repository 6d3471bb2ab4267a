/**
 * One member of a consumer group at work: it records each batch, then adds its end to the next commit.
 *
 * kafkajs lets a member join a rebalance only after the batch it handles has ended, so a batch is not held for ever:
 * heartbeats go on while it is being recorded, and when they say that the partition is lost, or will be, the batch says
 * so too (`isHeld`) and is given up. What was recorded all the same lies below the stored position, and is skipped
 * wherever it is read again.
 */
import type { Batch, EachBatchPayload, IMemberAssignment } from 'kafkajs';

import { PositionMovedError } from '../../event/errors.ts';
import type { Log } from '../../event/log.ts';
import type { MessageBatch } from '../../event/message.ts';
import { type BackoffLimits, createBackoff, delay } from '../../event/wait.ts';
import type { Wakeup } from '../wakeup.ts';
import { explain } from '../explain.ts';
import { type Chunk, type ChunkLimits, chunksOf } from './kafka-batch.ts';
import type { Committer } from './kafka-committer.ts';
import type { Membership } from './kafka-membership.ts';
import type { TopicPartition } from './kafka-offsets.ts';
import { type DecidePositions, keyOf, type Reading } from './kafka-reading.ts';
import type { TopicIds } from './kafka-topic-ids.ts';
import type { RecordBatch } from '../sessions.ts';
import type { StatusBoard } from '../status.ts';

/** The parts of the source that a member works with. */
export interface MemberDeps {
  readonly options: MemberOptions;
  readonly board: StatusBoard;
  /** Signalled when the source is paused, resumed or to stop. */
  readonly wakeup: Wakeup;
  readonly record: RecordBatch;
  readonly decide: DecidePositions;
  /** Says on the board that messages arrive. */
  readonly report: () => void;
  readonly until: AbortSignal;
}

export interface Member extends MemberDeps {
  readonly membership: Membership;
  readonly committer: Committer;
  /** Partitions whose position is decided, by `topic/partition`. */
  readonly readings: Map<string, Reading>;
  /** Has the position of a partition decided anew before it is fetched again. */
  readonly forget: (place: TopicPartition) => void;
  /**
   * Asks Kafka for the present ids of topics, over the connection to the leader of `at`, which is idle meanwhile.
   * Undefined when there was no answer.
   */
  readonly topicIds: (
    topics: readonly string[],
    at?: TopicPartition,
  ) => Promise<TopicIds | undefined>;
  /** Partitions of this member; undefined until the group has been joined. */
  assignment: Readonly<IMemberAssignment> | undefined;
}

export interface MemberOptions extends ChunkLimits {
  readonly name: string;
  readonly log: Log;
  readonly heartbeatMs: number;
  readonly backoff: BackoffLimits;
  readonly random: () => number;
  readonly clock: () => number;
}

type Heartbeat = () => Promise<void>;

/** @throws kafkajs's error when the group has to be joined again; kafkajs does so. */
export async function takeBatch(member: Member, payload: EachBatchPayload): Promise<void> {
  const { options, membership, until } = member;
  const isHeld = membership.hold();
  const heartbeat: Heartbeat = () => payload.heartbeat();
  // A fetch brings batches of several partitions, and all of them are handled before kafkajs joins again: once the
  // group is being rebalanced, none of them is begun.
  await heartbeat();
  const reading = await readingOf(member, payload.batch);
  if (!reading) return;
  for (const chunk of chunksOf(payload.batch, options, reading)) {
    await untilResumed(member, heartbeat);
    if (until.aborted || !isHeld()) break;
    const result = await recordBeating(member, chunk, isHeld, heartbeat);
    if (result === 'moved') member.forget(payload.batch);
    if (result !== 'recorded' || !settle(member, chunk, { payload, reading })) break;
    await heartbeat();
  }
  // The coordinator's answer is what makes kafkajs join again.
  if (!isHeld() && !until.aborted) await heartbeat();
}

/**
 * The reading that a fetched batch belongs to; undefined when the position was decided anew while it was being fetched, or
 * has to be.
 */
async function readingOf(member: Member, batch: Batch): Promise<Reading | undefined> {
  const reading = member.readings.get(keyOf(batch));
  const fetchedFrom = 'fetchedOffset' in batch ? BigInt(String(batch.fetchedOffset)) : undefined;
  if (reading && reading.nextOffset === fetchedFrom && (await isOfTopic(member, batch, reading))) {
    return reading;
  }
  member.forget(batch);
  return undefined;
}

/** How long an answer about a topic's id holds. */
const topicIdMsMax = 1_000;

/**
 * Whether the topic is still the one that the position is of. Kafka's requests name topics, so one that was created again
 * is read on from the old position; that its deletion goes unnoticed takes a pause of fetching, or luck.
 */
async function isOfTopic(member: Member, batch: Batch, reading: Reading): Promise<boolean> {
  const { clock } = member.options;
  if (reading.topicId === undefined || clock() - reading.topicSeenAt < topicIdMsMax) return true;
  const ids = await member.topicIds([batch.topic], batch);
  if (ids === undefined) return true;
  reading.topicSeenAt = clock();
  return ids.get(batch.topic) === reading.topicId;
}

/** The partitions stay ours during a pause. */
async function untilResumed({ board, wakeup, options, until }: Member, heartbeat: Heartbeat) {
  while (board.paused && !until.aborted) {
    await wakeup.wait(options.heartbeatMs);
    if (!until.aborted) await heartbeat();
  }
}

/** `moved`: the stored position is another. `given up`: the chunk is no longer held, or the source stops. */
type Result = 'recorded' | 'moved' | 'given up';

async function recordBeating(
  member: Member,
  chunk: Chunk,
  isHeld: () => boolean,
  heartbeat: Heartbeat,
): Promise<Result> {
  const beating = setInterval(() => {
    heartbeat().catch((error: unknown) => member.membership.failed(error));
  }, member.options.heartbeatMs);
  try {
    return await recordHeld(member, { ...chunk, isHeld });
  } finally {
    clearInterval(beating);
  }
}

async function recordHeld(member: Member, batch: MessageBatch): Promise<Result> {
  const { options, board, until, record } = member;
  const mayTry = (): boolean => !until.aborted && batch.isHeld();
  const backoff = createBackoff(options.backoff, options.random);
  for (let failures = 0; ; failures += 1) {
    const trouble = await troubleOf(record(batch));
    if (trouble === undefined) {
      if (failures > 0) member.report();
      return 'recorded';
    }
    if (trouble instanceof PositionMovedError) return 'moved';
    if (!mayTry()) return 'given up';
    board.waiting(`a batch was given up: ${explain(trouble)}`);
    await delay(backoff.nextMs(), until);
    if (!mayTry()) return 'given up';
  }
}

async function troubleOf(recording: Promise<void>): Promise<Error | undefined> {
  try {
    await recording;
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** @returns false when the position was decided anew meanwhile. */
function settle(
  { readings, committer }: Member,
  { span: { topic, partition, nextOffset } }: Chunk,
  { payload, reading }: { readonly payload: EachBatchPayload; readonly reading: Reading },
): boolean {
  const place = { topic, partition };
  if (readings.get(keyOf(place)) !== reading) return false;
  payload.resolveOffset(String(nextOffset - 1n));
  reading.recordedTo = nextOffset;
  reading.nextOffset = nextOffset;
  committer.add({ ...place, nextOffset, metadata: reading.mark(nextOffset) });
  return true;
}
