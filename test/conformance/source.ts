/**
 * What every source promises, whatever its bus: run against a real broker for each implementation.
 *
 * Contract: src/source/source.ts and src/event/message.ts.
 */
import { beforeAll, describe, expect, it } from 'vitest';

import type { MessageBatch } from '../../src/event/message.ts';
import type { Source } from '../../src/source/source.ts';
import type { Service } from '../service/service.ts';
import { waitUntil } from '../service/wait-until.ts';
import { captureLog, type CapturedLog } from './source-log.ts';
import { type RecordBatch, type Run, runSource } from './source-run.ts';

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

export function describeSource(name: string, openBus: () => Promise<Bus>): void {
  describe(`source: ${name}`, () => {
    let bus: Bus;

    beforeAll(async () => {
      bus = await openBus();
      return async () => bus.close();
    });

    async function newPlace(): Promise<Place> {
      const place = bus.newPlace();
      await place.create();
      return place;
    }

    it('delivers every message once, in order, in batches of the size allowed', async () => {
      const place = await newPlace();
      await using run = start(place);
      await run.untilRunning();
      const sent = texts(2500);
      await place.publish(sent.map(text => Buffer.from(text)));
      await run.untilReceived(sent.length);
      expect(run.bodies()).toEqual(sent);
      expect(Math.max(...run.batches.map(batch => batch.messages.length))).toBeLessThanOrEqual(100);
      expect(run.batches.length).toBeLessThan(sent.length);
    });

    it('hands over one batch at a time', async () => {
      const place = await newPlace();
      let atOnce = 0;
      let atOnceMax = 0;
      await using run = start(place, async () => {
        atOnce += 1;
        atOnceMax = Math.max(atOnceMax, atOnce);
        await new Promise(resolve => setImmediate(resolve));
        atOnce -= 1;
      });
      await run.untilRunning();
      await place.publish(texts(1000).map(text => Buffer.from(text)));
      await run.untilReceived(1000);
      expect(atOnceMax).toBe(1);
    });

    it('passes bytes as they are: empty, not UTF-8, five megabytes', async () => {
      const place = await newPlace();
      await using run = start(place);
      await run.untilRunning();
      const sent = [Buffer.alloc(0), Buffer.from([0xff, 0xfe, 0]), Buffer.alloc(5_000_000, 'x')];
      await place.publish(sent);
      await run.untilReceived(sent.length);
      const received = run.messages();
      expect(
        sent.map((body, at) => body.equals(received[at]?.body ?? Buffer.from('none'))),
      ).toEqual([true, true, true]);
      expect(received.map(message => message.redelivered)).toEqual([false, false, false]);
    });

    it('settles nothing before the batch is recorded', async () => {
      const place = await newPlace();
      const stopped = Promise.withResolvers<void>();
      await using first = start(place, () => stopped.promise);
      await first.untilRunning();
      await place.publish([Buffer.from('one'), Buffer.from('two')]);
      await first.untilReceived(1);
      const leaving = first.stop();
      stopped.reject(new Error('shutting down'));
      await leaving;
      await using second = start(place);
      await second.untilReceived(2);
      expect(second.bodies()).toEqual(['one', 'two']);
    });

    it('does not deliver again what was recorded', async () => {
      const place = await newPlace();
      await using first = start(place);
      await first.untilRunning();
      await place.publish([Buffer.from('one'), Buffer.from('two')]);
      await first.untilReceived(2);
      await first.stop();
      await using second = start(place);
      await second.untilRunning();
      await place.publish([Buffer.from('three')]);
      await second.untilReceived(1);
      expect(second.bodies()).toEqual(['three']);
    });

    it('delivers a batch again when recording it was rejected', async () => {
      const place = await newPlace();
      let rejections = 0;
      await using run = start(place, async () => {
        rejections += 1;
        if (rejections <= 2) throw new Error('the database is away');
      });
      await run.untilRunning();
      await place.publish([Buffer.from('one')]);
      await run.untilReceived(3);
      expect(run.bodies()).toEqual(['one', 'one', 'one']);
    });

    it('holds a batch until the broker takes it back', async () => {
      const place = await newPlace();
      const given = Promise.withResolvers<MessageBatch>();
      await using run = start(place, async batch => {
        given.resolve(batch);
        if (run.batches.length > 1) return;
        await untilTakenBack(batch);
        throw new Error('no longer held');
      });
      await run.untilRunning();
      await place.publish([Buffer.from('one')]);
      const batch = await given.promise;
      expect(batch.isHeld()).toBe(true);
      // A broker that is back sooner goes on as if nothing had been, and the batch with it.
      await bus.broker.restart(() => untilTakenBack(batch));
      await run.untilReceived(2);
      expect(batch.isHeld()).toBe(false);
      expect(run.bodies()).toEqual(['one', 'one']);
    });

    it('goes on by itself after the broker was restarted, and loses nothing', async () => {
      const place = await newPlace();
      await using run = start(place);
      await run.untilRunning();
      await place.publish([Buffer.from('before')]);
      await run.untilReceived(1);
      await bus.broker.restart();
      await place.publish([Buffer.from('after')]);
      await waitUntil('the message after', () => run.bodies().includes('after'), 60_000);
      expect(new Set(run.bodies())).toEqual(new Set(['before', 'after']));
    });

    it('waits for a broker that is away, says so once, and starts by itself', async () => {
      const place = await newPlace();
      await bus.broker.kill();
      await using run = start(place);
      const attempts = (): number =>
        run.log.lines.filter(line => line.event === 'source.session_ended').length;
      try {
        await run.untilReason(/ECONNREFUSED/);
        await waitUntil('several attempts', () => attempts() > 5, 60_000);
        expect(run.source.status().state).toBe('waiting');
        expect(run.log.lines.filter(line => line.level !== 'debug')).toHaveLength(1);
      } finally {
        await bus.broker.start();
      }
      // What was made in the moment before a crash may be gone.
      await place.create();
      await run.untilRunning();
      await place.publish([Buffer.from('one')]);
      await run.untilReceived(1);
      expect(run.bodies()).toEqual(['one']);
    });

    it('waits for what it listens to, says what is missing, and starts by itself', async () => {
      const place = bus.newPlace();
      await using run = start(place);
      await run.untilReason(/no exchange|no visible topic/);
      expect(run.source.status().state).toBe('waiting');
      await place.create();
      await run.untilRunning();
      await place.publish([Buffer.from('one')]);
      await run.untilReceived(1);
      expect(run.bodies()).toEqual(['one']);
    });

    it('takes nothing while paused, finishes what is in flight, and goes on after', async () => {
      const place = await newPlace();
      const recorded = Promise.withResolvers<void>();
      await using run = start(place, () => recorded.promise, 1);
      await run.untilRunning();
      await place.publish([Buffer.from('one'), Buffer.from('two')]);
      await run.untilReceived(1);
      run.source.pause();
      run.source.pause();
      expect(run.source.status().state).toBe('paused');
      recorded.resolve();
      await place.publish([Buffer.from('three')]);
      await waitUntil('the lag to show what waits', () => run.source.status().lag === 2, 60_000);
      expect(run.bodies()).toEqual(['one']);
      run.source.resume();
      await run.untilReceived(3);
      expect(run.bodies()).toEqual(['one', 'two', 'three']);
      expect(run.source.status().state).toBe('running');
      await waitUntil('the lag to go', () => run.source.status().lag === 0, 60_000);
    });

    it('stops after the batch in flight, and leaves no connection', async () => {
      const place = await newPlace();
      await place.publish([]);
      const socketsBefore = socketCount();
      const recorded = Promise.withResolvers<void>();
      await using run = start(place, () => recorded.promise, 1);
      await run.untilRunning();
      await place.publish([Buffer.from('one'), Buffer.from('two')]);
      await run.untilReceived(1);
      let left = false;
      const leaving = run.stop().then(() => (left = true));
      await new Promise(resolve => setImmediate(resolve));
      expect(left).toBe(false);
      recorded.resolve();
      await leaving;
      expect(run.bodies()).toEqual(['one']);
      expect(run.source.status()).toEqual({ state: 'stopped' });
      await waitUntil('the connections to end', () => socketCount() <= socketsBefore);
      await using next = start(place);
      await next.untilReceived(1);
      expect(next.bodies()).toEqual(['two']);
    });

    it('stops at once while it waits for the broker', async () => {
      const place = await newPlace();
      await bus.broker.kill();
      try {
        await using run = start(place);
        await run.untilReason(/ECONNREFUSED/);
        await run.stop();
        expect(run.source.status().state).toBe('stopped');
      } finally {
        await bus.broker.start();
      }
    });
  });
}

function start(place: Place, record?: RecordBatch, batchMax = 100): Run {
  const log = captureLog();
  return runSource(place.createSource({ batchMax, log }), log, record);
}

async function untilTakenBack(batch: MessageBatch): Promise<void> {
  await waitUntil('the batch to be taken back', () => !batch.isHeld(), 60_000);
}

function texts(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `message ${at}`);
}

function socketCount(): number {
  return process.getActiveResourcesInfo().filter(kind => kind === 'TCPSocketWrap').length;
}
