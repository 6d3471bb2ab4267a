/**
 * The objects that a RabbitMQ source needs on the broker: its own queue, bound to the cloud's exchanges.
 *
 * The exchanges are the cloud's. OpenStack declares its own non-durable, CloudStack durable, and declaring one with
 * other flags closes the channel with 406, so they are only ever checked passively. A non-durable exchange and its
 * bindings are gone after a broker restart until a publisher declares it again: hence the periodic check.
 *
 * Source: reference "Other clouds", section 0 rows 2 and 3; RabbitMQ's guide on queues and quorum queues.
 */
import type { Channel } from 'amqplib';

import { explain } from '../explain.ts';
import type { Link } from './rabbitmq-link.ts';

export type QueueType = 'quorum' | 'classic';

export interface Topology {
  /** The cloud's exchanges; each is bound with every binding. */
  readonly exchange: readonly string[];
  readonly bindings: readonly string[];
  readonly queue: string;
  readonly queueType: QueueType;
}

/**
 * A quorum queue of RabbitMQ 4 drops a message at its 20th redelivery unless told otherwise. A message comes
 * back whenever its consumer dies, which is no fault of the message.
 */
const deliveryLimit = 2_147_483_647;

/** @throws Error naming the argument that differs when the queue exists with other arguments. */
export async function declareQueue(link: Link, { queue, queueType }: Topology): Promise<void> {
  const quorum = queueType === 'quorum' ? { 'x-delivery-limit': deliveryLimit } : {};
  await withChannel(link, channel =>
    channel.assertQueue(queue, {
      durable: true,
      arguments: { 'x-queue-type': queueType, ...quorum },
    }),
  );
}

/**
 * Binds the queue to each exchange that is there. Binding again what is bound changes nothing.
 *
 * @returns for each exchange that could not be bound, why, in the broker's words.
 */
export async function bindExchanges(link: Link, topology: Topology): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const exchange of topology.exchange) {
    try {
      await withChannel(link, channel => bindExchange(channel, exchange, topology));
    } catch (error) {
      if (link.lost.aborted || replyCode(error) === undefined) throw error;
      missing.push(explain(error));
    }
  }
  return missing;
}

async function bindExchange(channel: Channel, exchange: string, topology: Topology): Promise<void> {
  await channel.checkExchange(exchange);
  for (const binding of topology.bindings) {
    await channel.bindQueue(topology.queue, exchange, binding);
  }
}

/** Messages in the queue that no consumer holds; undefined when the broker will not say. */
export async function queueDepth(link: Link, { queue }: Topology): Promise<number | undefined> {
  try {
    const { messageCount } = await withChannel(link, channel => channel.checkQueue(queue));
    return messageCount;
  } catch (error) {
    if (link.lost.aborted || replyCode(error) === undefined) throw error;
    // The queue was deleted: the consumer hears of it, records what it holds and ends the session.
    return undefined;
  }
}

/** A channel of its own for each question, because a broker that says no closes the channel. */
export async function withChannel<T>(
  link: Link,
  ask: (channel: Channel) => Promise<T>,
): Promise<T> {
  try {
    return await link.answer(askOnce(link, ask));
  } catch (error) {
    throw brokerSays(error);
  }
}

async function askOnce<T>(link: Link, ask: (channel: Channel) => Promise<T>): Promise<T> {
  const channel = await link.openChannel();
  const answer = await ask(channel);
  await channel.close();
  return answer;
}

/** The AMQP reply code of a refusal: 404, 403, 406. */
export function replyCode(error: unknown): number | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'number' ? code : undefined;
}

/** amqplib wraps the broker's sentence: `Operation failed: …; 404 (NOT-FOUND) with message "NOT_FOUND - no exchange …"`. */
function brokerSays(error: unknown): unknown {
  const sentence = /with message "[A-Z_]+ - (.*)"/s.exec(explain(error))?.[1];
  if (sentence === undefined) return error;
  return Object.assign(new Error(sentence, { cause: error }), { code: replyCode(error) });
}
