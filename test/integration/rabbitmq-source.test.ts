import type { ConfirmChannel, Options } from 'amqplib';
import { describe, expect, it } from 'vitest';

import type { RabbitmqSourceOptions } from '../../src/source/rabbitmq/rabbitmq.ts';
import type { RecordBatch, Run } from '../conformance/source-run.ts';
import { startRabbitmq } from '../service/rabbitmq.ts';
import { sharedService, uniqueName } from '../service/shared.ts';
import { waitUntil } from '../service/wait-until.ts';
import { openChannel, startSource } from './rabbitmq-harness.ts';

const { url } = await sharedService('rabbitmq');

describe('RabbitMQ source: exchanges and bindings', () => {
  it('takes what its bindings select from each of several exchanges', async () => {
    await using broker = await openChannel(url);
    const exchange = [uniqueName('nova'), uniqueName('cinder')];
    for (const name of exchange) await broker.channel.assertExchange(name, 'topic');
    await using run = start({ exchange, bindings: ['*.info', 'audit.#'] });
    await run.untilRunning();
    const [nova = '', cinder = ''] = exchange;
    broker.channel.publish(nova, 'compute.debug', Buffer.from('unwanted'));
    broker.channel.publish(nova, 'compute.info', Buffer.from('1'));
    broker.channel.publish(cinder, 'audit.a.b', Buffer.from('2'));
    await run.untilReceived(2);
    expect(run.bodies().toSorted()).toEqual(['1', '2']);
    expect(run.messages().find(({ routingKey }) => routingKey === 'compute.info')).toMatchObject({
      position: `${nova} compute.info`,
      redelivered: false,
    });
  });

  it('leaves an exchange as its owner declared it, whatever its flags', async () => {
    await using broker = await openChannel(url);
    const exchange = uniqueName('oslo');
    const flags = { durable: false, autoDelete: false };
    await broker.channel.assertExchange(exchange, 'fanout', flags);
    await using run = start({ exchange: [exchange] });
    await run.untilRunning();
    broker.channel.publish(exchange, 'any', Buffer.from('1'));
    await run.untilReceived(1);
    // The same flags again are taken, others are not: 406.
    await broker.channel.assertExchange(exchange, 'fanout', flags);
    await expect(broker.channel.assertExchange(exchange, 'topic')).rejects.toThrow(/inequivalent/);
  });

  it('binds again when an exchange went away and came back', async () => {
    await using broker = await openChannel(url);
    const exchange = uniqueName('oslo');
    await broker.channel.assertExchange(exchange, 'topic', { durable: false });
    await using run = start({ exchange: [exchange] });
    await run.untilRunning();
    await broker.channel.deleteExchange(exchange);
    await run.untilReason(/no exchange/);
    expect(run.source.status().state).toBe('waiting');
    await broker.channel.assertExchange(exchange, 'topic', { durable: false });
    await run.untilRunning();
    broker.channel.publish(exchange, 'a', Buffer.from('1'));
    await run.untilReceived(1);
  });

  it('runs with the exchanges that are there, and names the one that is not', async () => {
    await using broker = await openChannel(url);
    const exchange = [uniqueName('here'), uniqueName('absent')];
    const [here = '', absent = ''] = exchange;
    await broker.channel.assertExchange(here, 'topic');
    await using run = start({ exchange });
    await run.untilReason(new RegExp(`no exchange '${absent}'`));
    await run.untilRunning();
    broker.channel.publish(here, 'a', Buffer.from('1'));
    await run.untilReceived(1);
    await broker.channel.assertExchange(absent, 'topic');
    await waitUntil('nothing to miss', () => run.source.status().reason === undefined);
  });

  it('takes what its queue holds while the exchange is away', async () => {
    await using broker = await openChannel(url);
    const queue = uniqueName('queue');
    await using run = start({ exchange: [uniqueName('absent')], queue });
    await run.untilReason(/no exchange/);
    broker.channel.sendToQueue(queue, Buffer.from('owed'));
    await run.untilReceived(1);
    expect(run.source.status().state).toBe('waiting');
  });
});

describe('RabbitMQ source: its queue', () => {
  it.each([
    ['a classic one', 'quorum', { 'x-queue-type': 'classic' }, 'x-queue-type'],
    ['a quorum one', 'classic', { 'x-queue-type': 'quorum' }, 'x-queue-type'],
    [
      'a quorum queue with its default limit',
      'quorum',
      { 'x-queue-type': 'quorum' },
      'x-delivery-limit',
    ],
    [
      'one with a maximum length',
      'classic',
      { 'x-queue-type': 'classic', 'x-max-length': 5 },
      'x-max-length',
    ],
    [
      'one with a dead-letter exchange',
      'classic',
      { 'x-queue-type': 'classic', 'x-dead-letter-exchange': 'dead' },
      'x-dead-letter-exchange',
    ],
    ['one without a type', 'classic', {}, undefined],
  ] as const)(
    'uses the queue that was created beforehand, and says how it differs: %s',
    async (_what, queueType, args, difference) => {
      await using broker = await openChannel(url);
      const queue = uniqueName('queue');
      await broker.channel.assertQueue(queue, { durable: true, arguments: args });
      const place = await newExchange(broker.channel);
      await using run = start({ ...place, queue, queueType });
      await run.untilRunning();
      await publish(broker.channel, place, ['1']);
      await run.untilReceived(1);
      const { warnings = [] } = run.source.status();
      expect(warnings.map(warning => /inequivalent arg '([^']+)'/.exec(warning)?.[1])).toEqual(
        difference === undefined ? [] : [difference],
      );
    },
  );

  it.each(['quorum', 'classic'] as const)(
    'declares a deleted %s queue again, after recording what it had been given of it',
    async queueType => {
      await using broker = await openChannel(url);
      const queue = uniqueName('queue');
      const place = await newExchange(broker.channel);
      const recorded = Promise.withResolvers<void>();
      await using run = start({ ...place, queue, queueType, batchMax: 1 }, () => recorded.promise);
      await run.untilRunning();
      await publish(broker.channel, place, ['1', '2', '3']);
      await run.untilReceived(1);
      await waitUntil('all to be given', () => run.source.status().lag === 3);
      await broker.channel.deleteQueue(queue);
      recorded.resolve();
      await run.untilReceived(3);
      await waitUntil('the queue to be back', async () => exists(queue));
      await run.untilRunning();
      await publish(broker.channel, place, ['4']);
      await run.untilReceived(4);
      expect(run.bodies()).toEqual(['1', '2', '3', '4']);
    },
  );

  it('acknowledges what is recorded, so that the queue is empty', async () => {
    await using broker = await openChannel(url);
    const queue = uniqueName('queue');
    const place = await newExchange(broker.channel);
    await using run = start({ ...place, queue });
    await run.untilRunning();
    await publish(broker.channel, place, ['1', '2', '3']);
    await run.untilReceived(3);
    await run.stop();
    expect(await broker.channel.checkQueue(queue)).toMatchObject({ messageCount: 0 });
  });

  it('is sent no more than the prefetch ahead of what is recorded', async () => {
    await using broker = await openChannel(url);
    const queue = uniqueName('queue');
    const place = await newExchange(broker.channel);
    const recorded = Promise.withResolvers<void>();
    await using run = start({ ...place, queue, prefetch: 10 }, () => recorded.promise);
    await run.untilRunning();
    await publish(broker.channel, place, numbers(25));
    await waitUntil('the lag to be known', () => run.source.status().lag === 25);
    expect(await broker.channel.checkQueue(queue)).toMatchObject({ messageCount: 15 });
    expect(run.batches[0]?.consumer).toMatchObject({ prefetch: 10 });
    recorded.resolve();
    await run.untilReceived(25);
    expect(run.bodies()).toEqual(numbers(25));
  });
});

describe('RabbitMQ source: batches', () => {
  it('marks what a consumer that died had been given as redelivered', async () => {
    await using broker = await openChannel(url);
    const queue = uniqueName('queue');
    const place = await newExchange(broker.channel);
    await using first = start({ ...place, queue }, () => new Promise(() => undefined));
    await first.untilRunning();
    await publish(broker.channel, place, ['1']);
    await first.untilReceived(1);
    await first[Symbol.asyncDispose]();
    await using second = start({ ...place, queue });
    await second.untilReceived(1);
    expect(first.messages().map(({ redelivered }) => redelivered)).toEqual([false]);
    expect(second.messages().map(({ redelivered }) => redelivered)).toEqual([true]);
    const ids = [...first.batches, ...second.batches].map(({ consumer }) => consumer?.id);
    expect(new Set(ids).size).toBe(2);
  });

  it('closes a batch that has grown large in bytes', async () => {
    await using broker = await openChannel(url);
    const place = await newExchange(broker.channel);
    const recorded = Promise.withResolvers<void>();
    await using run = start({ ...place, batchBytesMax: 1000 }, () => recorded.promise);
    await run.untilRunning();
    await publish(broker.channel, place, ['first']);
    await run.untilReceived(1);
    await publish(broker.channel, place, ['x'.repeat(600), 'y'.repeat(600), 'z'.repeat(600)]);
    await waitUntil('all to be given', () => run.source.status().lag === 4);
    recorded.resolve();
    await run.untilReceived(4);
    expect(run.batches.map(({ messages }) => messages.length)).toEqual([1, 2, 1]);
  });

  it('gives headers that are text, numbers, booleans or times as text, the content type among them, and none where there are none', async () => {
    await using broker = await openChannel(url);
    const place = await newExchange(broker.channel);
    await using run = start(place);
    await run.untilRunning();
    const time = { '!': 'timestamp', value: 1_796_018_400 };
    const headers = { text: 'ä', number: 7, flag: true, time, list: ['no'], table: { no: 1 } };
    broker.channel.publish(place.exchange[0] ?? '', 'a', Buffer.from('1'), { headers });
    broker.channel.publish(place.exchange[0] ?? '', 'a', Buffer.from('2'));
    const contentType = 'application/json';
    broker.channel.publish(place.exchange[0] ?? '', 'a', Buffer.from('3'), { contentType });
    await run.untilReceived(3);
    const [first, second, third] = run.messages();
    expect(first?.headers).toEqual({
      text: 'ä',
      number: '7',
      flag: 'true',
      time: '2026-11-30T06:00:00.000Z',
    });
    expect(second).not.toHaveProperty('headers');
    expect(third?.headers).toEqual({ 'content-type': contentType });
  });

  it('takes a thousand headers, a header of 60 KB, and what comes behind them', async () => {
    await using broker = await openChannel(url);
    const place = await newExchange(broker.channel);
    await using run = start(place);
    await run.untilRunning();
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`h${at}`, `${at}`]));
    const long = { long: 'x'.repeat(60_000) };
    for (const headers of [many, long]) {
      broker.channel.publish(place.exchange[0] ?? '', 'a', Buffer.from('1'), { headers });
    }
    await publish(broker.channel, place, ['2']);
    await run.untilReceived(3);
    expect(run.messages().map(({ headers }) => headers)).toEqual([many, long, undefined]);
  });

  it('gives its messages back to other consumers when a pause lasts', async () => {
    await using broker = await openChannel(url);
    const queue = uniqueName('queue');
    const place = await newExchange(broker.channel);
    await using first = start({ ...place, queue, handBackMs: 50 });
    await first.untilRunning();
    first.source.pause();
    await publish(broker.channel, place, ['1', '2']);
    await using second = start({ ...place, queue });
    await second.untilReceived(2);
    expect(first.bodies()).toEqual([]);
    await second.stop();
    first.source.resume();
    await publish(broker.channel, place, ['3']);
    await first.untilReceived(1);
    expect(first.bodies()).toEqual(['3']);
  });

  it('gives what it has not taken back at once when it stops', async () => {
    await using broker = await openChannel(url);
    const queue = uniqueName('queue');
    const place = await newExchange(broker.channel);
    const recorded = Promise.withResolvers<void>();
    await using first = start({ ...place, queue, batchMax: 1 }, () => recorded.promise);
    await first.untilRunning();
    await publish(broker.channel, place, ['1', '2', '3']);
    await waitUntil('all to be given', () => first.source.status().lag === 3);
    const leaving = first.stop();
    await using second = start({ ...place, queue });
    // The first one is still at work on its batch.
    await second.untilReceived(2);
    recorded.resolve();
    await leaving;
    expect(second.bodies().toSorted()).toEqual(['2', '3']);
    await second.stop();
    expect(await broker.channel.checkQueue(queue)).toMatchObject({ messageCount: 0 });
  });
});

describe('RabbitMQ source: connection', () => {
  it('waits and says why when the broker refuses its password, which it never logs', async () => {
    const wrong = new URL(url);
    wrong.password = 'not-the-password';
    await using run = start({ url: wrong.href, exchange: ['any'] });
    await run.untilReason(/ACCESS_REFUSED/);
    expect(JSON.stringify(run.log.lines)).not.toContain('not-the-password');
  });

  it('speaks TLS to a broker whose certificate, or an authority above it, it was given, and to no other', async () => {
    await using service = await startRabbitmq({ tls: true });
    await using broker = await openChannel(service.url);
    const place = await newExchange(broker.channel);
    if (!service.tls) throw new RangeError('TLS was asked for');
    const { url: tlsUrl, certificate } = service.tls;
    const { ca, issuing, leaf } = certificate;
    await using stranger = start({ ...place, url: tlsUrl });
    await using trusting = start({ ...place, url: tlsUrl, tls: { rejectUnauthorized: false } });
    await using run = start({ ...place, url: tlsUrl, tls: { ca } });
    await run.untilRunning();
    await trusting.untilRunning();
    for (const given of [issuing, leaf]) {
      await using other = start({ ...place, url: tlsUrl, tls: { ca: given } });
      await other.untilRunning();
      await other.stop();
    }
    await stranger.untilReason(/certificate/);
    await trusting.stop();
    await publish(broker.channel, place, ['1']);
    await run.untilReceived(1);
    expect(stranger.bodies()).toEqual([]);
  });
});

type Place = Pick<RabbitmqSourceOptions, 'exchange'>;

function start(options: Place & Partial<RabbitmqSourceOptions>, record?: RecordBatch): Run {
  return startSource({ url, ...options }, record);
}

async function newExchange(
  channel: ConfirmChannel,
  flags: Options.AssertExchange = {},
): Promise<Place> {
  const exchange = uniqueName('exchange');
  await channel.assertExchange(exchange, 'topic', flags);
  return { exchange: [exchange] };
}

async function publish(
  channel: ConfirmChannel,
  { exchange: [exchange = ''] }: Place,
  bodies: readonly string[],
): Promise<void> {
  for (const body of bodies) channel.publish(exchange, 'a.b', Buffer.from(body));
  await channel.waitForConfirms();
}

async function exists(queue: string): Promise<boolean> {
  await using broker = await openChannel(url);
  try {
    await broker.channel.checkQueue(queue);
    return true;
  } catch {
    return false;
  }
}

function numbers(count: number): string[] {
  return Array.from({ length: count }, (_, at) => String(at));
}
