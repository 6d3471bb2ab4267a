/** What a RabbitMQ source declares, binds and finds at the broker, so that nothing falls between a message and a binding. */
import type { Options } from 'amqplib';
import { describe, expect, it } from 'vitest';

import type { RabbitmqSourceOptions } from '../../src/source/rabbitmq/rabbitmq.ts';
import type { RecordBatch } from '../conformance/source-run.ts';
import { startCancellingProxy } from '../service/cancelling-proxy.ts';
import { sharedService, uniqueName } from '../service/shared.ts';
import { waitUntil } from '../service/wait-until.ts';
import { openChannel, type QueueRun, startSource } from './rabbitmq-harness.ts';

const { url } = await sharedService('rabbitmq');

function start(
  options: Partial<RabbitmqSourceOptions> & Pick<RabbitmqSourceOptions, 'exchange'>,
  record?: RecordBatch,
): QueueRun {
  return startSource({ url, ...options }, record);
}

const warningsOf = (run: QueueRun): readonly string[] => run.source.status().warnings ?? [];
const restoredBy = (run: QueueRun): number => run.source.status().bindingsRestored?.count ?? 0;

async function publish(exchange: string, key: string, ...bodies: string[]): Promise<void> {
  await using broker = await openChannel(url);
  for (const body of bodies) broker.channel.publish(exchange, key, Buffer.from(body));
  await broker.channel.waitForConfirms();
}

describe('RabbitMQ source: exchanges that it declares', () => {
  it.each([
    ['a durable topic', 'topic', { durable: true, autoDelete: false }],
    ['one of OpenStack, not durable', 'topic', { durable: false, autoDelete: false }],
    ['one that is deleted with its last binding', 'topic', { durable: false, autoDelete: true }],
    ['a fanout', 'fanout', { durable: true, autoDelete: false }],
    ['a direct one', 'direct', { durable: false, autoDelete: false }],
    ['a headers one', 'headers', { durable: true, autoDelete: false }],
  ] as const)(
    'declares what is missing as it is told, so that the first message arrives: %s',
    async (_what, type, flags) => {
      const exchange = uniqueName('first');
      await using run = start({
        exchange: [exchange],
        bindings: ['s3.put'],
        declare: { type, ...flags },
      });
      await run.untilRunning();
      // A publisher that declares it the same way is taken.
      await using broker = await openChannel(url);
      await broker.channel.assertExchange(exchange, type, flags);
      await publish(exchange, 's3.put', 'first');
      await run.untilReceived(1);
      expect([run.bodies(), warningsOf(run), restoredBy(run)]).toEqual([['first'], [], 0]);
    },
  );

  it.each([
    ['other type', 'fanout', { durable: true, autoDelete: false }, 'fanout, durable'],
    ['not durable', 'topic', { durable: false, autoDelete: false }, 'topic, not durable'],
    ['auto-delete', 'topic', { durable: true, autoDelete: true }, 'topic, durable, auto-delete'],
  ] as const)(
    'uses one that is there otherwise, and says what it is: %s',
    async (_what, type, flags, words) => {
      await using broker = await openChannel(url);
      const exchange = uniqueName('otherwise');
      await broker.channel.assertExchange(exchange, type, flags);
      const declare = { type: 'topic', durable: true, autoDelete: false };
      await using run = start({ exchange: [exchange], declare });
      await run.untilRunning();
      await publish(exchange, 'a', '1');
      await run.untilReceived(1);
      expect(warningsOf(run)).toEqual([
        `exchange ${exchange} exists as ${words}; the configuration would declare it as topic, durable`,
      ]);
      await broker.channel.assertExchange(exchange, type, flags);
    },
  );

  it('declares an exchange again when somebody deletes it', async () => {
    await using broker = await openChannel(url);
    const exchange = uniqueName('deleted');
    const declare = { type: 'topic', durable: false, autoDelete: false };
    await using run = start({ exchange: [exchange], declare });
    await run.untilRunning();
    await broker.channel.deleteExchange(exchange);
    await waitUntil('the binding to be restored', () => restoredBy(run) === 1);
    await publish(exchange, 'a', '1');
    await run.untilReceived(1);
  });
});

describe('RabbitMQ source: types of exchanges', () => {
  it.each([
    ['direct', ['#'], 0, true],
    ['direct', ['a.b'], 1, false],
    ['direct', ['x', 'a.*'], 0, true],
    ['topic', ['#'], 1, false],
    ['fanout', ['other'], 1, false],
    ['headers', ['other'], 1, false],
  ] as const)(
    'gets from a %s exchange with the bindings %j %i message, and is warned: %s',
    async (type, bindings, count, isWarned) => {
      await using broker = await openChannel(url);
      const exchange = uniqueName(type);
      await broker.channel.assertExchange(exchange, type, { durable: true });
      await using run = start({ exchange: [exchange], bindings });
      await run.untilRunning();
      await publish(exchange, 'a.b', '1');
      // A message by way of the queue itself comes after all that was routed before.
      const { queue } = run;
      broker.channel.sendToQueue(queue, Buffer.from('last'));
      await waitUntil('the last message', () => run.bodies().includes('last'));
      expect(run.bodies()).toHaveLength(count + 1);
      expect(warningsOf(run).some(warning => warning.includes('direct'))).toBe(isWarned);
      expect(run.log.lines.some(({ event }) => event === 'source.warned')).toBe(isWarned);
    },
  );
});

describe('RabbitMQ source: bindings that had been missing', () => {
  it.each([
    [
      'exchange deleted and declared again',
      'the exchange did not exist until now',
      async (run: QueueRun, exchange: string) => {
        await using broker = await openChannel(url);
        await broker.channel.deleteExchange(exchange);
        await run.untilReason(/no exchange/);
        await broker.channel.assertExchange(exchange, 'topic', { durable: false });
      },
    ],
    [
      'queue deleted',
      'the queue had been deleted',
      async (run: QueueRun) => {
        await using broker = await openChannel(url);
        await broker.channel.deleteQueue(run.queue);
      },
    ],
  ] as const)('tells of one in log and status: %s', async (_what, reason, disturb) => {
    await using broker = await openChannel(url);
    const exchange = uniqueName('gone');
    await broker.channel.assertExchange(exchange, 'topic', { durable: false });
    await using run = start({ exchange: [exchange] });
    await run.untilRunning();
    await disturb(run, exchange);
    await waitUntil('the binding to be restored', () => restoredBy(run) === 1);
    expect(run.source.status().bindingsRestored).toMatchObject({ exchange, reason, count: 1 });
    const lines = run.log.lines.filter(({ event }) => event === 'source.binding_restored');
    expect(lines).toMatchObject([{ level: 'warn', facts: { exchange, reason } }]);
    await publish(exchange, 'a', '1');
    await run.untilReceived(1);
  });

  it('tells of an exchange that comes with the first message, which is lost without declaring it', async () => {
    await using broker = await openChannel(url);
    const exchange = uniqueName('late');
    await using run = start({ exchange: [exchange] });
    await run.untilReason(/^no exchange '[^']+' in vhost '\/'$/);
    await broker.channel.assertExchange(exchange, 'topic', { durable: false });
    await run.untilRunning();
    expect(run.source.status().bindingsRestored).toMatchObject({ exchange, count: 1 });
  });
});

describe('RabbitMQ source: queues of others', () => {
  const flags: readonly (readonly [string, Options.AssertQueue])[] = [
    ['classic, not durable', { durable: false }],
    ['durable', { durable: true }],
    ['quorum', { durable: true, arguments: { 'x-queue-type': 'quorum' } }],
    [
      'with limits',
      { durable: false, arguments: { 'x-max-length': 1000, 'x-message-ttl': 60_000 } },
    ],
  ];

  it.each(flags)('are read as they are: %s', async (_what, options) => {
    await using broker = await openChannel(url);
    const queues = [uniqueName('hookline.info'), uniqueName('hookline.error')];
    for (const queue of queues) {
      await broker.channel.assertQueue(queue, options);
      broker.channel.sendToQueue(queue, Buffer.from(queue));
    }
    const own = uniqueName('own');
    await using run = start({ exchange: [uniqueName('absent')], queue: own, queues });
    await run.untilReceived(2);
    expect(run.bodies().toSorted()).toEqual(queues.toSorted());
    expect(run.source.status()).toMatchObject({ state: 'running' });
    await run.stop();
    for (const queue of queues)
      expect(await broker.channel.checkQueue(queue)).toMatchObject({ messageCount: 0 });
    await expect(broker.channel.checkQueue(own)).rejects.toThrow(/no queue/);
  });

  it('are waited for one by one, and lose nothing of what they hold', async () => {
    await using broker = await openChannel(url);
    const queues = [uniqueName('hookline.info'), uniqueName('hookline.error')] as const;
    const [info, error] = queues;
    await using run = start({ exchange: [], queues });
    await run.untilReason(/no queue/);
    expect(run.source.status().state).toBe('waiting');
    await broker.channel.assertQueue(info, { durable: false });
    broker.channel.sendToQueue(info, Buffer.from('1'));
    await run.untilReceived(1);
    expect(run.source.status()).toMatchObject({
      state: 'running',
      reason: expect.stringContaining(`no queue '${error}'`),
    });
    await broker.channel.assertQueue(error, { durable: false });
    broker.channel.sendToQueue(error, Buffer.from('2'));
    await run.untilReceived(2);
    await waitUntil('nothing to miss', () => run.source.status().reason === undefined);
  });

  it('share the prefetch', async () => {
    await using broker = await openChannel(url);
    const queues = [uniqueName('a'), uniqueName('b')];
    for (const queue of queues) {
      await broker.channel.assertQueue(queue, { durable: false });
      for (let at = 0; at < 25; at += 1) broker.channel.sendToQueue(queue, Buffer.from('x'));
    }
    await broker.channel.waitForConfirms();
    const recorded = Promise.withResolvers<void>();
    await using run = start({ exchange: [], queues, prefetch: 20 }, () => recorded.promise);
    await waitUntil('the lag to be known', () => run.source.status().lag === 50);
    for (const queue of queues)
      expect(await broker.channel.checkQueue(queue)).toMatchObject({ messageCount: 15 });
    expect(run.batches[0]?.consumer).toMatchObject({ prefetch: 20 });
    recorded.resolve();
    await run.untilReceived(50);
  });
});

describe('RabbitMQ source: consumers that the broker cancels', () => {
  it.each(['classic', 'quorum'] as const)(
    'opens a new channel before anything else where a %s queue is still there, and gets again what was not settled',
    async queueType => {
      await using proxy = await startCancellingProxy(url);
      await using broker = await openChannel(url);
      const exchange = uniqueName('cancelled');
      await broker.channel.assertExchange(exchange, 'topic');
      const recorded = Promise.withResolvers<void>();
      const options = { url: proxy.url, exchange: [exchange], queueType, batchMax: 1 };
      await using run = startSource(options, () => recorded.promise);
      await run.untilRunning();
      await publish(exchange, 'a', '1', '2', '3', '4', '5');
      await run.untilReceived(1);
      await waitUntil('all to be given', () => run.source.status().lag === 5);
      proxy.cancel();
      await waitUntil('the batch to be let go', () => run.batches[0]?.isHeld() === false);
      recorded.resolve();
      await waitUntil('a new consumer', () => proxy.consumers === 2);
      await run.untilReceived(6);
      await publish(exchange, 'a', '6');
      await waitUntil('the last one', () => run.bodies().includes('6'));
      expect(run.bodies()).toEqual(['1', '1', '2', '3', '4', '5', '6']);
      const again = run.messages().filter(({ redelivered }) => redelivered);
      expect(again.map(({ body }) => String(Buffer.from(body ?? [])))).toEqual([
        '1',
        '2',
        '3',
        '4',
        '5',
      ]);
      expect(JSON.stringify(run.log.lines)).not.toContain('Unknown consumer');
      await run.stop();
      expect(await broker.channel.checkQueue(run.queue)).toMatchObject({ messageCount: 0 });
    },
  );

  it.each(['classic', 'quorum'] as const)(
    'leaves the channel at once, loses nothing and keeps what a deleted %s queue had given: deleted and created again',
    async queueType => {
      await using broker = await openChannel(url);
      const exchange = uniqueName('cancelled');
      await broker.channel.assertExchange(exchange, 'topic');
      const recorded = Promise.withResolvers<void>();
      await using run = start(
        { exchange: [exchange], queueType, batchMax: 1 },
        () => recorded.promise,
      );
      await run.untilRunning();
      await publish(exchange, 'a', '1', '2', '3');
      await run.untilReceived(1);
      await waitUntil('all to be given', () => run.source.status().lag === 3);
      await broker.channel.deleteQueue(run.queue);
      recorded.resolve();
      await run.untilReceived(3);
      await waitUntil('the binding to be restored', () => restoredBy(run) === 1);
      await publish(exchange, 'a', '4');
      await run.untilReceived(4);
      expect(run.bodies()).toEqual(['1', '2', '3', '4']);
      expect(JSON.stringify(run.log.lines)).not.toContain('Unknown consumer');
    },
  );
});
