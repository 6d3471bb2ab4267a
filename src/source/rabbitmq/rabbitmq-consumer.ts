/**
 * One consumer on one channel: the messages that the broker has sent and nobody has recorded yet.
 *
 * The broker sends ahead up to the prefetch. While one batch is being recorded the next one gathers here, so batches
 * grow under load and a lone message waits for nothing. There is no promise, timer or closure per message.
 */
import { randomUUID } from 'node:crypto';

import type { Channel, ConsumeMessage, MessageProperties } from 'amqplib';

import type { Message, MessageBatch } from '../../event/message.ts';
import { atMost } from '../../event/wait.ts';
import type { Wakeup } from '../wakeup.ts';
import type { Log } from '../../event/log.ts';
import type { Link } from './rabbitmq-link.ts';

export interface QueueConsumerOptions {
  readonly queue: string;
  /** Messages the broker may send ahead, 1 to 65,535. */
  readonly prefetch: number;
  /** Maximum number of messages in a batch. */
  readonly batchMax: number;
  /** A batch is closed by the message that brings it to this many bytes. */
  readonly batchBytesMax: number;
  readonly log: Log;
}

export interface QueueConsumer {
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

/** @param wakeup is signalled when a message has arrived or the consumer has ended. */
export async function openConsumer(
  link: Link,
  options: QueueConsumerOptions,
  wakeup: Wakeup,
): Promise<QueueConsumer> {
  const { batchMax, batchBytesMax, prefetch, log } = options;
  const channel = await link.openChannel();
  const consumer = { id: randomUUID(), prefetch };
  const waiting: ConsumeMessage[] = [];
  let taken: readonly ConsumeMessage[] = [];
  let open = true;
  let ended: string | undefined;
  let released: Promise<void> | undefined;

  function end(reason: string): void {
    ended ??= reason;
    wakeup.signal();
  }
  channel.on('error', error => end(error.message));
  channel.on('close', () => {
    open = false;
    waiting.length = 0;
    end('channel closed');
  });

  await channel.prefetch(prefetch);
  const { consumerTag } = await channel.consume(options.queue, message => {
    if (message === null) return end(`queue ${options.queue} was deleted`);
    waiting.push(message);
    if (waiting.length === 1) wakeup.signal();
  });

  return {
    get heldCount() {
      return waiting.length + taken.length;
    },
    get ended() {
      return waiting.length === 0 ? ended : undefined;
    },
    take() {
      if (waiting.length === 0) return undefined;
      taken = waiting.splice(0, batchLength(waiting, batchMax, batchBytesMax));
      return { messages: taken.map(toMessage), consumer, isHeld: () => open };
    },
    settle() {
      const last = taken.at(-1);
      taken = [];
      if (open && last !== undefined) channel.ack(last, true);
    },
    release() {
      released ??= giveBack(channel, consumerTag, waiting).catch(ignoreGone);
      return released;
    },
    async close() {
      if (open) await atMost(closeTimeoutMs, channel.close().catch(ignoreGone));
    },
  };

  /** A channel that is gone has given everything back already. */
  function ignoreGone(error: unknown): void {
    log.debug({ queue: options.queue, err: error }, 'source.channel_gone');
  }
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

async function giveBack(channel: Channel, consumerTag: string, waiting: ConsumeMessage[]) {
  await channel.cancel(consumerTag);
  // One by one: `allUpTo` would give back the batch that is being recorded, too.
  for (const message of waiting.splice(0)) channel.nack(message, false, true);
}

function toMessage({ fields, properties, content }: ConsumeMessage): Message {
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
  let text: Record<string, string> | undefined;
  if (typeof contentType === 'string') text = { 'content-type': contentType };
  for (const [key, value] of Object.entries(headers ?? {})) {
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
      continue;
    text ??= {};
    text[key] = String(value);
  }
  return text;
}
