/**
 * Publishes as MinIO's AMQP target does, because MinIO itself takes a quarter of an hour to build: it connects and declares
 * its exchange when it has an event, and sends its whole backlog in a burst once the broker is back.
 *
 * Source: MinIO, internal/event/target/amqp.go (`send`) and internal/store (`retryInterval`, 3 s); the message is a
 * recorded one.
 */
import { setTimeout as wait } from 'node:timers/promises';

import { type ChannelModel, connect } from 'amqplib';

import { minioPut } from '../fixtures/minio-bus.ts';

export interface MinioTarget {
  /** Sends that many events, waiting for the broker if it is away; gives the names of their objects. */
  send(count: number): Promise<readonly string[]>;
}

export interface MinioTargetOptions {
  readonly url: string;
  readonly exchange: string;
  readonly durable: boolean;
  /** How often it looks for a broker that is away. */
  readonly retryMs: number;
}

export function createMinioTarget(options: MinioTargetOptions): MinioTarget {
  const { url, exchange, durable, retryMs } = options;
  let sent = 0;
  return {
    async send(count) {
      const first = sent;
      sent += count;
      const objects = Array.from({ length: count }, (_, at) => `${exchange}/${first + at}`);
      await using connection = await connectInTheEnd(url, retryMs);
      const channel = await connection.model.createConfirmChannel();
      await channel.assertExchange(exchange, 'fanout', { durable });
      for (const [at, object] of objects.entries()) {
        const body = Buffer.from(JSON.stringify(minioPut(object, first + at)));
        const headers = { 'minio-bucket': 'plain', 'minio-event': 's3:ObjectCreated:Put' };
        channel.publish(exchange, 'events', body, {
          headers,
          contentType: 'application/json',
          persistent: true,
        });
      }
      await channel.waitForConfirms();
      return objects;
    },
  };
}

async function connectInTheEnd(
  url: string,
  retryMs: number,
): Promise<AsyncDisposable & { readonly model: ChannelModel }> {
  for (;;) {
    try {
      const model = await connect(url);
      return { model, [Symbol.asyncDispose]: async () => model.close() };
    } catch {
      await wait(retryMs);
    }
  }
}
