/**
 * Read-only checks of a RabbitMQ server for `hookline doctor`.
 *
 * Beside passive declarations there are operations that change nothing either, because the broker checks the
 * permissions first and refuses their arguments then: declarations and a consumer with an argument of the wrong type, and
 * unbinding a random key that nothing is bound with.
 *
 * Source: RabbitMQ's guide on access control (permissions by operation); `rabbit_channel:handle_method`.
 */
import { randomUUID } from 'node:crypto';

import type { Channel } from 'amqplib';

import { ask, reply } from './rabbitmq-channel.ts';
import { describeExchange, type ExchangeFlags, warnOfExchange } from './rabbitmq-exchange.ts';
import { type Link, type LinkOptions, openLink } from './rabbitmq-link.ts';
import { findDroppingRules, type ManagementOptions } from './rabbitmq-management.ts';
import { type OwnQueueOptions, warnOfQueue } from './rabbitmq-own-queue.ts';
import { findQueue, type QueueView } from './rabbitmq-queue.ts';

export interface RabbitmqView {
  readonly exchanges: readonly {
    readonly name: string;
    /** Reason why it cannot be used, in the broker's words. */
    readonly missing?: string;
    /** Undefined when it is missing, or the user may not configure it. */
    readonly flags?: ExchangeFlags | undefined;
  }[];
  /** The queues that the source reads; without a view when they do not exist. */
  readonly queues: readonly { readonly name: string; readonly view?: QueueView }[];
  /** Operations that the broker refused. */
  readonly refused: readonly RefusedOperation[];
  /** What works, but not as the operator will expect. */
  readonly warnings: readonly string[];
}

export interface RefusedOperation {
  /** The permission that the operation requires. */
  readonly permission: 'configure' | 'write' | 'read';
  /** Name of the queue or exchange. */
  readonly object: string;
  /** In the broker's words. */
  readonly words: string;
}

export interface InspectOptions extends LinkOptions, OwnQueueOptions, ManagementOptions {
  readonly queues?: readonly string[] | undefined;
}

/** @throws Error saying why there is no connection, or that the broker fell silent. */
export async function inspectRabbitmq(
  options: InspectOptions,
  signal: AbortSignal,
): Promise<RabbitmqView> {
  const link = await openLink(options, signal);
  if (link === undefined) throw new Error('no connection in time');
  try {
    const { queues } = options;
    const view = await (queues ? inspectForeign(link, queues) : inspectOwn(link, options));
    const rules = await findDroppingRules(options, queues ?? [options.queue], signal);
    return { ...view, warnings: [...view.warnings, ...rules] };
  } finally {
    await link.close();
  }
}

async function inspectForeign(link: Link, names: readonly string[]): Promise<RabbitmqView> {
  const queues = await Promise.all(names.map(name => inspectQueue(link, name)));
  const refused = await Promise.all(
    queues.map(async ({ name, view }) => (view ? tryConsuming(link, name) : [])),
  );
  return { exchanges: [], queues, refused: refused.flat(), warnings: [] };
}

async function inspectOwn(link: Link, options: InspectOptions): Promise<RabbitmqView> {
  const { queue, exchange, declare } = options;
  const own = await inspectQueue(link, queue);
  const exchanges = await Promise.all(exchange.map(name => inspectExchange(link, name)));
  const refused: RefusedOperation[] = own.view
    ? await tryConsuming(link, queue)
    : await tryOperation(link, { permission: 'configure', object: queue }, channel =>
        channel.assertQueue(queue, { durable: true, arguments: { 'x-expires': 'never' } }),
      );
  for (const { name, missing } of exchanges) {
    if (missing !== undefined && declare)
      refused.push(
        ...(await tryOperation(link, { permission: 'configure', object: name }, channel =>
          channel.assertExchange(name, declare.type, { arguments: { 'alternate-exchange': 0 } }),
        )),
      );
    if (missing === undefined) refused.push(...(await tryBinding(link, queue, name)));
  }
  const warnings = exchanges.flatMap(({ name, flags }) =>
    flags ? warnOfExchange(name, flags, options) : [],
  );
  if (own.view) warnings.push(...(await warnOfQueue(link, options)));
  return { exchanges, queues: [own], refused, warnings };
}

/** @throws Error with the broker's words when the queue exists and cannot be used. */
async function inspectQueue(link: Link, name: string): Promise<{ name: string; view?: QueueView }> {
  const found = await findQueue(link, name);
  if ('value' in found) return { name, view: found.value };
  if (found.refusal.code === reply.notFound) return { name };
  throw new Error(found.refusal.words);
}

async function inspectExchange(
  link: Link,
  name: string,
): Promise<RabbitmqView['exchanges'][number]> {
  const answer = await ask(link, channel => channel.checkExchange(name));
  if ('refusal' in answer) return { name, missing: answer.refusal.words };
  return { name, flags: await describeExchange(link, name) };
}

async function tryConsuming(link: Link, queue: string): Promise<RefusedOperation[]> {
  const operation = { permission: 'read', object: queue } as const;
  return tryOperation(link, operation, channel =>
    channel.consume(queue, () => {}, { arguments: { 'x-priority': 'none' } }),
  );
}

/** Requires the same permissions as binding: write on the queue, read on the exchange. */
async function tryBinding(
  link: Link,
  queue: string,
  exchange: string,
): Promise<RefusedOperation[]> {
  const key = `hookline-doctor-${randomUUID()}`;
  const operation = { permission: 'read', object: exchange } as const;
  const refused = await tryOperation(link, operation, channel =>
    channel.unbindQueue(queue, exchange, key),
  );
  return refused.map(one =>
    one.words.includes(`queue '${queue}'`) ? { ...one, permission: 'write', object: queue } : one,
  );
}

/** @returns the operation with the broker's words when the user lacks the permission for it; else nothing. */
async function tryOperation(
  link: Link,
  operation: Omit<RefusedOperation, 'words'>,
  attempt: (channel: Channel) => Promise<unknown>,
): Promise<RefusedOperation[]> {
  const answer = await ask(link, attempt);
  if (!('refusal' in answer) || answer.refusal.code !== reply.refused) return [];
  return [{ ...operation, words: answer.refusal.words }];
}
