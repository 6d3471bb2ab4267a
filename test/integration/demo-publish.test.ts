import { type ConsumeMessage, connect } from 'amqplib';
import { Kafka, logLevel } from 'kafkajs';
import { expect, it } from 'vitest';

import { createCloud } from '../demo/cloud.ts';
import type { CloudMessage } from '../demo/cloudstack-message.ts';
import { publishToKafka, publishToRabbitmq } from '../demo/publish.ts';
import { sharedService, uniqueName } from '../service/shared.ts';
import { waitUntil } from '../service/wait-until.ts';

const cloud = createCloud(7);
const messages: CloudMessage[] = Array.from({ length: 200 }, () => cloud.next(new Date()));

it('puts persistent text on a durable topic exchange of RabbitMQ, in order', async () => {
  const { url } = await sharedService('rabbitmq');
  const exchange = uniqueName('cloudstack-events');
  await using publisher = await publishToRabbitmq(url, exchange);
  const connection = await connect(url);
  const channel = await connection.createChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(queue, exchange, '#');
  const got: { routingKey: string; body: string }[] = [];
  const properties: object[] = [];
  const take = ({ fields, content, properties: sent }: ConsumeMessage): void => {
    got.push({ routingKey: fields.routingKey, body: content.toString() });
    properties.push(sent);
  };
  await channel.consume(queue, delivered => delivered && take(delivered), { noAck: true });
  await publisher.publish(messages);
  await waitUntil('all messages', () => got.length >= messages.length);
  expect(got).toEqual(messages.map(({ routingKey, body }) => ({ routingKey, body })));
  expect(properties[0]).toMatchObject({ contentType: 'text/plain', deliveryMode: 2 });
  await connection.close();
});

it('puts records keyed by the resource on a topic of Kafka', async () => {
  const { brokers } = await sharedService('kafka');
  const client = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING });
  const topic = uniqueName('cloudstack');
  const admin = client.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic }], waitForLeaders: true });
  await admin.disconnect();
  await using publisher = await publishToKafka(brokers, { topic });
  await publisher.publish(messages);
  const consumer = client.consumer({ groupId: topic });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const got: { key: string | null; body: string }[] = [];
  await consumer.run({
    eachMessage: async ({ message: { key, value } }) => {
      got.push({ key: key?.toString() ?? null, body: String(value) });
    },
  });
  await waitUntil('all records', () => got.length >= messages.length);
  expect(got).toEqual(messages.map(({ key, body }) => ({ key, body })));
  await consumer.disconnect();
});
