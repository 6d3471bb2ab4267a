/**
 * Puts messages on a bus as CloudStack does, or posts them, with one difference: it waits until the broker has them, so that a test
 * or the demo can say how many there are. CloudStack itself does not wait.
 *
 * Source: apache/cloudstack, `RabbitMQEventBus.publish` (PERSISTENT_TEXT_PLAIN, a durable topic exchange) and
 * `KafkaEventBus.publish` (the resource's UUID as key, no headers).
 */
import { connect } from 'amqplib';
import { CompressionTypes, Kafka, logLevel } from 'kafkajs';

import type { CloudMessage } from './cloudstack-message.ts';

export interface Publisher extends AsyncDisposable {
  /**
   * In the order given; resolves when the broker has taken responsibility for all.
   *
   * @throws Error when it did not or the connection is gone. Some may have been taken.
   */
  publish(messages: readonly CloudMessage[]): Promise<void>;
}

/** Declares the exchange, as every publication of CloudStack's does. What no queue is bound for is gone. */
export async function publishToRabbitmq(
  url: string,
  exchange = 'cloudstack-events',
): Promise<Publisher> {
  const connection = await connect(url);
  const gone = Promise.withResolvers<never>();
  gone.promise.catch(() => undefined);
  connection.on('error', gone.reject);
  connection.on('close', () => gone.reject(new Error('RabbitMQ closed the connection')));
  const channel = await connection.createConfirmChannel();
  channel.on('error', gone.reject);
  await channel.assertExchange(exchange, 'topic', { durable: true });
  const options = { contentType: 'text/plain', deliveryMode: 2, priority: 0 };
  const publish = async (messages: readonly CloudMessage[]): Promise<void> => {
    for (const { routingKey, body } of messages) {
      channel.publish(exchange, routingKey, Buffer.from(body), options);
    }
    await Promise.race([channel.waitForConfirms(), gone.promise]);
  };
  return { publish, [Symbol.asyncDispose]: async () => connection.close() };
}

export interface KafkaPublishOptions {
  readonly topic?: string;
  readonly compression?: CompressionTypes;
}

export async function publishToKafka(
  brokers: readonly string[],
  { topic = 'cloudstack', compression = CompressionTypes.None }: KafkaPublishOptions = {},
): Promise<Publisher> {
  const producer = new Kafka({
    brokers: [...brokers],
    clientId: 'cloudstack',
    logLevel: logLevel.ERROR,
  }).producer();
  await producer.connect();
  const publish = async (messages: readonly CloudMessage[]): Promise<void> => {
    const records = messages.map(({ key, body }) => ({ key, value: body }));
    await producer.send({ topic, compression, messages: records });
  };
  return { publish, [Symbol.asyncDispose]: async () => producer.disconnect() };
}

/**
 * One request a message, each once the one before is answered, as a sender without a bus does that keeps an order.
 *
 * @param url of a source of kind `http`.
 */
export function publishToHttp(url: string, token: string): Publisher {
  const publish = async (messages: readonly CloudMessage[]): Promise<void> => {
    for (const { body } of messages) {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const response = await fetch(url, { method: 'POST', headers, body });
      const text = await response.text();
      if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`);
    }
  };
  return { publish, [Symbol.asyncDispose]: async () => {} };
}
