/** The lag of a member: how many messages of its partitions are not recorded yet. */
import type { Admin, IMemberAssignment } from 'kafkajs';

export interface LagQuestion {
  readonly groupId: string;
  readonly fromBeginning: boolean;
  readonly assignment: Readonly<IMemberAssignment>;
  /** The next offset to record, by `topic/partition`, where it is known. */
  readonly positions: ReadonlyMap<string, bigint>;
}

/**
 * Counts the messages between the positions and the ends of the partitions; control records and gaps count as messages.
 */
export async function measureLag(admin: Admin, question: LagQuestion): Promise<number> {
  let lag = 0n;
  for (const [topic, partitions] of Object.entries(question.assignment)) {
    if (partitions.length > 0) lag += await lagOf(admin, question, topic, partitions);
  }
  return Number(lag);
}

async function lagOf(
  admin: Admin,
  { groupId, fromBeginning, positions }: LagQuestion,
  topic: string,
  partitions: readonly number[],
): Promise<bigint> {
  const ends = await admin.fetchTopicOffsets(topic);
  const known = partitions.every(partition => positions.has(`${topic}/${partition}`));
  const committed = known ? new Map<number, bigint>() : await committedOf(admin, groupId, topic);
  let lag = 0n;
  for (const { partition, low, high } of ends) {
    if (!partitions.includes(partition)) continue;
    const first = BigInt(low);
    const end = BigInt(high);
    const position = positions.get(`${topic}/${partition}`) ?? committed.get(partition);
    const from = position ?? (fromBeginning ? first : end);
    lag += max(0n, end - max(first, from));
  }
  return lag;
}

async function committedOf(admin: Admin, groupId: string, topic: string) {
  const committed = new Map<number, bigint>();
  for (const { partitions } of await admin.fetchOffsets({ groupId, topics: [topic] })) {
    for (const { partition, offset } of partitions) {
      // Kafka says -1 where nothing was committed.
      if (BigInt(offset) >= 0n) committed.set(partition, BigInt(offset));
    }
  }
  return committed;
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
