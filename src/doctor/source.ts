/** Findings about the sources: what is missing at the brokers, and which permissions. */
import type { HttpConfig } from '../config/source/http.ts';
import type { KafkaConfig } from '../config/source/kafka.ts';
import type { RabbitmqConfig } from '../config/source/rabbitmq.ts';
import { counted, type Finding } from '../event/finding.ts';
import type { KafkaView } from '../source/kafka/kafka-inspect.ts';
import type { RabbitmqView } from '../source/rabbitmq/rabbitmq-inspect.ts';

type Found = Omit<Finding, 'check'>;

export function judgeRabbitmq(
  { missing, queue, refused }: RabbitmqView,
  { exchange, queue: name }: Pick<RabbitmqConfig, 'exchange' | 'queue'>,
): readonly Found[] {
  return [
    missing.length === 0
      ? { state: 'ok', found: `connected; found exchange ${exchange.join(', ')}` }
      : {
          state: missing.length < exchange.length ? 'warn' : 'fail',
          found: `connected; ${missing.join('; ')}`,
          hint: 'The cloud creates its exchange: is its event bus set up, and is the name right? Hookline waits for it.',
        },
    ...refused.map((words): Found => ({
      state: 'fail',
      found: words,
      hint: hintForRefusal(words, name),
    })),
    queue
      ? {
          state: 'ok',
          found: `queue ${name} has ${counted(queue.messages, 'message')}, ${counted(queue.consumers, 'consumer')}`,
        }
      : {
          state: 'ok',
          found: `queue ${name} does not exist yet`,
          hint: `\`hookline serve\` creates it; the user needs the permissions configure, write and read on ${name}.`,
        },
  ];
}

function hintForRefusal(words: string, queue: string): string {
  return /inequivalent arg/.test(words)
    ? `The queue ${queue} was declared differently: set queueType to match, choose another name, or delete it once it is empty.`
    : `Grant the user configure, write and read on the queue ${queue}, and read on the exchange.`;
}

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

/** The lag is by committed offsets, which closely follow Hookline's own positions in the database. */
function judgeGroup(
  { state, members, lag }: NonNullable<KafkaView['group']>,
  groupId: string,
): Found {
  const behind = lag === undefined ? '' : `, ${counted(lag, 'message')} to read`;
  return state === 'Dead'
    ? { state: 'ok', found: `group ${groupId} does not exist yet${behind}` }
    : { state: 'ok', found: `group ${groupId} has ${counted(members, 'member')}${behind}` };
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
