/**
 * Puts Hookline's decision in the place where kafkajs 2.2.4 decides what offset a partition is read from.
 *
 * kafkajs asks the group alone, takes the beginning or the end where the group says nothing, and does so by itself when
 * Kafka no longer has an offset. Here all of that is asked of one function: before the first fetch of a partition, after
 * an offset that Kafka does not have, and whenever the position is to be decided anew.
 *
 * Source: kafkajs 2.2.4, `src/consumer/offsetManager/index.js`, `src/consumer/consumerGroup.js` (`fetch`).
 */
import { setTimeout as wait } from 'node:timers/promises';

import type { Cluster } from 'kafkajs';
import OffsetManager from 'kafkajs/src/consumer/offsetManager/index.js';

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/**
 * Decides where partitions are read from. A partition that the answer leaves out is not fetched for now, and asked for
 * again.
 */
export type DecideOffsets = (
  wanted: readonly TopicPartition[],
  manager: OffsetManager,
) => Promise<readonly (TopicPartition & { readonly offset: bigint })[]>;

/** Kept from asking again at once where a broker's answers contradict each other. */
const askAgainMs = 100;
const deciders = new WeakMap<Cluster, DecideOffsets>();
const deciding = new WeakMap<OffsetManager, Promise<void>>();
const { resolveOffsets, setDefaultOffset } = OffsetManager.prototype;

/** Lets `decide` say where the consumer with these connections reads. */
export function decideOffsets(cluster: Cluster, decide: DecideOffsets): void {
  deciders.set(cluster, decide);
}

/** Replaces the two methods for the whole process; consumers without a decider keep kafkajs's own. Idempotent. */
export function replaceOffsets(): void {
  OffsetManager.prototype.resolveOffsets = resolve;
  OffsetManager.prototype.setDefaultOffset = forgetOffset;
}

async function resolve(this: OffsetManager): Promise<void> {
  const decide = deciders.get(this.cluster);
  if (!decide) return resolveOffsets.call(this);
  // A fetcher for each broker asks, each for all partitions.
  const running = deciding.get(this) ?? fill(this, decide).finally(() => deciding.delete(this));
  deciding.set(this, running);
  return running;
}

async function fill(manager: OffsetManager, decide: DecideOffsets): Promise<void> {
  const known = manager.committedOffsets();
  const wanted = Object.entries(manager.memberAssignment).flatMap(([topic, partitions]) =>
    partitions
      .filter(partition => known[topic]?.[partition] === undefined)
      .map(partition => ({ topic, partition })),
  );
  if (wanted.length === 0) return;
  for (const { topic, partition, offset } of await decide(wanted, manager)) {
    known[topic] = { ...known[topic], [partition]: String(offset) };
  }
}

async function forgetOffset(this: OffsetManager, place: TopicPartition): Promise<void> {
  if (!deciders.has(this.cluster)) return setDefaultOffset.call(this, place);
  this.clearOffsets(place);
  await wait(askAgainMs);
}
