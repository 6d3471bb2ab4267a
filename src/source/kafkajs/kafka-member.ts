/**
 * One member of a consumer group at work: it records each batch, then adds its end to the next commit.
 *
 * kafkajs lets a member join a rebalance only after the batch it handles has ended, so a batch is not held for ever:
 * heartbeats go on while it is being recorded, and when they say that the partition is lost, or will be, the batch says
 * so too (`isHeld`) and is given up. What was recorded all the same lies below the stored position, and is skipped
 * wherever it is read again.
 */
import type { EachBatchPayload, IMemberAssignment } from 'kafkajs';

import type { MessageBatch } from '../../event/message.ts';
import { type BackoffLimits, createBackoff, delay } from '../../event/wait.ts';
import type { Wakeup } from '../wakeup.ts';
import { explain } from '../explain.ts';
import { type Chunk, type ChunkLimits, chunksOf } from './kafka-batch.ts';
import type { Committer } from './kafka-committer.ts';
import type { Membership } from './kafka-membership.ts';
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
  /** Says on the board that messages arrive. */
  readonly report: () => void;
  readonly until: AbortSignal;
}

export interface Member extends MemberDeps {
  readonly membership: Membership;
  readonly committer: Committer;
  /** The next offset to record, by `topic/partition`, where it is known. */
  readonly positions: Map<string, bigint>;
  /** Ids of the assigned topics, fetched each time the group has been joined; never rejects. */
  topicIds: Promise<TopicIds>;
  /** Partitions of this member; undefined until the group has been joined. */
  assignment: Readonly<IMemberAssignment> | undefined;
}

export interface MemberOptions extends ChunkLimits {
  readonly heartbeatMs: number;
  readonly backoff: BackoffLimits;
  readonly random: () => number;
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
  const topicId = (await member.topicIds).get(payload.batch.topic);
  for (const chunk of chunksOf(payload.batch, { ...options, topicId })) {
    await untilResumed(member, heartbeat);
    if (until.aborted || !isHeld()) break;
    if (!(await recordBeating(member, chunk, isHeld, heartbeat))) break;
    settle(member, chunk, payload);
    await heartbeat();
  }
  // The coordinator's answer is what makes kafkajs join again.
  if (!isHeld() && !until.aborted) await heartbeat();
}

/** The partitions stay ours during a pause. */
async function untilResumed({ board, wakeup, options, until }: Member, heartbeat: Heartbeat) {
  while (board.paused && !until.aborted) {
    await wakeup.wait(options.heartbeatMs);
    if (!until.aborted) await heartbeat();
  }
}

/** False when the chunk was given up because it is no longer held or the source stops. */
async function recordBeating(
  member: Member,
  chunk: Chunk,
  isHeld: () => boolean,
  heartbeat: Heartbeat,
): Promise<boolean> {
  const beating = setInterval(() => {
    heartbeat().catch((error: unknown) => member.membership.failed(error));
  }, member.options.heartbeatMs);
  try {
    return await recordHeld(member, { ...chunk, isHeld });
  } finally {
    clearInterval(beating);
  }
}

async function recordHeld(member: Member, batch: MessageBatch): Promise<boolean> {
  const { options, board, until, record } = member;
  const mayTry = (): boolean => !until.aborted && batch.isHeld();
  let trouble = await troubleOf(record(batch));
  if (trouble === undefined) return true;
  const backoff = createBackoff(options.backoff, options.random);
  while (mayTry()) {
    board.waiting(`a batch was given up: ${trouble}`);
    await delay(backoff.nextMs(), until);
    if (!mayTry()) break;
    trouble = await troubleOf(record(batch));
    if (trouble !== undefined) continue;
    member.report();
    return true;
  }
  return false;
}

async function troubleOf(recording: Promise<void>): Promise<string | undefined> {
  try {
    await recording;
    return undefined;
  } catch (error) {
    return explain(error);
  }
}

function settle({ positions, committer }: Member, { span }: Chunk, payload: EachBatchPayload) {
  payload.resolveOffset(String(span.nextOffset - 1n));
  positions.set(`${span.topic}/${span.partition}`, span.nextOffset);
  committer.add(span);
}
