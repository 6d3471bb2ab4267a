import kafkajs, { type CompressionTypes } from 'kafkajs';
import { describe, expect, it } from 'vitest';

import { captureLog } from '../conformance/source-log.ts';
import { runSource } from '../conformance/source-run.ts';
import { sharedService, uniqueName } from '../service/shared.ts';
import { waitUntil } from '../service/wait-until.ts';
import { createSource, numbers, type OpenKafka, openKafka, start } from './kafka-client.ts';

const { brokers } = await sharedService('kafka');

/** A producer whose records belong to transactions; to be disconnected. */
async function openTransactions({ client }: OpenKafka): Promise<kafkajs.Producer> {
  const producer = client.producer({
    transactionalId: uniqueName('transaction'),
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  return producer;
}

describe('Kafka source: records', () => {
  // The topic's compression makes the broker, which is Java, compress again whatever it is sent.
  it.each([
    ['gzip', kafkajs.CompressionTypes.GZIP],
    ['snappy', kafkajs.CompressionTypes.Snappy],
    ['lz4', kafkajs.CompressionTypes.LZ4],
    ['zstd', kafkajs.CompressionTypes.ZSTD],
  ] as const)('reads a topic compressed with %s', async (compression, type) => {
    await using kafka = await openKafka(brokers);
    const topic = await kafka.createTopic({ config: { 'compression.type': compression } });
    const source = createSource({ brokers, topics: [topic] });
    using decompressed = countDecompressions(type);
    const bodies = numbers(3000).map(number => `${number} ${'event '.repeat(60)}`);
    await kafka.send(topic, bodies);
    await using run = runSource(source, captureLog());
    await run.untilReceived(bodies.length);
    expect(run.bodies()).toEqual(bodies);
    expect(decompressed.count).toBeGreaterThan(0);
  });

  it('gives keys and headers that are text, and the null of a tombstone', async () => {
    await using kafka = await openKafka(brokers);
    const topic = await kafka.createTopic();
    await kafka.producer.send({
      topic,
      messages: [
        { key: 'b4e21db8', value: '1', headers: { ce_id: 'a', twice: ['x', 'y'] } },
        { key: null, value: '2' },
        { key: Buffer.from([0xff]), value: '3', headers: { binary: Buffer.from([0xff]) } },
        { key: 'deleted', value: null },
      ],
    });
    await using run = start({ brokers, topics: [topic] });
    await run.untilReceived(4);
    expect(run.messages()).toEqual([
      {
        position: `${topic}/0/0`,
        key: 'b4e21db8',
        headers: { ce_id: 'a', twice: 'x' },
        body: Buffer.from('1'),
        redelivered: false,
      },
      { position: `${topic}/0/1`, body: Buffer.from('2'), redelivered: false },
      { position: `${topic}/0/2`, body: Buffer.from('3'), redelivered: false },
      { position: `${topic}/0/3`, key: 'deleted', body: null, redelivered: false },
    ]);
  });

  it('names the offsets of each batch, which is of one partition, without a gap between them', async () => {
    await using kafka = await openKafka(brokers);
    const topic = await kafka.createTopic({ partitions: 3 });
    await kafka.send(topic, numbers(1000));
    await using run = start({ brokers, topics: [topic], batchMax: 70 });
    await run.untilReceived(1000);
    const next = [0n, 0n, 0n];
    for (const { span, messages } of run.batches) {
      if (span === undefined) throw new Error('a batch without a span');
      const first = next[span.partition] ?? -1n;
      expect(span.offsets).toEqual(messages.map((_, at) => first + BigInt(at)));
      expect(span.nextOffset).toBe(first + BigInt(messages.length));
      next[span.partition] = span.nextOffset;
    }
    expect(next.reduce((sum, offset) => sum + offset)).toBe(1000n);
  });

  it('covers the control records of transactions, and hides what was aborted', async () => {
    await using kafka = await openKafka(brokers);
    const topic = await kafka.createTopic();
    const producer = await openTransactions(kafka);
    for (const [body, kept] of [
      ['kept', true],
      ['aborted', false],
      ['last', true],
    ] as const) {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [{ value: body }] });
      await (kept ? transaction.commit() : transaction.abort());
    }
    await producer.disconnect();
    await using run = start({ brokers, topics: [topic] });
    await run.untilReceived(2);
    await waitUntil('the lag to go', () => run.source.status().lag === 0);
    expect(run.bodies()).toEqual(['kept', 'last']);
    // One offset for each record and one for the end of each transaction.
    expect(run.batches.flatMap(({ span }) => span?.offsets)).toEqual([0n, 4n]);
  });

  it('counts records behind an open transaction in its lag, and says what holds them back', async () => {
    await using kafka = await openKafka(brokers);
    const topic = await kafka.createTopic();
    const producer = await openTransactions(kafka);
    await using run = start({ brokers, topics: [topic] });
    await run.untilRunning();
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ value: 'open' }] });
    await kafka.send(topic, ['behind', 'it']);
    await run.untilReason(
      /transaction on .*\/0 has been open for \d+ s or longer and holds back 3 rec/,
    );
    expect(run.source.status()).toMatchObject({ state: 'running', lag: 3 });
    await transaction.commit();
    await producer.disconnect();
    await run.untilReceived(3);
    await waitUntil('the word to go', () => run.source.status().reason === undefined);
    expect(run.bodies()).toEqual(['open', 'behind', 'it']);
  });

  it('closes a batch that has grown large in bytes', async () => {
    await using kafka = await openKafka(brokers);
    const topic = await kafka.createTopic();
    await kafka.send(topic, ['x'.repeat(600), 'y'.repeat(600), 'z'.repeat(600)]);
    await using run = start({ brokers, topics: [topic], batchBytesMax: 1000 });
    await run.untilReceived(3);
    expect(run.batches.map(({ messages }) => messages.length)).toEqual([2, 1]);
  });
});

describe('Kafka source: topics', () => {
  it('takes every topic that fits its pattern, those that come later from their beginning', async () => {
    await using kafka = await openKafka(brokers);
    const prefix = uniqueName('cloud');
    await kafka.createTopic({ name: `${prefix}.one` });
    await kafka.createTopic({ name: `not-${prefix}` });
    await using run = start({ brokers, topics: [`/^${prefix}\\./`], fromBeginning: false });
    await run.untilRunning();
    await waitUntil('the position', () => run.source.status().lag === 0);
    await kafka.send(`${prefix}.one`, ['1']);
    await run.untilReceived(1);
    await kafka.createTopic({ name: `${prefix}.two` });
    await kafka.send(`${prefix}.two`, ['2']);
    await kafka.send(`not-${prefix}`, ['unwanted']);
    await run.untilReceived(2);
    expect(run.bodies()).toEqual(['1', '2']);
  });

  it('runs with the topics that are there, names the one that is not, and takes it when it comes', async () => {
    await using kafka = await openKafka(brokers);
    const here = await kafka.createTopic();
    const absent = uniqueName('absent');
    await using run = start({ brokers, topics: [here, absent] });
    await run.untilRunning();
    expect(run.source.status().reason).toBe(`no visible topic '${absent}'`);
    await kafka.send(here, ['1']);
    await run.untilReceived(1);
    await kafka.createTopic({ name: absent });
    await kafka.send(absent, ['2']);
    await run.untilReceived(2);
    expect(run.source.status().reason).toBeUndefined();
  });

  it('starts at the newest record when told so', async () => {
    await using kafka = await openKafka(brokers);
    const topic = await kafka.createTopic();
    await kafka.send(topic, ['old']);
    await using run = start({ brokers, topics: [topic], fromBeginning: false });
    await run.untilRunning();
    await waitUntil('the position', () => run.source.status().lag === 0);
    await waitUntil('the new record', async () => {
      await kafka.send(topic, ['new']);
      return run.messages().length > 0;
    });
    expect(run.bodies()).not.toContain('old');
  });

  it('takes all of a topic that was deleted and made again, and shows that its offsets restarted', async () => {
    await using kafka = await openKafka(brokers);
    const topic = await kafka.createTopic();
    await using run = start({ brokers, topics: [topic] });
    await kafka.send(topic, numbers(50));
    await run.untilReceived(50);
    await kafka.admin.deleteTopics({ topics: [topic] });
    await run.untilReason(/no visible topic/);
    await kafka.createTopic({ name: topic });
    await kafka.send(topic, ['again']);
    await run.untilReceived(51);
    const { span } = run.batches.at(-1) ?? {};
    expect(span).toMatchObject({ fromOffset: 0n, offsets: [0n], nextOffset: 1n });
    const ids = new Set(run.batches.map(batch => batch.span?.topicId));
    expect([...ids]).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/), span?.topicId]);
    expect(ids.size).toBe(2);
  });

  it('goes on at the oldest record left, and says so, when retention overtook it', async () => {
    await using kafka = await openKafka(brokers);
    const topic = await kafka.createTopic();
    const groupId = uniqueName('group');
    await kafka.send(topic, numbers(10));
    await using first = start({ brokers, topics: [topic], groupId, batchMax: 1 }, async () => {
      if (first.batches.length > 2) throw new Error('no more');
    });
    await first.untilReceived(3);
    await first[Symbol.asyncDispose]();
    // kafkajs deletes only from topics it has asked about.
    await kafka.admin.fetchTopicOffsets(topic);
    await kafka.admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '7' }] });
    await using second = start({ brokers, topics: [topic], groupId });
    await second.untilReceived(3);
    expect(second.bodies()).toEqual(['7', '8', '9']);
    expect(second.log.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', event: 'source.position_lost' }),
    );
  });
});

function countDecompressions(type: Exclude<CompressionTypes, CompressionTypes.None>) {
  const { CompressionCodecs } = kafkajs;
  const codec = CompressionCodecs[type];
  const counted = {
    count: 0,
    [Symbol.dispose]: () => {
      CompressionCodecs[type] = codec;
    },
  };
  CompressionCodecs[type] = () => ({
    decompress: async (batch: Buffer): Promise<Buffer> => {
      counted.count += 1;
      return codec().decompress(batch);
    },
  });
  return counted;
}
