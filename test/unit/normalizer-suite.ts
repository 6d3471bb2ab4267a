/**
 * What every normalizer promises, whichever cloud it reads: its samples become their events, nothing makes it fail,
 * everything it answers can be stored, what it refuses can be tried again by itself, no secret gets through, and it answers alike twice.
 */
import { isDeepStrictEqual } from 'node:util';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { nameLengthMax } from '../../src/event/envelope.ts';
import type { Message } from '../../src/event/message.ts';
import { eventCountMax } from '../../src/normalize/facts.ts';
import type { NormalizerSettings } from '../../src/normalize/source-formats.ts';
import type { NormalizedEvent } from '../../src/normalize/normalized-event.ts';
import { isRefusal } from '../../src/normalize/normalizer.ts';
import type { Normalizer } from '../../src/normalize/normalizer.ts';
import { createScrubber } from '../../src/normalize/scrub/scrub.ts';
import { anyCharacter, anyText } from '../fixtures/any-text.ts';
import { messageFrom, nowMs } from '../fixtures/cloud.ts';
import type { CloudSample, CloudSamples } from '../fixtures/cloud.ts';
import { changeAt, keysIn, placesIn } from './json-surgery.ts';

export interface NormalizerUnderTest {
  readonly about: string;
  readonly samples: CloudSamples;
  readonly create: (settings: NormalizerSettings) => Normalizer;
}

/** `hush` is in every secret, and in nothing else. */
const secretText = fc.string({ minLength: 1 }).map(text => `hush${text}hush`);
const secretKeys = [
  'password',
  'auth_token',
  'connection_info',
  'partial_password_hash',
  'Favourite-Pet',
];
const scrubber = createScrubber(['favourite pet']);

const now = (): number => nowMs;

export function describeNormalizer({ about, samples, create }: NormalizerUnderTest): void {
  const named = Object.entries(samples);
  const all = Object.values(samples);

  describe(`the normalizer of ${about}`, () => {
    it.each(named)('makes of the sample %s what it has to', (_, sample) => {
      expect(create({ now })(messageFrom(sample))).toEqual(sample.events);
    });

    it('answers alike whenever it is asked', () => {
      const normalize = create({ now });
      for (const sample of [...all, ...all.toReversed()]) {
        expect(normalize(messageFrom(sample))).toEqual(sample.events);
      }
    });

    it('answers any bytes, and any message like its own, with storable events or a reason', () => {
      const normalize = create({ now, showPayload: true, keepAudit: true });
      let count = 0;
      fc.assert(
        fc.property(fc.oneof(anyMessage, changed(all), madeOf(all)), message => {
          const events = attempt(normalize, message);
          count += events.length;
          expectStorable(events);
        }),
        { numRuns: 200 },
      );
      expect(count).toBeGreaterThan(5);
    });

    it('lets no secret through, wherever in its samples one is put', () => {
      const normalize = create({ now, scrubber, showPayload: true, keepAudit: true });
      let count = 0;
      fc.assert(
        fc.property(withSecret(all), message => {
          const events = attempt(normalize, message);
          count += events.length;
          expect(JSON.stringify(events.map(visible))).not.toContain('hush');
        }),
        { numRuns: 150 },
      );
      expect(count).toBeGreaterThan(5);
    });
  });
}

/** CloudStack's action events are promised to be passed on byte for byte, whatever is in them. */
function visible(event: NormalizedEvent): unknown {
  return event.envelope.category === 'ActionEvent' ? undefined : event;
}

function attempt(normalize: Normalizer, message: Message): readonly NormalizedEvent[] {
  const decoded = normalize(message);
  const refusals = decoded.filter(isRefusal);
  for (const { refused } of refusals) {
    expect(refused).toMatch(/^(?!.*hush).*(; expected |fails on this message)/s);
  }
  // Alone an item is refused for the same reason, however often it is tried.
  const items = refusals.filter(({ item }) => item !== undefined);
  const again = items.map(({ item, body = null }) => normalize({ ...message, item, body }));
  expect(again).toEqual(items.map(({ refused }) => [{ refused }]));
  return decoded.flatMap(one => (isRefusal(one) ? [] : [one]));
}

/** One assertion for all events of a message: these properties run tens of thousands of times. */
function expectStorable(events: readonly NormalizedEvent[]): void {
  const keys = events.flatMap(({ key }) => key ?? []);
  expect({
    count: Math.min(events.length, eventCountMax),
    keyCount: new Set(keys).size,
    faults: events.flatMap(faultsOf),
  }).toEqual({ count: events.length, keyCount: keys.length, faults: [] });
}

function faultsOf({ envelope, body, key }: NormalizedEvent): unknown[] {
  const facts = Object.entries(envelope).filter(([, fact]) => fact === undefined || fact === '');
  // PostgreSQL takes no U+0000; no encoder takes half a surrogate pair.
  const texts = textsOf([envelope, body, key]).filter(
    text => !text.isWellFormed() || text.includes('\0'),
  );
  const { event, eventDateTime = '2026-11-21T21:47:22.458Z' } = envelope;
  const isInstant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(eventDateTime);
  return [
    ...facts,
    ...texts,
    ...(event === '' ? ['no event type'] : []),
    ...(isDeepStrictEqual(JSON.parse(JSON.stringify(envelope)), envelope) ? [] : [envelope]),
    ...(isInstant ? [] : [eventDateTime]),
    ...(key !== undefined && key.length > nameLengthMax ? [key] : []),
  ];
}

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, below]) => [key, ...textsOf(below)]);
}

const anyHeaders = fc.option(fc.dictionary(anyText, anyText, { maxKeys: 3 }), { nil: undefined });
const anyMessage = fc
  .record({
    body: fc.option(
      fc.oneof(
        fc.uint8Array({ maxLength: 200 }),
        anyText.map(text => Buffer.from(text)),
      ),
    ),
    headers: anyHeaders,
    routingKey: fc.option(anyText, { nil: undefined }),
  })
  .map(({ body, headers, routingKey }) => ({
    position: 'test/0/0',
    redelivered: false,
    body,
    ...(headers && { headers }),
    ...(routingKey !== undefined && { routingKey }),
  }));

interface ParsedSample {
  readonly sample: CloudSample;
  readonly body: string;
  /** Undefined where the body is no JSON. */
  readonly json: unknown;
  readonly placeCount: number;
}

function parseSample(sample: CloudSample): ParsedSample {
  const body = sample.body ?? '';
  const json = parsed(body);
  return { sample, body, json, placeCount: placesIn(json) };
}

/** A sample with one place replaced by anything, or taken away; or with a piece of its text cut out. */
function changed(samples: readonly CloudSample[]): fc.Arbitrary<Message> {
  const anyValue = fc.oneof(
    anyText,
    fc.jsonValue({ stringUnit: anyCharacter }),
    fc.constantFrom(undefined, null, '', 0, -1, 1e300, [], {}, [[]], '{}', '[', '__proto__'),
  );
  return fc
    .record({
      of: fc.constantFrom(...samples.map(parseSample)),
      at: fc.nat(),
      length: fc.nat(40),
      value: anyValue,
      asText: fc.boolean(),
    })
    .map(({ of: { sample, body, json, placeCount }, at, length, value, asText }) => {
      if (asText || json === undefined) {
        const start = body === '' ? 0 : at % body.length;
        const text =
          body.slice(0, start) + (JSON.stringify(value) ?? '') + body.slice(start + length);
        return messageFrom({ ...sample, body: text });
      }
      const other = changeAt(json, at % placeCount, () => value);
      return messageFrom({ ...sample, body: JSON.stringify(other) ?? '' });
    });
}

/** An object of the keys the samples have, each with anything below it. */
function madeOf(samples: readonly CloudSample[]): fc.Arbitrary<Message> {
  const known = samples.flatMap(({ body }) => keysIn(parsed(body ?? '')));
  const { value } = fc.letrec<{ value: unknown }>(tie => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.oneof(anyText, fc.jsonValue({ stringUnit: anyCharacter, maxDepth: 1 })),
      fc.dictionary(fc.oneof(fc.constantFrom(...known, 'id'), anyText), tie('value')),
      fc.array(tie('value'), { maxLength: 3 }),
    ),
  }));
  return fc
    .record({ sample: fc.constantFrom(...samples), value })
    .map(({ sample, value: body }) => messageFrom({ ...sample, body: JSON.stringify(body) }));
}

/** A sample with a secret under a secret's name in one of its objects, or behind `password=` in one of its texts. */
function withSecret(samples: readonly CloudSample[]): fc.Arbitrary<Message> {
  const holder = fc.oneof(
    secretText,
    secretText.map(secret => ({ deeper: [secret] })),
    secretText.map(secret => JSON.stringify({ deeper: secret })),
  );
  return fc
    .record({
      of: fc.constantFrom(...samples.filter(({ events }) => events.length > 0).map(parseSample)),
      at: fc.nat(),
      key: fc.constantFrom(...secretKeys),
      secret: holder,
    })
    .map(({ of: { sample, json, placeCount }, at, key, secret }) => {
      const plant = (part: unknown): unknown => {
        if (typeof part === 'string' && !/^[[{]/.test(part)) return `password="hush hush" ${part}`;
        return typeof part === 'object' && part !== null && !Array.isArray(part)
          ? { ...part, [key]: secret }
          : part;
      };
      return messageFrom({
        ...sample,
        headers: { ...sample.headers, 'x-auth-token': 'hush' },
        ...(json !== undefined && {
          body: JSON.stringify(changeAt(json, at % placeCount, plant)),
        }),
      });
    });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
