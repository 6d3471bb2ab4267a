import { connect } from 'amqplib';
import { Kafka, logLevel } from 'kafkajs';
import { Client } from 'pg';
import { describe, expect, it } from 'vitest';

import { createTestDatabase, sharedService, uniqueName } from '../service/shared.ts';

describe('the services of a test run', () => {
  it('give each file a migrated database of its own', async () => {
    await using one = await createTestDatabase();
    await using other = await createTestDatabase();
    await query(
      one.url,
      `insert into domain (id, name, path) select gen_random_uuid(), 'x', '/x/'`,
    );
    expect(await query(one.url, 'select name from domain')).toContainEqual({ name: 'x' });
    expect(await query(other.url, 'select name from domain')).not.toContainEqual({ name: 'x' });
  });

  it('are one RabbitMQ for all', async () => {
    const { url } = await sharedService('rabbitmq');
    expect(await sharedService('rabbitmq')).toEqual({ url });
    const connection = await connect(url);
    const channel = await connection.createChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    channel.sendToQueue(queue, Buffer.from('there and back'));
    const { promise, resolve } = Promise.withResolvers<string>();
    await channel.consume(queue, message => resolve(String(message?.content)), { noAck: true });
    expect(await promise).toBe('there and back');
    await connection.close();
  });

  it('are one Kafka for all', async () => {
    const { brokers } = await sharedService('kafka');
    const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.ERROR }).admin();
    await admin.connect();
    const topic = uniqueName('topic');
    await admin.createTopics({ topics: [{ topic, numPartitions: 2 }], waitForLeaders: true });
    expect(await admin.fetchTopicOffsets(topic)).toHaveLength(2);
    await admin.disconnect();
  });
});

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client(url);
  try {
    await client.connect();
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
