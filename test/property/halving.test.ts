/** A refused batch ends with the guilty alone failed, and every other event delivered once. */
import { array, assert, boolean, nat, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { readBatching } from '../../src/webhook/batching.ts';
import type { Delivery } from '../../src/dispatch/delivery.ts';
import {
  batchBytesMax,
  createSize,
  learnTooLarge,
} from '../../src/dispatch/engine/scheduler/size.ts';
import { alongWith } from '../../src/dispatch/request/batch.ts';
import { halvesOf } from '../../src/dispatch/request/halving.ts';
import { countFitting, joinRendered } from '../../src/format/batch.ts';

const delivery = (at: number, tries = 0, part?: object): Delivery => ({
  event: {
    id: String(at),
    event: 'VM.START',
    body: 'x'.repeat(100),
  },
  webhookId: 'w',
  tries,
  deliveryId: undefined,
  webhookGone: false,
  isOutside: false,
  written: () => undefined,
  queuedAtMs: 0,
  ...(part && { part }),
});

const batch = (count: number, tries = 0): Delivery[] =>
  Array.from({ length: count }, (_, at) => delivery(at, tries));

/** Sends a batch to a receiver that refuses what has a guilty event in it. @returns what was sent and how it ended. */
function send(all: readonly Delivery[], isGuilty: (one: Delivery) => boolean, tries: number) {
  const waiting: (readonly Delivery[])[] = [all];
  const delivered: Delivery[] = [];
  const refused: (readonly Delivery[])[] = [];
  let requests = 0;
  for (let group = waiting.shift(); group; group = waiting.shift()) {
    requests += 1;
    if (!group.some(isGuilty)) {
      delivered.push(...group);
      continue;
    }
    const halves = halvesOf(group, 400, tries);
    if (halves) waiting.unshift(...halves);
    else refused.push(group);
  }
  return { delivered, refused, requests };
}

describe('a batch that is refused on its last try', () => {
  it('leaves each guilty event alone, delivers the others once and in order, in less than two requests an event', () => {
    assert(
      property(array(boolean(), { minLength: 1, maxLength: 200 }), guilty => {
        const all = batch(guilty.length, 2);
        const isGuilty = ({ event }: Delivery): boolean => guilty[Number(event.id)] ?? false;
        const { delivered, refused, requests } = send(all, isGuilty, 3);
        expect(delivered).toEqual(all.filter(one => !isGuilty(one)));
        expect(refused).toEqual(all.filter(isGuilty).map(one => [one]));
        expect(requests).toBeLessThan(2 * guilty.length);
      }),
    );
  });

  it('takes two requests a halving where one event is guilty', () => {
    const { requests } = send(batch(100, 2), ({ event }) => event.id === '37', 3);
    expect(requests).toBeLessThanOrEqual(15);
  });

  it('is halved where it is the last try of one of them, until that one is in another half', () => {
    const all = [...batch(7), delivery(7, 2)];
    const { delivered, refused } = send(all, ({ event }) => event.id === '0', 3);
    expect(refused).toEqual([all.slice(0, 4)]);
    expect(delivered).toEqual(all.slice(4));
  });
});

describe('whether a refused batch is halved', () => {
  it.each([
    [413, 0, true],
    [413, 2, true],
    [400, 0, false],
    [400, 2, true],
    [403, 2, true],
    [422, 1, false],
    [422, 2, true],
    // A number of tries that was lowered since.
    [422, 5, true],
    [401, 2, false],
    [405, 2, false],
    [410, 2, false],
    [429, 2, false],
    [500, 2, false],
    [503, 2, false],
    [undefined, 2, false],
  ])('after %s with %i of three tries made: %s', (status, made, isHalved) => {
    expect(halvesOf(batch(4, made), status, 3) !== undefined).toBe(isHalved);
    expect(halvesOf(batch(1, made), status, 3)).toBeUndefined();
  });
});

describe('what goes in one request', () => {
  it.each(['array', 'ndjson'] as const)(
    'as %s has no more bytes than allowed, or one event',
    as => {
      const bodies = array(string({ unit: 'grapheme', maxLength: 40 }), { minLength: 1 });
      assert(
        property(bodies, nat(300), (texts, bytesMax) => {
          const parts = texts.map((text, at) => ({
            eventId: String(at),
            body: Buffer.from(JSON.stringify(text, null, 1)),
            headers: [],
          }));
          const count = countFitting(parts, bytesMax);
          expect(count).toBeGreaterThanOrEqual(1);
          const { body } = joinRendered(parts.slice(0, count), as, 'application/json');
          expect(count === 1 || body.length <= bytesMax).toBe(true);
          if (count === parts.length) return;
          const more = joinRendered(parts.slice(0, count + 1), as, 'application/json');
          // An array has its brackets besides.
          expect(more.body.length + (as === 'array' ? 0 : 1)).toBeGreaterThan(bytesMax);
        }),
      );
    },
  );

  it('is no more than the limit by the recorded bodies, and of one part', () => {
    const countWith = (all: readonly Delivery[], bytesMax: number): number => {
      const [first = delivery(0), ...others] = all;
      const take = alongWith(first, { eventsMax: 5, bytesMax });
      const end = others.findIndex(one => !take(one));
      return 1 + (end < 0 ? others.length : end);
    };
    const [part, other] = [{}, {}];
    expect(countWith(batch(9), 1_000)).toBe(5);
    expect(countWith(batch(9), 300)).toBe(3);
    expect(countWith(batch(9), 399)).toBe(3);
    expect(countWith(batch(9), 50)).toBe(1);
    expect(
      countWith([delivery(0, 0, part), delivery(1, 0, part), delivery(2, 0, other)], 1_000),
    ).toBe(2);
    expect(countWith([delivery(0, 0, part), delivery(1)], 1_000)).toBe(1);
    expect(countWith([delivery(0), delivery(1, 0, part)], 1_000)).toBe(1);
  });

  it('is half of what was too large, for ten minutes after the last time', () => {
    const size = createSize();
    expect(batchBytesMax(size, 0)).toBe(Infinity);
    learnTooLarge(size, 40_000, 0);
    expect(batchBytesMax(size, 1)).toBe(20_000);
    learnTooLarge(size, 20_000, 10);
    // Another one that was under way.
    learnTooLarge(size, 40_000, 20);
    expect(batchBytesMax(size, 600_019)).toBe(10_000);
    expect(batchBytesMax(size, 600_020)).toBe(Infinity);
    learnTooLarge(size, 60_000, 700_000);
    expect(batchBytesMax(size, 700_001)).toBe(30_000);
  });

  it.each([
    [undefined, 1_000_000],
    [5, 1_000],
    [64_000, 64_000],
    [1e12, 100_000_000],
    ['many', 1_000_000],
  ])('has a limit in bytes that a row of plain SQL says as %s: %i', (bytesMax, read) => {
    expect(readBatching({ bytesMax }).bytesMax).toBe(read);
  });
});
