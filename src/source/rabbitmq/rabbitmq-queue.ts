/**
 * The queues that a source reads: its own, or queues of others.
 *
 * Its own queue is declared if it is missing. One that exists is used as it is, however it was declared: where brokers
 * are run by others, queues come from definitions or Terraform. Queues of others are never declared or bound.
 *
 * Source: RabbitMQ's guides on queues, quorum queues and access control.
 */
import type { Channel } from 'amqplib';

import { ask, reply, type Refusal } from './rabbitmq-channel.ts';
import type { Link } from './rabbitmq-link.ts';

export type QueueType = 'quorum' | 'classic';

export interface OwnQueue {
  readonly queue: string;
  readonly queueType: QueueType;
}

export interface QueueView {
  readonly messages: number;
  readonly consumers: number;
}

/** @returns what the queue holds, or why it cannot be used. */
export async function findQueue(
  link: Link,
  queue: string,
): Promise<{ readonly value: QueueView } | { readonly refusal: Refusal }> {
  return ask(link, async channel => {
    const { messageCount, consumerCount } = await channel.checkQueue(queue);
    return { messages: messageCount, consumers: consumerCount };
  });
}

/**
 * @returns whether the queue had to be created.
 * @throws Error with the broker's words when it can neither be found nor created.
 */
export async function ensureQueue(link: Link, own: OwnQueue): Promise<boolean> {
  const found = await findQueue(link, own.queue);
  if ('value' in found) return false;
  if (found.refusal.code !== reply.notFound) throw new Error(found.refusal.words);
  const made = await ask(link, declare(own));
  // Another process may have created it at the same moment, differently: then it is there, too.
  if ('refusal' in made && made.refusal.code !== reply.differs) throw new Error(made.refusal.words);
  return true;
}

/**
 * Compares an existing queue with the one that Hookline would create, and changes nothing.
 *
 * @returns the broker's refusal: with 406 its words name the argument that differs, with 403 the user may not configure
 *   the queue. Undefined when there is no difference.
 */
export async function differenceOfQueue(link: Link, own: OwnQueue): Promise<Refusal | undefined> {
  const answer = await ask(link, declare(own));
  return 'refusal' in answer ? answer.refusal : undefined;
}

/**
 * A quorum queue of RabbitMQ 4 drops a message at its 20th redelivery unless told otherwise. A message comes
 * back whenever its consumer dies, which is no fault of the message.
 */
const deliveryLimit = 2_147_483_647;

function declare({ queue, queueType }: OwnQueue): (channel: Channel) => Promise<unknown> {
  const quorum = queueType === 'quorum' ? { 'x-delivery-limit': deliveryLimit } : {};
  const options = { durable: true, arguments: { 'x-queue-type': queueType, ...quorum } };
  return channel => channel.assertQueue(queue, options);
}
