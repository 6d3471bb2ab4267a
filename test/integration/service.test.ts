import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type ConfirmChannel, connect } from 'amqplib';
import { Kafka, logLevel } from 'kafkajs';
import { Client } from 'pg';
import { describe, expect, it } from 'vitest';

import { startKafka } from '../service/kafka.ts';
import { startPostgres } from '../service/postgres.ts';
import { descendantsOf, stillRunning } from '../service/process-tree.ts';
import { startRabbitmq } from '../service/rabbitmq.ts';
import { waitUntil } from '../service/wait-until.ts';

describe('private services', () => {
  it('leave neither a process nor a file when their parent is killed', async () => {
    const temporary = await mkdtemp(join(tmpdir(), 'hookline-services-'));
    await chmod(temporary, 0o1777);
    await using parent = await holdServices(temporary);
    const below = await descendantsOf(parent.pid);
    expect(below.length).toBeGreaterThan(10);
    expect(await readdir(temporary)).toHaveLength(3);
    process.kill(parent.pid, 'SIGKILL');
    await waitUntil('every process to end', async () => (await stillRunning(below)).length === 0);
    await waitUntil('the files to go', async () => (await readdir(temporary)).length === 0);
    await rm(temporary, { recursive: true });
  });

  it('keep what PostgreSQL committed through a crash and an orderly restart', async () => {
    await using postgres = await startPostgres();
    await query(postgres.url(), 'create table kept as select 42 as answer');
    await postgres.kill();
    await expect(query(postgres.url(), 'select 1')).rejects.toThrow(/ECONNREFUSED/);
    await postgres.start();
    await postgres.restart();
    expect(await query(postgres.url(), 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  it('keep what RabbitMQ confirmed through a crash and an orderly restart', async () => {
    await using rabbitmq = await startRabbitmq({ own: true });
    await onChannel(rabbitmq.url, async channel => {
      await channel.assertQueue('kept', { durable: true });
    });
    await rabbitmq.restart();
    await onChannel(rabbitmq.url, async channel => {
      channel.sendToQueue('kept', Buffer.from('message'), { persistent: true });
      await channel.waitForConfirms();
    });
    await rabbitmq.kill();
    await expect(connect(rabbitmq.url)).rejects.toThrow(/ECONNREFUSED/);
    await rabbitmq.start();
    await onChannel(rabbitmq.url, async channel => {
      const got = await channel.get('kept', { noAck: true });
      expect(got === false ? got : String(got.content)).toBe('message');
    });
  });

  it('keep what Kafka acknowledged through a crash and an orderly restart', async () => {
    await using kafka = await startKafka({ own: true });
    await kafka.createTopic('kept', 2, { 'compression.type': 'gzip' });
    const client = new Kafka({ brokers: [...kafka.brokers], logLevel: logLevel.NOTHING });
    const producer = client.producer();
    await producer.connect();
    await producer.send({ topic: 'kept', messages: [{ value: 'message', partition: 1 }] });
    await producer.disconnect();
    await kafka.kill();
    await kafka.start();
    await kafka.restart();
    const admin = client.admin();
    await admin.connect();
    const offsets = await admin.fetchTopicOffsets('kept');
    expect(offsets.find(({ partition }) => partition === 1)).toMatchObject({ high: '1' });
    await admin.disconnect();
  });
});

async function onChannel(
  url: string,
  use: (channel: ConfirmChannel) => Promise<void>,
): Promise<void> {
  const connection = await connect(url);
  await use(await connection.createConfirmChannel());
  await connection.close();
}

async function holdServices(temporary: string): Promise<AsyncDisposable & { pid: number }> {
  const holder = spawn(process.execPath, ['test/service/hold-services.ts'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: temporary },
  });
  await Promise.race([once(holder.stdout, 'data'), once(holder, 'exit')]);
  return {
    pid: holder.pid ?? -1,
    [Symbol.asyncDispose]: async () => void holder.kill('SIGKILL'),
  };
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client(url);
  try {
    await client.connect();
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
