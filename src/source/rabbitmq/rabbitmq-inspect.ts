/**
 * Read-only checks of a RabbitMQ server for `hookline doctor`.
 *
 * Two operations beside passive declarations change nothing either: declaring the existing queue with the very
 * arguments it would be created with, and unbinding a random key that nothing is bound with. The broker checks the
 * permissions of both first.
 *
 * Source: RabbitMQ's guide on access control (permissions by operation); AMQP 0-9-1, queue.declare and queue.unbind.
 */
import { randomUUID } from 'node:crypto';

import { type Link, type LinkOptions, openLink } from './rabbitmq-link.ts';
import { declareQueue, replyCode, type Topology, withChannel } from './rabbitmq-topology.ts';

export interface RabbitmqView {
  /** Reasons why exchanges cannot be bound, in the broker's words. */
  readonly missing: readonly string[];
  /** The source's queue; undefined when it does not exist yet. */
  readonly queue: { readonly messages: number; readonly consumers: number } | undefined;
  /** Operations that the broker refused, in its words. */
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

/** Needs the same permissions as binding: write on the queue, read on the exchange. */
async function tryBinding(link: Link, queue: string, exchange: string): Promise<void> {
  await withChannel(link, channel =>
    channel.unbindQueue(queue, exchange, `hookline-doctor-${randomUUID()}`),
  );
}

interface Reason {
  readonly code: number;
  readonly text: string;
}

/** The broker's objection; undefined when it has none. */
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
    // The broker's sentence alone: the error it was taken from repeats it in the protocol's words.
    return { code, text: error instanceof Error ? error.message : String(error) };
  }
}

const textsOf = (reason: Reason | undefined): string[] => (reason ? [reason.text] : []);
