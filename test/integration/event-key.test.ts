import { randomUUID } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import type { Message } from '../../src/event/message.ts';
import type { ReadMessage } from '../../src/record/read-message.ts';
import { createRecorder } from '../../src/record/recorder.ts';
import { leaveProcess } from '../../src/store/record/lease.ts';
import { deleteEventKeys, findKnownEvents, keyHash } from '../../src/store/event/event-key.ts';
import { openStore } from '../../src/store/connection/open.ts';
import { databaseOf } from '../../src/store/database.ts';
import {
  join,
  kafkaBatch,
  message,
  newId,
  openRecordHarness,
  rabbitmqBatch,
  read,
  type RecordHarness,
} from './record-harness.ts';

/** One event for each key; undefined for an event without one. */
const telling = (keys: readonly (string | undefined)[], one = message('{}')): ReadMessage => ({
  message: one,
  quarantined: [],
  events: keys.map(key => ({
    id: newId(),
    envelope: { event: 'compute.instance.create.end' },
    body: `{"key":"${key}"}`,
    owed: [],
    ...(key !== undefined && { key }),
  })),
});

/** One message for each key. */
const named = (keys: readonly (string | undefined)[]): ReadMessage[] =>
  keys.map(key => telling([key]));

const messagesOf = (entries: readonly ReadMessage[]): Message[] =>
  entries.map(entry => entry.message);

const record = (
  { recorder }: Pick<RecordHarness, 'recorder'>,
  entries: readonly ReadMessage[],
  source = 'nova',
): Promise<readonly ReadMessage[]> =>
  recorder.record(source, rabbitmqBatch(messagesOf(entries)), entries);

const bodies = (harness: RecordHarness): Promise<{ body: string }[]> =>
  harness.rows('select body from event order by id');

describe('an event that its cloud named', () => {
  it('is recorded once when consumers tell of it at the same time, in whatever order', async () => {
    await using harness = await openRecordHarness();
    const keys = Array.from({ length: 200 }, (_, at) => `message-${at}`);
    const counts = await Promise.all(
      Array.from({ length: 6 }, async (_, consumer) => {
        const own = consumer % 2 === 0 ? keys : keys.toReversed();
        const batches = [own.slice(0, 150), own.slice(50)];
        let count = 0;
        for (const batch of batches) count += (await record(harness, named(batch))).length;
        return count;
      }),
    );
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(200);
    expect(
      await harness.rows('select count(*)::int as n, count(distinct body)::int as d from event'),
    ).toEqual([{ n: 200, d: 200 }]);
  });

  it('is recorded once when one batch tells of it several times: the first time', async () => {
    await using harness = await openRecordHarness();
    const entries = named(['a', 'b', 'a', undefined, undefined, 'b', 'a']);
    const recorded = await record(harness, entries);
    expect(recorded).toEqual([entries[0], entries[1], entries[3], entries[4]]);
    expect(await harness.count('event')).toBe(4);
  });

  it('is known after a restart, and to another process', async () => {
    await using harness = await openRecordHarness();
    await record(harness, named(['a', 'b']));
    await leaveProcess(harness.store, harness.processId);
    const store = await openStore(harness.url);
    try {
      const processId = await join(store);
      const recorder = createRecorder({ store, processId: () => processId });
      expect(await record({ recorder }, named(['b', 'a']))).toEqual([]);
      expect(await record({ recorder }, named(['b', 'c']))).toHaveLength(1);
    } finally {
      await store.close();
    }
    expect(await bodies(harness)).toEqual([
      { body: '{"key":"a"}' },
      { body: '{"key":"b"}' },
      { body: '{"key":"c"}' },
    ]);
  });

  it('is another on another source', async () => {
    await using harness = await openRecordHarness();
    expect(await record(harness, named(['a']), 'nova')).toHaveLength(1);
    expect(await record(harness, named(['a']), 'cinder')).toHaveLength(1);
  });

  it('is left out of a message that tells of new ones too', async () => {
    await using harness = await openRecordHarness();
    await record(harness, [telling(['a'])]);
    const more = telling(['a', 'b', undefined]);
    expect(await record(harness, [more])).toEqual([{ ...more, events: more.events.slice(1) }]);
    expect(await harness.count('event')).toBe(3);
  });

  it('waits for its turn once, where a webhook takes an entity’s events in turn', async () => {
    await using harness = await openRecordHarness();
    const webhookId = randomUUID();
    const queued = (keys: readonly (string | undefined)[]): ReadMessage[] =>
      named(keys).map(entry => ({
        ...entry,
        events: entry.events.map(event => ({
          ...event,
          owed: [webhookId],
          queued: [{ webhookId, inOrder: true }],
        })),
      }));
    await record(harness, queued(['a', undefined]));
    await record(harness, queued(['b', 'a', undefined]));
    expect(await harness.count('event')).toBe(4);
    expect(await harness.count('delivery')).toBe(4);
  });

  it('moves the position of a partition although all of it is known', async () => {
    await using harness = await openRecordHarness();
    const recordAt = (firstOffset: bigint): Promise<readonly ReadMessage[]> => {
      const entries = named(['a', 'b']);
      return harness.recorder.record('k', kafkaBatch(messagesOf(entries), firstOffset), entries);
    };
    expect(await recordAt(0n)).toHaveLength(2);
    expect(await recordAt(2n)).toEqual([]);
    expect(
      await harness.rows(
        "select next_offset::text as next from source_position where source = 'k'",
      ),
    ).toEqual([{ next: '4' }]);
  });

  it('is new again when its message was not recorded: the key goes with the batch', async () => {
    await using harness = await openRecordHarness();
    const broken = named(['a', 'b']).map(entry => ({
      ...entry,
      events: entry.events.map(event => ({ ...event, body: 'a\0b' })),
    }));
    await expect(record(harness, broken)).rejects.toThrow('invalid byte sequence');
    expect(await harness.count('event_key')).toBe(0);
    expect(await record(harness, named(['a', 'b']))).toHaveLength(2);
  });

  it('is found by its key, until the key is forgotten', async () => {
    await using harness = await openRecordHarness();
    const entries = named(['a']);
    await record(harness, entries);
    const database = databaseOf(harness.store);
    const hash = keyHash('nova', 'a');
    const known = new Map([[hash, entries[0]?.events[0]?.id]]);
    await deleteEventKeys(database, new Date(Date.now() - 60_000));
    expect(await findKnownEvents(database, [hash, keyHash('nova', 'b')])).toEqual(known);
    await deleteEventKeys(database, new Date(Date.now() + 60_000));
    expect(await findKnownEvents(database, [hash])).toEqual(new Map());
    expect(await record(harness, named(['a']))).toHaveLength(1);
  });
});

it('an event without a name leaves none', async () => {
  await using harness = await openRecordHarness();
  await record(harness, [read(message('{}'))]);
  expect(await harness.count('event_key')).toBe(0);
});
