/**
 * What every source promises, whatever its bus: run against a real broker for each implementation.
 *
 * Contract: src/source/source.ts and src/event/message.ts.
 */
import { beforeAll, describe, expect, it } from 'vitest';

import type { Message, MessageBatch } from '../../src/event/message.ts';
import type { Source } from '../../src/source/source.ts';
import type { Service } from '../service/service.ts';
import { waitUntil } from '../service/wait-until.ts';
import { captureLog, type CapturedLog } from './captured-log.ts';

/** One broker under test. */
export interface Bus {
  readonly broker: Service;
  /** An exchange or topic under a name of its own, not made yet. */
  newPlace(): Place;
  close(): Promise<void>;
}

export interface Place {
  create(): Promise<void>;
  /** Resolves when the broker has them all, in this order. */
  publish(bodies: readonly Buffer[]): Promise<void>;
  /** A source that listens there; two of one place share the messages between them. */
  createSource(options: { readonly batchMax: number; readonly log: CapturedLog }): Source;
}

type RecordBatch = (batch: MessageBatch) => Promise<void>;

/** A source at work, and what came of it. */
interface Run {
  readonly source: Source;
  readonly log: CapturedLog;
  readonly batches: readonly MessageBatch[];
  bodies(): string[];
  /** Aborts, and resolves when the source has left. */
  stop(): Promise<void>;
}

export function describeSource(name: string, openBus: () => Promise<Bus>): void {
  describe(`source: ${name}`, () => {
    let bus: Bus;
    const runs: Run[] = [];

    beforeAll(async () => {
      bus = await openBus();
      return async () => bus.close();
    });

    /** Runs a source of `place` until the test is over. */
    function start(place: Place, record: RecordBatch = async () => {}, batchMax = 100): Run {
      const log = captureLog();
      const source = place.createSource({ batchMax, log });
      const run = runSource(source, log, record);
      runs.push(run);
      return run;
    }

    async function newPlace(): Promise<Place> {
      const place = bus.newPlace();
      await place.create();
      return place;
    }

    async function untilRunning({ source }: Run): Promise<void> {
      await waitUntil('the source to run', () => source.status().state === 'running', 60_000);
    }

    async function stopAll(): Promise<void> {
      await Promise.all(runs.splice(0).map(async run => run.stop()));
    }

    async function inTest(test: () => Promise<void>): Promise<void> {
      try {
        await test();
      } finally {
        await stopAll();
      }
    }

    it('delivers every message once, in order, in batches of the size allowed', async () =>
      inTest(async () => {
        const place = await newPlace();
        const run = start(place);
        await untilRunning(run);
        const sent = texts(2500);
        await place.publish(sent.map(text => Buffer.from(text)));
        await untilReceived(run, sent.length);
        expect(run.bodies()).toEqual(sent);
        expect(Math.max(...run.batches.map(batch => batch.messages.length))).toBeLessThanOrEqual(
          100,
        );
        expect(run.batches.length).toBeLessThan(sent.length);
      }));

    it('hands over one batch at a time', async () =>
      inTest(async () => {
        const place = await newPlace();
        let atOnce = 0;
        let atOnceMax = 0;
        const run = start(place, async () => {
          atOnce += 1;
          atOnceMax = Math.max(atOnceMax, atOnce);
          await new Promise(resolve => setImmediate(resolve));
          atOnce -= 1;
        });
        await untilRunning(run);
        await place.publish(texts(1000).map(text => Buffer.from(text)));
        await untilReceived(run, 1000);
        expect(atOnceMax).toBe(1);
      }));

    it('passes bytes as they are: empty, not UTF-8, five megabytes', async () =>
      inTest(async () => {
        const place = await newPlace();
        const run = start(place);
        await untilRunning(run);
        const sent = [Buffer.alloc(0), Buffer.from([0xff, 0xfe, 0]), Buffer.alloc(5_000_000, 'x')];
        await place.publish(sent);
        await untilReceived(run, sent.length);
        const received = messages(run);
        expect(
          sent.map((body, at) => body.equals(received[at]?.body ?? Buffer.from('none'))),
        ).toEqual([true, true, true]);
        expect(received.map(message => message.redelivered)).toEqual([false, false, false]);
      }));

    it('settles nothing before the batch is recorded', async () =>
      inTest(async () => {
        const place = await newPlace();
        const stopped = Promise.withResolvers<void>();
        const first = start(place, () => stopped.promise);
        await untilRunning(first);
        await place.publish([Buffer.from('one'), Buffer.from('two')]);
        await untilReceived(first, 1);
        const leaving = first.stop();
        stopped.reject(new Error('shutting down'));
        await leaving;
        const second = start(place);
        await untilReceived(second, 2);
        expect(second.bodies()).toEqual(['one', 'two']);
      }));

    it('does not deliver again what was recorded', async () =>
      inTest(async () => {
        const place = await newPlace();
        const first = start(place);
        await untilRunning(first);
        await place.publish([Buffer.from('one'), Buffer.from('two')]);
        await untilReceived(first, 2);
        await first.stop();
        const second = start(place);
        await untilRunning(second);
        await place.publish([Buffer.from('three')]);
        await untilReceived(second, 1);
        expect(second.bodies()).toEqual(['three']);
      }));

    it('delivers a batch again when recording it was rejected', async () =>
      inTest(async () => {
        const place = await newPlace();
        let rejections = 0;
        const run = start(place, async () => {
          rejections += 1;
          if (rejections <= 2) throw new Error('the database is away');
        });
        await untilRunning(run);
        await place.publish([Buffer.from('one')]);
        await untilReceived(run, 3);
        expect(run.bodies()).toEqual(['one', 'one', 'one']);
      }));

    it('holds a batch until the broker takes it back', async () =>
      inTest(async () => {
        const place = await newPlace();
        const given = Promise.withResolvers<MessageBatch>();
        const run = start(place, async batch => {
          given.resolve(batch);
          if (run.batches.length > 1) return;
          await waitUntil('the batch to be taken back', () => !batch.isHeld(), 60_000);
          throw new Error('no longer held');
        });
        await untilRunning(run);
        await place.publish([Buffer.from('one')]);
        const batch = await given.promise;
        expect(batch.isHeld()).toBe(true);
        await bus.broker.restart();
        await untilReceived(run, 2);
        expect(batch.isHeld()).toBe(false);
        expect(run.bodies()).toEqual(['one', 'one']);
      }));

    it('goes on by itself after the broker was restarted, and loses nothing', async () =>
      inTest(async () => {
        const place = await newPlace();
        const run = start(place);
        await untilRunning(run);
        await place.publish([Buffer.from('before')]);
        await untilReceived(run, 1);
        await bus.broker.restart();
        await place.publish([Buffer.from('after')]);
        await waitUntil('the message after', () => run.bodies().includes('after'), 60_000);
        expect(new Set(run.bodies())).toEqual(new Set(['before', 'after']));
      }));

    it('waits for a broker that is away, says so once, and starts by itself', async () =>
      inTest(async () => {
        const place = await newPlace();
        await bus.broker.kill();
        const run = start(place);
        const attempts = (): number =>
          run.log.lines.filter(line => line.event === 'source.session_ended').length;
        try {
          await waitUntil('a reason', () => (run.source.status().reason ?? '').includes('ECONN'));
          await waitUntil('several attempts', () => attempts() > 5, 60_000);
          expect(run.source.status().state).toBe('waiting');
          expect(run.log.lines.filter(line => line.level !== 'debug')).toHaveLength(1);
        } finally {
          await bus.broker.start();
        }
        // What was made in the moment before a crash may be gone.
        await place.create();
        await untilRunning(run);
        await place.publish([Buffer.from('one')]);
        await untilReceived(run, 1);
        expect(run.bodies()).toEqual(['one']);
      }));

    it('waits for what it listens to, says what is missing, and starts by itself', async () =>
      inTest(async () => {
        const place = bus.newPlace();
        const run = start(place);
        await waitUntil(
          'a reason',
          () => /exist|no exchange|no topic/.test(run.source.status().reason ?? ''),
          60_000,
        );
        expect(run.source.status().state).toBe('waiting');
        await place.create();
        await untilRunning(run);
        await place.publish([Buffer.from('one')]);
        await untilReceived(run, 1);
        expect(run.bodies()).toEqual(['one']);
      }));

    it('takes nothing while paused, finishes what is in flight, and goes on after', async () =>
      inTest(async () => {
        const place = await newPlace();
        const recorded = Promise.withResolvers<void>();
        const run = start(place, () => recorded.promise, 1);
        await untilRunning(run);
        await place.publish([Buffer.from('one'), Buffer.from('two')]);
        await untilReceived(run, 1);
        run.source.pause();
        run.source.pause();
        expect(run.source.status().state).toBe('paused');
        recorded.resolve();
        await place.publish([Buffer.from('three')]);
        await waitUntil('the lag to show what waits', () => run.source.status().lag === 2, 60_000);
        expect(run.bodies()).toEqual(['one']);
        run.source.resume();
        await untilReceived(run, 3);
        expect(run.bodies()).toEqual(['one', 'two', 'three']);
        expect(run.source.status().state).toBe('running');
        await waitUntil('the lag to go', () => run.source.status().lag === 0, 60_000);
      }));

    it('stops after the batch in flight, and leaves no connection', async () =>
      inTest(async () => {
        const place = await newPlace();
        await place.publish([]);
        const socketsBefore = socketCount();
        const recorded = Promise.withResolvers<void>();
        const run = start(place, () => recorded.promise, 1);
        await untilRunning(run);
        await place.publish([Buffer.from('one'), Buffer.from('two')]);
        await untilReceived(run, 1);
        let left = false;
        const leaving = run.stop().then(() => (left = true));
        await new Promise(resolve => setImmediate(resolve));
        expect(left).toBe(false);
        recorded.resolve();
        await leaving;
        expect(run.bodies()).toEqual(['one']);
        expect(run.source.status()).toEqual({ state: 'stopped' });
        await waitUntil('the connections to end', () => socketCount() <= socketsBefore);
        const next = start(place);
        await untilReceived(next, 1);
        expect(next.bodies()).toEqual(['two']);
      }));

    it('stops at once while it waits for the broker', async () =>
      inTest(async () => {
        const place = await newPlace();
        await bus.broker.kill();
        try {
          const run = start(place);
          await waitUntil('a reason', () => (run.source.status().reason ?? '').includes('ECONN'));
          await run.stop();
          expect(run.source.status().state).toBe('stopped');
        } finally {
          await bus.broker.start();
        }
      }));
  });
}

function runSource(source: Source, log: CapturedLog, record: RecordBatch): Run {
  const controller = new AbortController();
  const batches: MessageBatch[] = [];
  const running = source.run(async batch => {
    batches.push(batch);
    await record(batch);
  }, controller.signal);
  const run: Run = {
    source,
    log,
    batches,
    bodies: () => messages(run).map(({ body }) => Buffer.from(body ?? []).toString()),
    stop: async () => {
      controller.abort();
      await running;
    },
  };
  return run;
}

function messages({ batches }: Run): Message[] {
  return batches.flatMap(batch => [...batch.messages]);
}

async function untilReceived(run: Run, count: number): Promise<void> {
  await waitUntil(`${count} messages`, () => messages(run).length >= count, 60_000);
}

function texts(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `message ${at}`);
}

function socketCount(): number {
  return process.getActiveResourcesInfo().filter(kind => kind === 'TCPSocketWrap').length;
}
