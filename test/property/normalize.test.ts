import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { MalformedMessageError } from '../../src/event/errors.ts';
import { normalizeCloudStack } from '../../src/normalize/cloud/cloudstack.ts';
import type { VerbatimEvent } from '../../src/normalize/cloud/cloudstack.ts';
import { createScrubber } from '../../src/normalize/scrub/scrub.ts';
import { anyCharacter, anyText } from '../fixtures/any-text.ts';
import { messageOf, samples } from '../fixtures/cloudstack.ts';

const { value: scrub, isSecretKey } = createScrubber();

const keys = [
  'event',
  'status',
  'entity',
  'entityuuid',
  'account',
  'user',
  'project',
  'description',
  'details',
  'eventDateTime',
  'subject',
  'body',
  'dataCenterId',
  'zone',
  'resource',
  'id',
  'old-state',
  'new-state',
  'jobId',
  'commandEventType',
  'cmdInfo',
  'jobResult',
  'command',
  'instanceType',
  'password',
  '__proto__',
];
const anyKey = fc.oneof(fc.constantFrom(...keys), anyText);
const anyRoutingKey = fc.option(
  fc.oneof(
    anyText,
    fc.constantFrom(...Object.values(samples).map(({ routingKey }) => routingKey)),
    fc
      .array(fc.oneof(anyText, fc.constantFrom('*', 'ActionEvent', 'NewEvent')), { size: 'small' })
      .map(words => words.join('.')),
  ),
  { nil: undefined },
);
const anyBytes = fc.uint8Array({ maxLength: 200 });
/** JSON that has the keys which matter, any kind of value under them, and escapes for every unit of text. */
const anyObject = fc
  .dictionary(anyKey, fc.oneof(anyText, fc.jsonValue({ stringUnit: anyCharacter })))
  .map(object => JSON.stringify(object));
const mutatedSample = fc
  .tuple(fc.constantFrom(...Object.values(samples)), fc.nat(), fc.nat(40), anyText)
  .map(([{ body }, at, length, text]) => {
    const start = at % body.length;
    return body.slice(0, start) + text + body.slice(start + length);
  });

function attempt(body: string | Uint8Array, routingKey?: string): VerbatimEvent | undefined {
  try {
    return normalizeCloudStack(messageOf(body, routingKey));
  } catch (error) {
    if (error instanceof MalformedMessageError) return undefined;
    throw error;
  }
}

/** PostgreSQL takes no U+0000; no encoder takes half a surrogate pair. */
const isStorable = (text: string) => text.isWellFormed() && !text.includes('\0');

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, below]) => [key, ...textsOf(below)]);
}

describe('normalizeCloudStack', () => {
  it('answers every body with a storable event or with MalformedMessageError', () => {
    let events = 0;
    fc.assert(
      fc.property(fc.oneof(anyBytes, anyObject, mutatedSample), anyRoutingKey, (body, key) => {
        const normalized = attempt(body, key);
        if (normalized === undefined) return;
        events += 1;
        const { envelope } = normalized;
        expect(envelope.event).not.toBe('');
        expect(textsOf(envelope).filter(text => !isStorable(text))).toEqual([]);
        expect(Object.values(envelope).filter(fact => fact === undefined || fact === '')).toEqual(
          [],
        );
        expect(isStorable(normalized.body)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
    expect(events).toBeGreaterThan(100);
  });

  it('keeps every byte of an action event', () => {
    fc.assert(
      fc.property(
        fc.dictionary(anyKey, fc.jsonValue({ stringUnit: anyCharacter })),
        fc.nat(4),
        (facts, indent) => {
          const body = JSON.stringify({ ...facts, event: 'VM.START' }, undefined, indent);
          const { body: kept } = normalizeCloudStack(
            messageOf(body, 'management-server.ActionEvent.VM-START.*.*'),
          );
          expect(Buffer.from(kept)).toEqual(Buffer.from(body));
        },
      ),
    );
  });

  it('lets no secret of an async job through, wherever it is', () => {
    const secret = fc.string({ minLength: 1 }).map(text => `hush${text}hush`);
    const secretKey = fc
      .tuple(
        fc.string(),
        fc.constantFrom('password', 'sessionkey', 'Secret', 'apiToken', 'privatekey'),
      )
      .map(words => words.join(''));
    const holder = fc.tuple(secretKey, secret).map(([key, value]) => ({ [key]: value }));
    const { anything } = fc.letrec<{ anything: unknown }>(tie => ({
      anything: fc.oneof(
        { maxDepth: 6 },
        holder,
        fc.tuple(tie('anything'), fc.jsonValue()),
        fc.dictionary(fc.string(), tie('anything'), { minKeys: 1 }),
        tie('anything').map(value => JSON.stringify(value)),
        tie('anything').map(value => `com.cloud.Some/thing/${JSON.stringify(value)}/`),
      ),
    }));
    fc.assert(
      fc.property(anything, jobResult => {
        const body = JSON.stringify({ jobId: '1', command: 'c', jobResult });
        const { body: safe } = normalizeCloudStack(messageOf(body));
        expect(safe).not.toContain('hush');
        expect(JSON.parse(safe)).toMatchObject({ jobId: '1', command: 'c' });
      }),
      { numRuns: 500 },
    );
  });
});

describe('scrub', () => {
  it('finds nothing more in what it has scrubbed', () => {
    const anyValue = fc.jsonValue({ stringUnit: anyCharacter, maxDepth: 5 });
    const anySecret = fc.dictionary(fc.constantFrom('token', 'password', 'a'), anyValue);
    fc.assert(
      fc.property(
        fc.oneof(
          anyValue,
          anySecret,
          anySecret.map(value => JSON.stringify(value)),
        ),
        value => {
          const once = scrub(value);
          expect(scrub(once)).toBe(once);
        },
      ),
    );
  });

  it('changes no value that has neither secret keys nor text', () => {
    const key = fc.string().filter(text => !isSecretKey(text));
    const { plain } = fc.letrec<{ plain: unknown }>(tie => ({
      plain: fc.oneof(
        { maxDepth: 5 },
        // JSON has no such number, and it is the one value that is not itself.
        fc.double({ noNaN: true }),
        fc.boolean(),
        fc.array(tie('plain')),
        fc.dictionary(key, tie('plain')),
      ),
    }));
    fc.assert(
      fc.property(plain, value => {
        expect(scrub(value)).toBe(value);
      }),
    );
  });
});
