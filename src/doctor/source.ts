/** Findings about sources of Kafka and those that others post to. */
import type { HttpConfig } from '../config/source/http.ts';
import type { KafkaConfig } from '../config/source/kafka.ts';
import { counted, type Finding } from '../event/finding.ts';
import type { StoredPositions } from '../event/message.ts';
import type { KafkaView } from '../source/kafka/kafka-inspect.ts';

type Found = Omit<Finding, 'check'>;

export function judgeKafka(
  { brokers, topics, partitions, leaderless, group, refused }: KafkaView,
  { groupId }: Pick<KafkaConfig, 'groupId'>,
): readonly Found[] {
  const { present, missing } = topics;
  return [
    missing.length === 0
      ? {
          state: 'ok',
          found: `${counted(brokers, 'broker')}; topic ${present.join(', ')} with ${counted(partitions, 'partition')}`,
        }
      : {
          state: present.length > 0 ? 'warn' : 'fail',
          found: `${counted(brokers, 'broker')}; ${missing.join('; ')}`,
          hint: 'The cloud creates its topic: is the name right, and may the user describe it? Hookline waits for it.',
        },
    ...(leaderless.length === 0
      ? []
      : [
          {
            state: 'fail',
            found: `no leader for ${leaderless.join(', ')}`,
            hint: 'The brokers that hold it are down; nothing is read from there until they are back.',
          } as const,
        ]),
    ...refused.map((words): Found => ({
      state: 'fail',
      found: words,
      hint: `Grant the user the ACL operation Read on the group ${groupId} and its topics.`,
    })),
    ...(group ? [judgeGroup(group, groupId)] : []),
  ];
}

/** The lag is by Hookline's own positions; by committed offsets where the database cannot be asked. */
function judgeGroup(
  { state, members, lag, heldBack }: NonNullable<KafkaView['group']>,
  groupId: string,
): Found {
  const held = heldBack === 0 ? '' : ` (${heldBack} behind an open transaction of a producer)`;
  const behind = lag === undefined ? '' : `, ${counted(lag, 'message')} to read${held}`;
  return state === 'Dead'
    ? { state: 'ok', found: `group ${groupId} does not exist yet${behind}` }
    : { state: 'ok', found: `group ${groupId} has ${counted(members, 'member')}${behind}` };
}

/** Says what Kafka deleted before it was read. */
export function judgeLost({ lost, lostAt }: StoredPositions): readonly Found[] {
  if (lost === 0n || lostAt === undefined) return [];
  return [
    {
      state: 'warn',
      found: `${counted(Number(lost), 'message')} ${lost === 1n ? 'was' : 'were'} deleted from the topics before being read, last noticed at ${lostAt}`,
      hint: "Keep records for longer than Hookline may be stopped: the topic's `retention.ms` and `retention.bytes`.",
    },
  ];
}

/** Describes a source that others post to, of which nothing can be checked. */
export function describeHttpSource({ name, token, hmac, origins }: HttpConfig): Found {
  const proofs = [
    ...(token === undefined ? [] : ['a token']),
    ...(hmac ? [`a signature in ${hmac.header}`] : []),
  ];
  return {
    state: 'ok',
    found: `POST /v1/in/${name} requires ${proofs.join(' and ')}; permitted origins: ${origins.join(', ')}`,
  };
}
