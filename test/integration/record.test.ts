import { randomUUID } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { LeaseLostError, PositionMovedError } from '../../src/event/errors.ts';
import type { Message, OffsetSpan } from '../../src/event/message.ts';
import { createRecorder } from '../../src/record/recorder.ts';
import { leaveProcess } from '../../src/store/record/lease.ts';
import type { ReadMessage } from '../../src/record/read-message.ts';
import {
  aside,
  join,
  kafkaBatch,
  message,
  newId,
  openRecordHarness,
  rabbitmqBatch,
  read,
  type RecordHarness,
} from './record-harness.ts';

const texts = (count: number): Message[] =>
  Array.from({ length: count }, (_, index) => message(`{"n":${index}}`));

async function recordKafka(
  { recorder }: RecordHarness,
  messages: readonly Message[],
  firstOffset: bigint,
  facts?: Partial<OffsetSpan>,
): Promise<number> {
  const batch = kafkaBatch(messages, firstOffset, facts);
  const entries = messages.map(one => read(one));
  return (await recorder.record('kafka', batch, entries)).length;
}

async function recordRabbitmq(
  { recorder }: RecordHarness,
  messages: readonly Message[],
  consumerId?: string,
): Promise<number> {
  const batch = rabbitmqBatch(messages, consumerId);
  return (
    await recorder.record(
      'rabbitmq',
      batch,
      messages.map(one => read(one)),
    )
  ).length;
}

describe('recording from Kafka', () => {
  it('records events with all they say, and moves the position with them', async () => {
    await using harness = await openRecordHarness();
    const body = '{"é":"\\u003d","quote\\"":"back\\\\slash"}';
    const envelope = {
      category: 'ActionEvent' as const,
      event: 'VM.START',
      entity: 'VirtualMachine',
      entityuuid: 'e',
      account: 'a',
      user: 'u',
      project: 'p',
      domain: 'd',
      status: 'Completed',
      eventDateTime: '2024-07-10T08:05:07.000Z',
      description: 'a "quoted" {thing}, NULL',
      source: 'management-server',
      details: { more: 1 },
    };
    const owed = [randomUUID(), randomUUID()];
    const id = newId();
    await harness.recorder.record('kafka', kafkaBatch([message(body)], 7n), [
      { message: message(body), events: [{ id, envelope, body, owed }], quarantined: [] },
    ]);
    const [row] = await harness.rows<Record<string, unknown>>(
      'select *, owed::text[] as owed from event',
    );
    expect(row).toMatchObject({
      id,
      process_id: harness.processId,
      source: 'kafka',
      category: 'ActionEvent',
      event: 'VM.START',
      entity: 'VirtualMachine',
      entityuuid: 'e',
      account: 'a',
      user_id: 'u',
      project: 'p',
      domain: 'd',
      status: 'Completed',
      description: 'a "quoted" {thing}, NULL',
      origin: 'management-server',
      details: { more: 1 },
      body,
      owed,
    });
    expect(new Date(String(row?.['event_date_time']))).toEqual(new Date('2024-07-10T08:05:07Z'));
    expect(
      await harness.rows(
        "select topic, partition, next_offset::text from source_position where source = 'kafka'",
      ),
    ).toEqual([{ topic: 'cloudstack', partition: 0, next_offset: '8' }]);
  });

  it('leaves out what is recorded already, whoever reads it again and however the batches are cut', async () => {
    await using harness = await openRecordHarness();
    expect(await recordKafka(harness, texts(5), 0n)).toBe(5);
    expect(await recordKafka(harness, texts(5), 0n)).toBe(0);
    expect(await recordKafka(harness, texts(4), 3n)).toBe(2);
    expect(await recordKafka(harness, texts(2), 7n)).toBe(2);
    expect(await harness.count('event')).toBe(9);
  });

  it('records each message once when two consumers race for the same span', async () => {
    await using harness = await openRecordHarness();
    const counts = await Promise.all(
      Array.from({ length: 8 }, () => recordKafka(harness, texts(100), 0n)),
    );
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(100);
    expect(await harness.count('event')).toBe(100);
  });

  it('refuses a batch that begins behind the stored position: records between them would never come', async () => {
    await using harness = await openRecordHarness();
    await recordKafka(harness, texts(5), 0n);
    for (const fromOffset of [6n, 100n]) {
      const recording = recordKafka(harness, texts(3), fromOffset, { fromOffset });
      await expect(recording).rejects.toThrow(PositionMovedError);
    }
    expect(await recordKafka(harness, texts(3), 7n, { fromOffset: 5n })).toBe(3);
    expect(await harness.count('event')).toBe(8);
  });

  it('refuses a batch of a partition of which nothing is stored', async () => {
    await using harness = await openRecordHarness();
    const recording = recordKafka(harness, texts(3), 0n, { partition: 7 });
    await expect(recording).rejects.toThrow(PositionMovedError);
    expect(await harness.count('event')).toBe(0);
  });

  it('refuses a batch of another topic of the same name, and learns the id of one that had none', async () => {
    await using harness = await openRecordHarness();
    expect(await recordKafka(harness, texts(5), 0n, { topicId: 'a' })).toBe(5);
    expect(await recordKafka(harness, texts(5), 0n, { topicId: 'a' })).toBe(0);
    const recording = recordKafka(harness, texts(8), 0n, { topicId: 'b' });
    await expect(recording).rejects.toThrow(PositionMovedError);
    expect(await recordKafka(harness, texts(6), 0n)).toBe(1);
    expect(await harness.count('event')).toBe(6);
  });

  it('keeps bodies with any character in them', async () => {
    await using harness = await openRecordHarness();
    const bodies = ['{}', '"\u{1F}"', '\u{1E}', 'ü€😀\\"{},NULL'];
    await recordKafka(
      harness,
      bodies.map(body => message(body)),
      0n,
    );
    const rows = await harness.rows<{ body: string }>('select body from event order by id');
    expect(rows.map(row => row.body)).toEqual(bodies);
  });
});

describe('recording from RabbitMQ', () => {
  it('records a redelivered message once, and new ones beside it', async () => {
    await using harness = await openRecordHarness();
    await recordRabbitmq(harness, texts(3), randomUUID());
    const again = [...texts(3), message('{"new":true}')].map(one => ({
      ...one,
      redelivered: true,
    }));
    expect(await recordRabbitmq(harness, again, randomUUID())).toBe(1);
    expect(await recordRabbitmq(harness, again, randomUUID())).toBe(0);
    expect(await harness.count('event')).toBe(4);
  });

  it('keeps two byte-identical messages two, also when only one of them was recorded before both came back', async () => {
    await using harness = await openRecordHarness();
    const twin = message('{"same":1}');
    expect(await recordRabbitmq(harness, [twin, twin])).toBe(2);
    const back = { ...twin, redelivered: true };
    expect(await recordRabbitmq(harness, [back, back])).toBe(0);

    const other = message('{"other":1}');
    expect(await recordRabbitmq(harness, [other])).toBe(1);
    const otherBack = { ...other, redelivered: true };
    expect(await recordRabbitmq(harness, [otherBack, otherBack])).toBe(1);
    expect(await harness.count('event')).toBe(4);
  });

  it('takes a message that looks like a recorded one for new, unless the broker says it came before', async () => {
    await using harness = await openRecordHarness();
    expect(await recordRabbitmq(harness, texts(2))).toBe(2);
    expect(await recordRabbitmq(harness, texts(2))).toBe(2);
  });

  it('remembers no more of a consumer than the broker may give back', async () => {
    await using harness = await openRecordHarness();
    const consumerId = randomUUID();
    for (let round = 0; round < 20; round += 1) {
      const messages = texts(10).map(one => message(`${String(one.body)}${round}`));
      const batch = rabbitmqBatch(messages, consumerId, 25);
      await harness.recorder.record(
        'rabbitmq',
        batch,
        messages.map(one => read(one)),
      );
    }
    const [{ n } = { n: '' }] = await harness.rows<{ n: string }>(
      'select sum(cardinality(hashes)) as n from receipt',
    );
    expect(Number(n)).toBe(30);
  });
});

describe('the lease', () => {
  it('refuses a batch of a process that was taken over, and writes nothing of it', async () => {
    await using harness = await openRecordHarness();
    const gone = await join(harness.store);
    await leaveProcess(harness.store, gone);
    const recorder = createRecorder({ store: harness.store, processId: () => gone });
    const one = message('{}', { redelivered: true });
    for (const batch of [kafkaBatch([one], 0n), rabbitmqBatch([one])]) {
      await expect(recorder.record('s', batch, [read(one)])).rejects.toThrow(LeaseLostError);
    }
    for (const table of ['event', 'source_position where next_offset > 0', 'receipt']) {
      expect(await harness.count(table)).toBe(0);
    }
  });
});

/** A message of which one item became an event, and one is put aside. */
function parted(one: Message): ReadMessage {
  return { ...read(one), quarantined: aside({ ...one, item: 1 }, 'odd').quarantined };
}

describe('one item of a message that is put aside', () => {
  it('is put aside once, and the others recorded once, when a process dies before it could tell Kafka', async () => {
    await using harness = await openRecordHarness();
    const batch = kafkaBatch([message('a'), message('b')], 0n);
    for (const _ of ['recorded', 'read again']) {
      const entries = batch.messages.map(parted);
      const recorded = await harness.recorder.record('kafka', batch, entries);
      expect(recorded.length).toBe(_ === 'recorded' ? 2 : 0);
    }
    expect([await harness.count('event'), await harness.count('quarantine')]).toEqual([2, 2]);
  });

  it('is put aside once, and the others recorded once, when RabbitMQ delivers the message again', async () => {
    await using harness = await openRecordHarness();
    const one = message('a');
    await harness.recorder.record('s', rabbitmqBatch([one]), [parted(one)]);
    const again = { ...one, redelivered: true };
    await harness.recorder.record('s', rabbitmqBatch([again]), [parted(again)]);
    expect([await harness.count('event'), await harness.count('quarantine')]).toEqual([1, 1]);
  });
});

describe('the quarantine', () => {
  it('keeps bytes, position, routing key, headers and reason of what cannot be understood, once', async () => {
    await using harness = await openRecordHarness();
    const bytes = Buffer.from([0, 255, 254, 1]);
    const bad = message('', {
      body: bytes,
      headers: { h: 'a\0b' },
      routingKey: 'k\0',
      position: 'p',
    });
    const tombstone = message('', { body: null });
    const messages = [bad, message('{}'), tombstone];
    const batch = kafkaBatch(messages, 0n);
    const entries = [aside(bad, 'not JSON'), read(message('{}')), aside(tombstone, 'null')];
    await harness.recorder.record('kafka', batch, entries);
    await harness.recorder.record('kafka', batch, entries);
    expect(
      await harness.rows(
        'select position, routing_key, headers, reason, body from quarantine order by id',
      ),
    ).toEqual([
      {
        position: 'p',
        routing_key: 'k\u{FFFD}',
        headers: { h: 'a\u{FFFD}b' },
        reason: 'not JSON',
        body: bytes,
      },
      { position: 'test', routing_key: 'rk', headers: null, reason: 'null', body: null },
    ]);
    expect(await harness.count('event')).toBe(1);
  });
});
