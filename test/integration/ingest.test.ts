import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';

import { describe, expect, it } from 'vitest';

import { Breakers } from '../../src/dispatch/engine/breaker/breakers.ts';
import { Dispatcher } from '../../src/dispatch/engine/dispatcher.ts';
import { Writer } from '../../src/dispatch/engine/writer.ts';
import { BatchGivenUpError } from '../../src/event/errors.ts';
import type { Message, MessageBatch, MessageOutcome } from '../../src/event/message.ts';
import type { RecordedCounts } from '../../src/record/held-batch.ts';
import { Ingest } from '../../src/record/ingest.ts';
import type { Reader } from '../../src/record/read.ts';
import { openLease, type Lease } from '../../src/record/lease.ts';
import { createRecorder } from '../../src/record/recorder.ts';
import { leaveProcess } from '../../src/store/record/lease.ts';
import { waitUntil } from '../service/wait-until.ts';
import {
  aside,
  kafkaBatch,
  message,
  newId,
  openRecordHarness,
  rabbitmqBatch,
  read,
  silent,
  type RecordHarness,
} from './record-harness.ts';

interface IngestHarness extends AsyncDisposable {
  readonly records: RecordHarness;
  readonly lease: Lease;
  readonly counts: RecordedCounts[];
  readonly ingest: Ingest;
  record(batch: MessageBatch, reader?: Reader, signal?: AbortSignal): Promise<void>;
  /** Deliveries that have a row, once everything is written. */
  written(): Promise<number>;
}

const webhookId = randomUUID();
const owing: Reader = one => read(one, [webhookId]);

/** Everything from the batch to the rows; what is owed becomes rows, for its webhook is not known. */
async function openIngestHarness(): Promise<IngestHarness> {
  const records = await openRecordHarness();
  const { store } = records;
  const lease = await openLease({
    store,
    ttlMs: 60_000,
    newId,
    onLost: () => dispatcher.drop(),
    log: silent,
  });
  const processId = (): number => lease.processId;
  const writer = new Writer({ store, processId, flushMs: 5, flushMax: 100, log: silent });
  const dispatcher = new Dispatcher({
    concurrency: 1,
    windowMax: 1_000,
    laneWaitMs: 1_000,
    slowMs: 1_000,
    slowConcurrency: 1_024,
    settingsOf: () => ({
      timeoutMs: 1_000,
      tries: 1,
      backoff: { baseMs: 1, capMs: 1, waitMsMax: 1 },
      outage: 'hold',
      disableAfterMs: Infinity,
    }),
    success: '2xx',
    webhook: () => undefined,
    covers: () => true,
    request: nothingIsSent,
    prepare: () => undefined,
    batch: nothingIsSent,
    disable: () => {},
    sender: { send: nothingIsSent, interrupt: () => {}, close: () => {} },
    writer,
    breakers: new Breakers({ now: Date.now, random: Math.random }),
    onPending: () => {},
    random: Math.random,
    onAttempt: () => {},
    onShortage: () => {},
    log: silent,
  });
  const counts: RecordedCounts[] = [];
  const ingest = new Ingest({
    store,
    lease,
    recorder: createRecorder({ store, processId }),
    dispatcher,
    eventMax: 100,
    onRecorded: (_, count) => counts.push(count),
    log: silent,
  });
  const untilWritten = async (): Promise<void> => {
    await waitUntil('everything to be written', () => dispatcher.size === 0);
  };
  return {
    records,
    lease,
    counts,
    ingest,
    record: (batch, reader = owing, signal = new AbortController().signal) =>
      ingest.record({ source: 's', read: reader, batch, signal }),
    written: async () => {
      await untilWritten();
      return records.count('delivery');
    },
    // A pool that is closed while a connection is being opened, for an outcome to write, never ends.
    [Symbol.asyncDispose]: async () => {
      await untilWritten();
      await records[Symbol.asyncDispose]();
    },
  };
}

function nothingIsSent(): never {
  throw new RangeError('nothing is sent');
}

/** What it makes of one message, PostgreSQL cannot store. */
const refusing: Reader = (one, refused) => {
  if (refused !== undefined) return aside(one, refused);
  const entry = owing(one);
  if (String(one.body) !== '{"n":2}') return entry;
  return { ...entry, events: entry.events.map(event => ({ ...event, body: 'a\0b' })) };
};

/** An event is named by its body. */
const keyed: Reader = one => {
  const entry = owing(one);
  return { ...entry, events: entry.events.map(event => ({ ...event, key: event.body })) };
};

/** Forty events a message. */
const fanning: Reader = one => ({
  message: one,
  events: Array.from({ length: 40 }, () => owing(one).events).flat(),
  quarantined: [],
});

const mixed: Reader = one => {
  const text = String(one.body);
  if (text === 'bad') return aside(one, 'not JSON; expected it');
  return text === 'idle' ? { message: one, events: [], quarantined: [] } : keyed(one);
};

const texts = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => message(`{"n":${from + index}}`));

describe('a batch', () => {
  it('is read again when reading it found something out, and nothing is left of the first time', async () => {
    await using harness = await openIngestHarness();
    let learned = 0;
    const learn = async (): Promise<boolean> => (learned += 1) === 1;
    const reader: Reader = one => read(one, learned === 0 ? [] : [webhookId]);
    const signal = new AbortController().signal;
    await harness.ingest.record({
      source: 's',
      read: reader,
      learn,
      batch: kafkaBatch(texts(3), 0n),
      signal,
    });
    expect(learned).toBe(1);
    expect(harness.counts).toEqual([
      { messages: 3, events: 3, quarantined: 0, repeated: 0, dropped: 0 },
    ]);
    expect(await harness.written()).toBe(3);
    await waitUntil('the watermark to pass what was read in vain', async () => {
      const [last] = await harness.records.rows<{ id: string }>(
        'select id from event order by id desc limit 1',
      );
      return harness.lease.ledger.watermark() === last?.id;
    });
  });

  it('becomes events, deliveries and quarantined messages, and is counted', async () => {
    await using harness = await openIngestHarness();
    await harness.record(kafkaBatch(texts(3), 0n));
    await harness.record(kafkaBatch(texts(4), 1n));
    expect(harness.counts).toEqual([
      { messages: 3, events: 3, quarantined: 0, repeated: 0, dropped: 0 },
      { messages: 4, events: 2, quarantined: 0, repeated: 2, dropped: 0 },
    ]);
    expect(await harness.written()).toBe(5);
    await waitUntil('the watermark to pass', async () => {
      const [last] = await harness.records.rows<{ id: string }>(
        'select id from event order by id desc limit 1',
      );
      return harness.lease.ledger.watermark() === last?.id;
    });
  });

  it.each([
    ['Kafka', () => kafkaBatch(texts(5), 0n)],
    ['RabbitMQ', () => rabbitmqBatch(texts(5))],
  ])(
    'from %s with one message the database refuses is recorded but for that one, which is quarantined',
    async (_, batchOf) => {
      await using harness = await openIngestHarness();
      await harness.record(batchOf(), refusing);
      expect(await harness.records.count('event')).toBe(4);
      expect(await harness.written()).toBe(4);
      const [parked] = await harness.records.rows<{ reason: string; body: Buffer }>(
        'select reason, body from quarantine',
      );
      expect(parked?.reason).toContain('PostgreSQL refuses the event: invalid byte sequence');
      expect(parked?.body.toString()).toBe('{"n":2}');
    },
  );

  it('owes nothing for an event that is recorded already under its key', async () => {
    await using harness = await openIngestHarness();
    await harness.record(rabbitmqBatch(texts(3)), keyed);
    await harness.record(rabbitmqBatch(texts(4, 1)), keyed);
    expect(harness.counts.at(-1)).toMatchObject({ messages: 4, events: 2, repeated: 2 });
    expect(await harness.records.count('event')).toBe(5);
    expect(await harness.written()).toBe(5);
    await waitUntil('the watermark to pass what was left out', async () => {
      const [last] = await harness.records.rows<{ id: string }>(
        'select id from event order by id desc limit 1',
      );
      return harness.lease.ledger.watermark() >= (last?.id ?? 'none');
    });
  });

  it.each([
    ['Kafka', (messages: readonly Message[]) => kafkaBatch(messages, 0n)],
    ['RabbitMQ', (messages: readonly Message[]) => rabbitmqBatch(messages)],
  ])(
    'from %s of which each message tells of many events is recorded a part at a time',
    async (_, batchOf) => {
      await using harness = await openIngestHarness();
      await harness.record(batchOf(texts(8)), fanning);
      expect(harness.counts.map(({ messages, events }) => [messages, events])).toEqual([
        [3, 120],
        [3, 120],
        [2, 80],
      ]);
      expect(await harness.written()).toBe(320);
      await harness.record(batchOf(texts(2).map(one => ({ ...one, redelivered: true }))), fanning);
      expect(await harness.records.count('event')).toBe(320);
    },
  );

  it('is told message by message what became of it, with the ids of what is known already', async () => {
    await using harness = await openIngestHarness();
    const told: [string, MessageOutcome][] = [];
    const messages = ['a', 'bad', 'idle', 'a', 'b'].map(text => message(text));
    const batch = (...some: Message[]): MessageBatch => ({
      messages: some,
      tell: (one, outcome) => told.push([String(one.body), outcome]),
      isHeld: () => true,
    });
    await harness.record(batch(...messages), mixed);
    await harness.record(batch(message('b')), mixed);
    const rows = await harness.records.rows<{ id: string; body: string }>(
      'select id, body from event order by id',
    );
    const [a, b] = rows.map(({ id }) => ({ kind: 'recorded', eventIds: [id], refused: [] }));
    expect(await harness.written()).toBe(2);
    expect(told).toEqual([
      ['a', a],
      ['bad', { kind: 'quarantined', reason: 'not JSON; expected it' }],
      ['idle', { kind: 'dropped' }],
      ['a', a],
      ['b', b],
      ['b', b],
    ]);
    expect(harness.counts).toEqual([
      { messages: 5, events: 2, quarantined: 1, repeated: 1, dropped: 1 },
      { messages: 1, events: 0, quarantined: 0, repeated: 1, dropped: 0 },
    ]);
  });

  it('that is read again, and that the database refuses, stays the one row of the quarantine it was', async () => {
    await using harness = await openIngestHarness();
    const redriveOf = newId();
    await harness.records.rows(`insert into quarantine (id, source, position, reason)
      values ('${redriveOf}', 's', 'p', 'former')`);
    const batch: MessageBatch = { messages: texts(3).slice(2), isHeld: () => true };
    await harness.record(batch, (...given) => ({ ...refusing(...given), redriveOf }));
    const parked = await harness.records.rows<{ id: string; reason: string }>(
      'select id, reason from quarantine',
    );
    expect(parked).toEqual([
      { id: redriveOf, reason: expect.stringContaining('PostgreSQL refuses the event') },
    ]);
    expect(await harness.records.count('event')).toBe(0);
    await harness.record(batch, one => ({ ...owing(one), redriveOf }));
    expect(await harness.records.count('quarantine')).toBe(0);
    expect(await harness.records.count('event')).toBe(1);
  });

  it('makes the day it needs when nobody had made it', async () => {
    await using harness = await openIngestHarness();
    const today = new Date().toISOString().slice(0, 10).replaceAll('-', '');
    await harness.records.rows(`drop table event_${today}`);
    await harness.record(kafkaBatch(texts(2), 0n));
    expect(await harness.records.count('event')).toBe(2);
  });

  it('is recorded under a new lease when the old one was taken over', async () => {
    await using harness = await openIngestHarness();
    const lost = harness.lease.processId;
    await leaveProcess(harness.records.store, lost);
    await harness.record(kafkaBatch(texts(3), 0n));
    expect(harness.lease.processId).not.toBe(lost);
    expect(await harness.written()).toBe(3);
    expect(await harness.records.rows('select distinct process_id from event')).toEqual([
      { process_id: harness.lease.processId },
    ]);
  });

  it('is given up when the broker took it back, and on shutdown', async () => {
    await using harness = await openIngestHarness();
    const gone = { ...kafkaBatch(texts(1), 0n), isHeld: () => false };
    await expect(harness.record(gone)).rejects.toThrow(BatchGivenUpError);
    await expect(
      harness.record(kafkaBatch(texts(1), 0n), owing, AbortSignal.abort()),
    ).rejects.toThrow(BatchGivenUpError);
    expect(await harness.records.count('event')).toBe(0);
  });
});

describe('while connections break at any moment', () => {
  it.each(['Kafka', 'RabbitMQ'])(
    'every message from %s is recorded once and everything owed gets a row',
    async bus => {
      await using harness = await openIngestHarness();
      const consumerId = randomUUID();
      const done = new AbortController();
      const kills: number[] = [];
      const killing = (async () => {
        while (!done.signal.aborted) {
          const killed = await harness.records
            .rows<{
              n: number;
            }>(`select count(pg_terminate_backend(pid))::int as n from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid()`)
            .catch(() => []);
          kills.push(killed[0]?.n ?? 0);
          await wait(Math.random() * 150);
        }
      })();
      let round = 0;
      for (; round < 150 || kills.filter(count => count > 0).length < 12; round += 1) {
        const messages = texts(20, round * 20);
        await harness.record(
          bus === 'Kafka'
            ? kafkaBatch(messages, BigInt(round * 20))
            : rabbitmqBatch(messages, consumerId),
        );
      }
      done.abort();
      await killing;
      expect(
        await harness.records.rows(
          'select count(*)::int as n, count(distinct body)::int as d from event',
        ),
      ).toEqual([{ n: round * 20, d: round * 20 }]);
      expect(await harness.written()).toBe(round * 20);
    },
  );
});
