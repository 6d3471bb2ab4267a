/** The sources, in words: what is missing at the brokers, and what is not allowed there. */
import type { HttpConfig } from '../config/source/http.ts';
import type { KafkaConfig } from '../config/source/kafka.ts';
import type { RabbitmqConfig } from '../config/source/rabbitmq.ts';
import type { Finding } from '../event/finding.ts';
import type { KafkaView } from '../source/kafka/kafka-inspect.ts';
import type { RabbitmqView } from '../source/rabbitmq/rabbitmq-inspect.ts';

type Found = Omit<Finding, 'check'>;

export function judgeRabbitmq(
  { missing, queue, refused }: RabbitmqView,
  { exchange, queue: name }: Pick<RabbitmqConfig, 'exchange' | 'queue'>,
): readonly Found[] {
  return [
    missing.length === 0
      ? { state: 'ok', found: `connected; exchange ${exchange.join(', ')} is there` }
      : {
          state: missing.length < exchange.length ? 'warn' : 'fail',
          found: `connected; ${missing.join('; ')}`,
          hint: 'The cloud makes its exchange: is its event bus set up, and the name right? Hookline waits for it.',
        },
    ...refused.map((words): Found => ({
      state: 'fail',
      found: words,
      hint: hintForRefusal(words, name),
    })),
    queue
      ? {
          state: 'ok',
          found: `queue ${name} holds ${queue.messages} messages, ${queue.consumers} consumers`,
        }
      : {
          state: 'ok',
          found: `queue ${name} is not there yet`,
          hint: `\`hookline serve\` makes it; the user needs configure, write and read on ${name}.`,
        },
  ];
}

function hintForRefusal(words: string, queue: string): string {
  return /inequivalent arg/.test(words)
    ? `The queue ${queue} was made otherwise: set queueType as it is, choose another name, or delete it once it is empty.`
    : `Give the user configure, write and read on the queue ${queue}, and read on the exchange.`;
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
          found: `${brokers} brokers; topic ${present.join(', ')} with ${partitions} partitions`,
        }
      : {
          state: present.length > 0 ? 'warn' : 'fail',
          found: `${brokers} brokers; ${missing.join('; ')}`,
          hint: 'The cloud makes its topic: is the name right, and may the user describe it? Hookline waits for it.',
        },
    ...(leaderless.length === 0
      ? []
      : [
          {
            state: 'fail',
            found: `nobody leads ${leaderless.join(', ')}`,
            hint: 'Its brokers are down; nothing is read from there until they are back.',
          } as const,
        ]),
    ...refused.map((words): Found => ({
      state: 'fail',
      found: words,
      hint: `Let the user read the group ${groupId} and its topics (ACL operation Read).`,
    })),
    ...(group ? [judgeGroup(group, groupId)] : []),
  ];
}

/** Hookline's own positions are in the database; what is committed follows them closely. */
function judgeGroup(
  { state, members, lag }: NonNullable<KafkaView['group']>,
  groupId: string,
): Found {
  const behind = lag === undefined ? '' : `, ${lag} messages to read`;
  return state === 'Dead'
    ? { state: 'ok', found: `group ${groupId} is not there yet${behind}` }
    : { state: 'ok', found: `group ${groupId} has ${members} members${behind}` };
}

/** Others come to it: there is nobody to ask. */
export function describeHttpSource({ name, token, hmac, origins }: HttpConfig): Found {
  const proofs = [
    token !== undefined ? 'a token' : '',
    hmac ? `a signature in ${hmac.header}` : '',
  ];
  const proof = proofs.filter(one => one !== '').join(' and ');
  const browsers = origins.length === 0 ? '' : `; browsers of ${origins.join(', ')} may ask`;
  return {
    state: 'ok',
    found: `POST /v1/in/${name} wants ${proof || 'nothing of who posts'}${browsers}`,
  };
}
