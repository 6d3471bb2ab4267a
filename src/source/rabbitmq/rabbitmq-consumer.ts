/**
 * One channel on which queues are consumed: the messages that the broker has sent and nobody has recorded yet.
 *
 * The broker sends ahead up to the prefetch. While one batch is being recorded the next one gathers here, so batches
 * grow under load and a lone message waits for nothing. There is no promise, timer or closure per message.
 *
 * The broker may cancel a consumer: because its queue was deleted, or because messages were held for too long. In the
 * second case RabbitMQ 4.3 keeps the channel, gives the messages to others, ignores acknowledgements of them, and may
 * deliver to the cancelled consumer once more, which amqplib answers by closing the connection. So a channel is left at
 * once when one of its consumers is cancelled. What came from a deleted queue is still recorded, as it will not come again.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';

import type { Channel, ConsumeMessage, MessageProperties } from 'amqplib';

import type { Message, MessageBatch } from '../../event/message.ts';
import { atMost } from '../../event/wait.ts';
import type { Wakeup } from '../wakeup.ts';
import type { Log } from '../../event/log.ts';
import { reply } from './rabbitmq-channel.ts';
import type { Link } from './rabbitmq-link.ts';
import { findQueue } from './rabbitmq-queue.ts';

export interface QueueConsumerOptions {
  /** Number of queues that may be consumed, which share the prefetch. */
  readonly queuesMax: number;
  /** Messages the broker may send ahead, 1 to 65,535. */
  readonly prefetch: number;
  /** Maximum number of messages in a batch. */
  readonly batchMax: number;
  /** A batch is closed by the message that brings it to this many bytes. */
  readonly batchBytesMax: number;
  readonly log: Log;
}

export interface QueueConsumer {
  /** Consumes these queues, too; those that are consumed already are left out. */
  consume(queues: readonly string[]): Promise<void>;
  /** Messages from the broker that are not settled: waiting here, or taken. */
  readonly heldCount: number;
  /** Takes the oldest messages that wait; undefined when there are none. The batch taken before must be settled. */
  take(): MessageBatch | undefined;
  /** Acknowledges the batch taken last. */
  settle(): void;
  /** Reason why no more messages will come: `queue hookline was deleted`. Undefined while some may. */
  readonly ended: string | undefined;
  /** Stops consuming and gives back the messages that wait; the batch taken stays ours. */
  release(): Promise<void>;
  /** Gives back everything that is not settled, or leaves that to the end of the connection. */
  close(): Promise<void>;
}

const closeTimeoutMs = 5000;
/** Together about ten times what such a deletion took. */
const [deletionChecks, deletionCheckMs] = [20, 50];

/** @param wakeup is signalled when a message has arrived or the consumer has ended. */
export async function openConsumer(
  link: Link,
  options: QueueConsumerOptions,
  wakeup: Wakeup,
): Promise<QueueConsumer> {
  const channel = await link.openChannel();
  const consumer = new ChannelConsumer(link, channel, { ...options, wakeup });
  await channel.prefetch(consumer.prefetchEach);
  return consumer;
}

/**
 * `open` → `leaving` when the broker cancels one of the queues and it is not known why yet → `orphaned` if that queue was
 * deleted: what it gave is still ours; else `closed`: others get what is not settled, as after the end of the channel.
 */
type State = 'open' | 'leaving' | 'orphaned' | 'closed';

class ChannelConsumer implements QueueConsumer {
  /** Per consumer: quorum queues know no prefetch of a channel. */
  readonly prefetchEach: number;
  readonly #link: Link;
  readonly #channel: Channel;
  readonly #options: QueueConsumerOptions & { readonly wakeup: Wakeup };
  readonly #consumer: NonNullable<MessageBatch['consumer']>;
  /** Tags of the consumers, by queue. */
  readonly #tags = new Map<string, string>();
  #waiting: ConsumeMessage[] = [];
  #taken: readonly ConsumeMessage[] = [];
  #state: State = 'open';
  #reason: string | undefined;
  #released: Promise<void> | undefined;

  constructor(
    link: Link,
    channel: Channel,
    options: QueueConsumerOptions & { readonly wakeup: Wakeup },
  ) {
    const { prefetch, queuesMax } = options;
    this.prefetchEach = Math.max(1, Math.floor(prefetch / queuesMax));
    this.#link = link;
    this.#channel = channel;
    this.#options = options;
    this.#consumer = { id: randomUUID(), prefetch: this.prefetchEach * queuesMax };
    channel.on('error', error => this.#end(error.message));
    channel.on('close', () => {
      if (this.#state === 'open') this.#lose('channel closed');
    });
  }

  async consume(queues: readonly string[]): Promise<void> {
    for (const queue of queues.filter(name => !this.#tags.has(name))) {
      const { consumerTag } = await this.#channel.consume(queue, message => {
        if (message === null) return void this.#leave(queue);
        this.#waiting.push(message);
        if (this.#waiting.length === 1) this.#options.wakeup.signal();
      });
      this.#tags.set(queue, consumerTag);
    }
  }

  get heldCount(): number {
    return this.#waiting.length + this.#taken.length;
  }

  get ended(): string | undefined {
    return this.#waiting.length === 0 ? this.#reason : undefined;
  }

  take(): MessageBatch | undefined {
    if (this.#waiting.length === 0 || this.#state === 'leaving') return undefined;
    const { batchMax, batchBytesMax } = this.#options;
    this.#taken = this.#waiting.splice(0, batchLength(this.#waiting, batchMax, batchBytesMax));
    return {
      messages: this.#taken.map(toMessage),
      consumer: this.#consumer,
      isHeld: () => this.#state !== 'closed',
    };
  }

  settle(): void {
    const last = this.#taken.at(-1);
    this.#taken = [];
    if (this.#state === 'open' && last !== undefined) this.#channel.ack(last, true);
  }

  async release(): Promise<void> {
    this.#released ??= this.#giveBack().catch(this.#ignoreGone);
    return this.#released;
  }

  async close(): Promise<void> {
    if (this.#state !== 'open') return;
    await atMost(closeTimeoutMs, this.#channel.close().catch(this.#ignoreGone));
  }

  async #giveBack(): Promise<void> {
    for (const tag of this.#tags.values()) await this.#channel.cancel(tag);
    // One by one: `allUpTo` would give back the batch that is being recorded, too.
    for (const message of this.#waiting.splice(0)) this.#channel.nack(message, false, true);
  }

  async #leave(queue: string): Promise<void> {
    if (this.#state !== 'open') return;
    this.#state = 'leaving';
    await this.#channel.close().catch(this.#ignoreGone);
    if (await this.#isDeleted(queue)) {
      this.#state = 'orphaned';
      const tag = this.#tags.get(queue);
      this.#waiting = this.#waiting.filter(({ fields }) => fields.consumerTag === tag);
      this.#end(`queue ${queue} was deleted`);
    } else {
      this.#lose(`the broker cancelled the consumer of queue ${queue}`);
    }
  }

  /** RabbitMQ 4.3 cancels the consumers of a quorum queue up to 0.1 s before the queue is gone. */
  async #isDeleted(queue: string): Promise<boolean> {
    for (let asked = 1; ; asked += 1) {
      const answer = await findQueue(this.#link, queue).catch(this.#ignoreGone);
      if (!answer) return false;
      if ('refusal' in answer) return answer.refusal.code === reply.notFound;
      if (asked === deletionChecks) return false;
      await wait(deletionCheckMs);
    }
  }

  #lose(reason: string): void {
    this.#state = 'closed';
    this.#waiting = [];
    this.#end(reason);
  }

  #end(reason: string): void {
    this.#reason ??= reason;
    this.#options.wakeup.signal();
  }

  /** A channel that is gone has given everything back already. */
  readonly #ignoreGone = (error: unknown): undefined => {
    this.#options.log.debug({ queues: [...this.#tags.keys()], err: error }, 'source.channel_gone');
    return undefined;
  };
}

function batchLength(
  waiting: readonly ConsumeMessage[],
  batchMax: number,
  bytesMax: number,
): number {
  let bytes = 0;
  let count = 0;
  for (const { content } of waiting) {
    count += 1;
    bytes += content.length;
    if (count >= batchMax || bytes >= bytesMax) break;
  }
  return count;
}

export function toMessage({ fields, properties, content }: ConsumeMessage): Message {
  const headers = toText(properties);
  return {
    position: `${fields.exchange} ${fields.routingKey}`,
    routingKey: fields.routingKey,
    body: content,
    redelivered: fields.redelivered,
    ...(headers && { headers }),
  };
}

/** The content type is a property beside AMQP's headers; here it is one of them, as on the other buses. */
function toText({ headers, contentType }: MessageProperties): Record<string, string> | undefined {
  const text = Object.entries(headers ?? {}).flatMap(([name, value]: [string, unknown]) => {
    const said = textOf(value);
    return said === undefined ? [] : [[name, said] as const];
  });
  if (typeof contentType === 'string') text.unshift(['content-type', contentType]);
  // Setting a property called `__proto__` would set the prototype instead.
  return text.length === 0 ? undefined : Object.fromEntries(text);
}

/** The last second of the year 9999. */
const secondsMax = 253_402_300_799;

/** A timestamp has whole seconds since 1970 (AMQP 0-9-1, 4.2.5.4), and is written as RFC 3339. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return String(value);
  }
  if (typeof value !== 'object' || value === null || !('!' in value)) return undefined;
  if (value['!'] !== 'timestamp' || !('value' in value)) return undefined;
  const seconds = Number(value.value);
  return seconds >= 0 && seconds <= secondsMax
    ? new Date(seconds * 1_000).toISOString()
    : undefined;
}
