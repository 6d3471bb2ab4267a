/**
 * How things stand at a RabbitMQ, for `hookline doctor`; nothing there changes by looking.
 *
 * What is asked beside passive declarations cannot change anything either: declaring the queue that is there with the
 * very arguments it would be made with, and unbinding a random key that nothing is bound with. The broker checks the
 * permissions of both first.
 *
 * Source: RabbitMQ's guide on access control (permissions by operation); AMQP 0-9-1, queue.declare and queue.unbind.
 */
import { randomUUID } from 'node:crypto';

import { type Link, type LinkOptions, openLink } from './rabbitmq-link.ts';
import { declareQueue, replyCode, type Topology, withChannel } from './rabbitmq-topology.ts';

export interface RabbitmqView {
  /** Why an exchange cannot be bound, in the broker's words. */
  readonly missing: readonly string[];
  /** Undefined when it is not there yet. */
  readonly queue: { readonly messages: number; readonly consumers: number } | undefined;
  /** What the broker would not let be done, in its words. */
  readonly refused: readonly string[];
}

/** @throws Error saying why there is no connection, or that the broker fell silent. */
export async function inspectRabbitmq(
  options: LinkOptions & Topology,
  signal: AbortSignal,
): Promise<RabbitmqView> {
  const link = await openLink(options, signal);
  if (link === undefined) throw new Error('no connection in time');
  try {
    const missing: string[] = [];
    const refused: string[] = [];
    const present: string[] = [];
    for (const exchange of options.exchange) {
      const reason = await reasonAgainst(link, async () =>
        withChannel(link, channel => channel.checkExchange(exchange)),
      );
      if (reason === undefined) present.push(exchange);
      else missing.push(reason.text);
    }
    const queue = await findQueue(link, options);
    if (queue)
      refused.push(...textsOf(await reasonAgainst(link, () => declareQueue(link, options))));
    for (const exchange of present) {
      const reason = await reasonAgainst(link, () => tryBinding(link, options.queue, exchange));
      if (reason?.code !== notFound) refused.push(...textsOf(reason));
    }
    return { missing, queue, refused: [...new Set(refused)] };
  } finally {
    await link.close();
  }
}

const notFound = 404;

async function findQueue(link: Link, { queue }: Topology): Promise<RabbitmqView['queue']> {
  try {
    const { messageCount, consumerCount } = await withChannel(link, channel =>
      channel.checkQueue(queue),
    );
    return { messages: messageCount, consumers: consumerCount };
  } catch (error) {
    if (replyCode(error) === notFound) return undefined;
    throw error;
  }
}

/** Takes the permissions that binding takes: write on the queue, read on the exchange. */
async function tryBinding(link: Link, queue: string, exchange: string): Promise<void> {
  await withChannel(link, channel =>
    channel.unbindQueue(queue, exchange, `hookline-doctor-${randomUUID()}`),
  );
}

interface Reason {
  readonly code: number;
  readonly text: string;
}

/** What the broker says against it; undefined when it does not mind. */
async function reasonAgainst(
  link: Link,
  work: () => Promise<unknown>,
): Promise<Reason | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    const code = replyCode(error);
    if (link.lost.aborted || code === undefined) throw error;
    // The sentence alone: what it was taken from says it again in the protocol's words.
    return { code, text: error instanceof Error ? error.message : String(error) };
  }
}

const textsOf = (reason: Reason | undefined): string[] => (reason ? [reason.text] : []);
