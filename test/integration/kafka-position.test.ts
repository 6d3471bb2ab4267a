/**
 * Where a source reads on, with a real Kafka and a real PostgreSQL: after restarts, older databases, lost and set offsets,
 * new partitions and topics made again. `fromBeginning` is false, so that whatever is not known would be skipped.
 */
import { randomUUID } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { query } from '../e2e/database.ts';
import { createDatabase } from '../service/postgres.ts';
import { createTestDatabase, sharedService, uniqueName } from '../service/shared.ts';
import { waitUntil } from '../service/wait-until.ts';
import { numbers, openKafka, type OpenKafka } from './kafka-client.ts';
import { type Reader, startReader } from './kafka-reader.ts';

const { brokers } = await sharedService('kafka');

interface Scene extends AsyncDisposable {
  readonly kafka: OpenKafka;
  readonly databaseUrl: string;
  readonly topic: string;
  readonly topics: readonly string[];
  readonly groupId: string;
  start(databaseUrl?: string): Promise<Reader>;
  /** To the partition, in one request. */
  send(bodies: readonly string[], partition?: number): Promise<void>;
}

async function openScene(partitions = 1): Promise<Scene> {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await createTestDatabase());
  const kafka = stack.use(await openKafka(brokers));
  const topic = await kafka.createTopic({ partitions });
  const groupId = uniqueName('group');
  const owned = stack.move();
  return {
    kafka,
    topic,
    topics: [topic],
    groupId,
    databaseUrl: database.url,
    start: async (url = database.url) => startReader(url, { brokers, topics: [topic], groupId }),
    send: async (bodies, partition = 0) => {
      const messages = bodies.map(value => ({ value, partition }));
      await kafka.producer.send({ topic, messages });
    },
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}

const from = (first: number, count: number): string[] =>
  numbers(count).map(number => String(first + Number(number)));

/** Kafka lets nobody set the offsets of a group that has members. */
async function setOffset({ kafka, groupId, topic }: Scene, offset: string): Promise<void> {
  await waitUntil('the group to be empty', async () => {
    const { groups } = await kafka.admin.describeGroups([groupId]);
    return groups[0]?.members.length === 0;
  });
  await kafka.admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset }] });
}

/** What is recorded as soon as there is as much as these. */
async function afterAll(reader: Reader, bodies: readonly string[]): Promise<readonly string[]> {
  await waitUntil(`${bodies.length} events`, async () => {
    return (await reader.recorded()).length >= bodies.length;
  });
  return reader.recorded();
}

/** Starts a reader, has it record `bodies`, and stops it. */
async function record(scene: Scene, bodies: readonly string[], all = bodies): Promise<void> {
  await using reader = await scene.start();
  await reader.untilRunning();
  await scene.send(bodies);
  await afterAll(reader, all);
  await reader.stop();
}

/** A copy of the database as it is now, as a dump that is restored later. */
async function dump(scene: Scene): Promise<string> {
  const { url } = await sharedService('postgres');
  const copy = new URL(scene.databaseUrl);
  const name = uniqueName('dump');
  await createDatabase(url, name, copy.pathname.slice(1));
  copy.pathname = name;
  return copy.href;
}

describe('a source reads on', () => {
  it('where it started, when it stops before the first record and some come meanwhile, on any partition', async () => {
    await using scene = await openScene(2);
    await using first = await scene.start();
    await first.untilRunning();
    await first.stop();
    await scene.send(['0', '1']);
    await scene.send(['2', '3'], 1);
    await using second = await scene.start();
    await second.untilRunning();
    await scene.send(['4']);
    expect(await afterAll(second, numbers(5))).toEqual(numbers(5));
  });

  it('where the database is, when the database was put back from a dump', async () => {
    await using scene = await openScene();
    await record(scene, numbers(20));
    const restored = await dump(scene);
    await record(scene, from(20, 20), numbers(40));
    await using reader = await scene.start(restored);
    await scene.send(['40']);
    expect(await afterAll(reader, numbers(41))).toEqual(numbers(41));
    expect(reader.said('source.position_rewound')).toEqual([
      expect.objectContaining({ stored: '20', committed: '40', from: '20' }),
    ]);
  });

  it('where the database is, when it goes back while the source runs and nothing arrives', async () => {
    await using scene = await openScene();
    await using reader = await scene.start();
    await reader.untilRunning();
    await scene.send(numbers(20));
    expect(await afterAll(reader, numbers(20))).toEqual(numbers(20));
    // As a promoted standby shows it that lacks the last five.
    await query(
      scene.databaseUrl,
      `with gone as (delete from event where body::int >= 15), spans as (delete from recorded_span)
        update source_position set next_offset = 15`,
    );
    expect(await afterAll(reader, numbers(20))).toEqual(numbers(20));
    expect(reader.source.status().state).toBe('running');
  });

  it('at its start, when the database was put back from a dump that knows nothing of it', async () => {
    await using scene = await openScene();
    const restored = await dump(scene);
    await scene.send(['before']);
    await record(scene, numbers(10));
    await using reader = await scene.start(restored);
    expect(await afterAll(reader, numbers(10))).toEqual(numbers(10));
  });

  it('where the database is, when the group has lost its offsets', async () => {
    await using scene = await openScene();
    const { kafka, groupId } = scene;
    await record(scene, numbers(20));
    await scene.send(from(20, 20));
    await waitUntil('the group to be gone', async () => {
      const [result] = await kafka.admin.deleteGroups([groupId]).catch(() => []);
      return result !== undefined;
    });
    await using reader = await scene.start();
    await scene.send(['40', '41']);
    expect(await afterAll(reader, numbers(42))).toEqual(numbers(42));
  });

  it("where another installation's Hookline stopped, with a new database and its group", async () => {
    await using scene = await openScene();
    await record(scene, numbers(5));
    await scene.send(['5', '6']);
    await using fresh = await createTestDatabase();
    // Test databases are copies of one, and so of one history.
    await query(fresh.url, 'update history set id = gen_random_uuid()');
    await using reader = await startReader(fresh.url, {
      brokers,
      topics: [scene.topic],
      groupId: scene.groupId,
    });
    expect(await afterAll(reader, ['5', '6'])).toEqual(['5', '6']);
  });

  it('at the beginning of partitions that are added, while it runs and while it does not', async () => {
    await using scene = await openScene();
    const { kafka, topic } = scene;
    const grow = async (count: number): Promise<void> => {
      await kafka.admin.createPartitions({ topicPartitions: [{ topic, count }] });
    };
    await using first = await scene.start();
    await first.untilRunning();
    await grow(2);
    await sendWhenThere(scene, ['0', '1'], 1);
    expect(await afterAll(first, ['0', '1'])).toEqual(['0', '1']);
    await first.stop();
    await grow(3);
    await sendWhenThere(scene, ['2', '3'], 2);
    await using second = await scene.start();
    expect(await afterAll(second, numbers(4))).toEqual(numbers(4));
  });

  it('at the beginning of a topic that was made again while it runs, however soon it is full', async () => {
    await using scene = await openScene();
    const { kafka, topic } = scene;
    await using reader = await scene.start();
    await reader.untilRunning();
    await scene.send(numbers(10));
    expect(await afterAll(reader, numbers(10))).toEqual(numbers(10));
    reader.source.pause();
    await kafka.admin.deleteTopics({ topics: [topic] });
    await waitUntil('the topic to be made', async () =>
      kafka.admin.createTopics({ topics: [{ topic, numPartitions: 1 }] }).catch(() => false),
    );
    await sendWhenThere(scene, from(10, 25), 0);
    reader.source.resume();
    expect(await afterAll(reader, numbers(35))).toEqual(numbers(35));
    expect(reader.said('topic.recreated')).toHaveLength(1);
  });

  it('behind what Kafka has deleted, and counts it once', async () => {
    await using scene = await openScene();
    const { kafka, topic } = scene;
    await record(scene, numbers(3));
    await scene.send(from(3, 7));
    // kafkajs deletes only from topics it has asked about.
    await kafka.admin.fetchTopicOffsets(topic);
    await kafka.admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '10' }] });
    await using reader = await scene.start();
    await waitUntil('the loss', () => reader.source.status().lost === 7);
    await waitUntil('no lag', () => reader.source.status().lag === 0);
    expect(reader.said('source.position_lost')).toEqual([
      expect.objectContaining({ stored: '3', from: '10', oldest: '10', lost: '7' }),
    ]);
    await reader.stop();
    await using again = await scene.start();
    await scene.send(['10']);
    expect(await afterAll(again, ['0', '1', '2', '10'])).toEqual(['0', '1', '2', '10']);
    expect(again.source.status().lost).toBe(7);
  });
});

describe("an operator's offset", () => {
  it('counts forward: what it skips is left out', async () => {
    await using scene = await openScene();
    await record(scene, numbers(3));
    await scene.send(from(3, 7));
    await setOffset(scene, '8');
    await using reader = await scene.start();
    expect(await afterAll(reader, ['0', '1', '2', '8', '9'])).toEqual(['0', '1', '2', '8', '9']);
    expect(reader.said('source.position_set')).toEqual([
      expect.objectContaining({ stored: '3', committed: '8', from: '8' }),
    ]);
    expect(reader.source.status().lost).toBe(0);
  });

  it('counts once: later starts read on from where that led', async () => {
    await using scene = await openScene();
    await record(scene, numbers(3));
    await scene.send(from(3, 7));
    await setOffset(scene, '8');
    await record(scene, ['10'], ['0', '1', '2', '8', '9', '10']);
    await using reader = await scene.start();
    await scene.send(['11']);
    expect(await afterAll(reader, ['0', '1', '2', '8', '9', '10', '11'])).toEqual([
      '0',
      '1',
      '2',
      '8',
      '9',
      '10',
      '11',
    ]);
    expect(reader.said('source.position_set')).toEqual([]);
  });
});

describe('an offset set back', () => {
  it('has the same events delivered again, once, under one id, and what is new recorded', async () => {
    await using scene = await openScene();
    const owed = [randomUUID(), randomUUID()];
    await using first = await startReader(scene.databaseUrl, { ...scene, brokers, owed });
    await first.untilRunning();
    await scene.send(numbers(30));
    expect(await afterAll(first, numbers(30))).toEqual(numbers(30));
    await first.stop();
    const events = await query<{ id: string }>(
      scene.databaseUrl,
      'select id from event order by id',
    );
    await setOffset(scene, '10');
    await scene.send(from(30, 5));
    await using second = await startReader(scene.databaseUrl, { ...scene, brokers, owed });
    expect(await afterAll(second, numbers(35))).toEqual(numbers(35));
    const again = await query<Again>(scene.databaseUrl, replays);
    const expected = events.slice(10).flatMap(({ id }) => [id, id]);
    expect(again.map(one => one.event_id)).toEqual(expected);
    expect(new Set(again.map(one => one.webhook_id))).toEqual(new Set(owed));
    expect(new Set(again.map(one => one.replay_id)).size).toBe(1);
    expect(second.said('source.position_set')).toEqual([
      expect.objectContaining({ stored: '30', committed: '10', from: '10', recordedTo: '30' }),
    ]);
    await second.stop();
    await using third = await startReader(scene.databaseUrl, { ...scene, brokers, owed });
    await scene.send(['35']);
    expect(await afterAll(third, numbers(36))).toEqual(numbers(36));
    expect(await query(scene.databaseUrl, replays)).toHaveLength(40);
  });

  it('records again what is gone from the database, and parks nothing twice', async () => {
    await using scene = await openScene();
    const refused = ['3', '5'];
    await using first = await startReader(scene.databaseUrl, { ...scene, brokers, refused });
    await first.untilRunning();
    await scene.send(numbers(8));
    await afterAll(first, ['0', '1', '2', '4', '6', '7']);
    await first.stop();
    await query(scene.databaseUrl, "delete from event where body in ('1', '2')");
    await query(scene.databaseUrl, "delete from quarantine where body = '5'");
    await setOffset(scene, '0');
    await using second = await startReader(scene.databaseUrl, { ...scene, brokers, refused });
    await waitUntil('the end', () => second.source.status().lag === 0 && second.batches.length > 0);
    expect(await afterAll(second, numbers(6))).toEqual(['0', '1', '2', '4', '6', '7']);
    const parked = 'select position from quarantine order by position';
    expect(await query(scene.databaseUrl, parked)).toEqual(
      [3, 5].map(offset => ({ position: `${scene.topic}/0/${offset}` })),
    );
  });
});

interface Again {
  readonly event_id: string;
  readonly webhook_id: string;
  readonly replay_id: string;
}

const replays = `select event_id, webhook_id, replay_id from delivery
  where kind = 'replay' and state = 'pending' order by event_id`;

async function sendWhenThere(scene: Scene, bodies: string[], partition: number): Promise<void> {
  await using kafka = await openKafka(brokers);
  await waitUntil('the partition to have a leader', async () => {
    const messages = bodies.map(value => ({ value, partition }));
    return kafka.producer.send({ topic: scene.topic, messages }).then(
      () => true,
      () => false,
    );
  });
}
