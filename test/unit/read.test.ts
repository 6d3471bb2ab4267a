import { describe, expect, it } from 'vitest';

import type { Envelope } from '../../src/event/envelope.ts';
import type { Webhook } from '../../src/webhook/webhook.ts';
import type { Normalizer } from '../../src/normalize/normalizer.ts';
import { createScrubber } from '../../src/normalize/scrub/scrub.ts';
import { createReader } from '../../src/record/read.ts';
import { messageFrom } from '../fixtures/cloud.ts';
import { webhookOf } from '../fixtures/webhook.ts';

const message = messageFrom({
  body: '{"password":"hush","a":1}',
  headers: { 'x-auth-token': 'hush', b: '2' },
});

function read(normalize: Normalizer, owed: readonly Webhook[] = [], dispatches = true) {
  let count = 0;
  return createReader({
    normalize,
    scrubber: createScrubber(),
    complete: told => told,
    match: () => owed,
    newId: () => `id-${(count += 1)}`,
    dispatches,
  })(message);
}

function queuedOf(envelope: Envelope, hooks: readonly Webhook[], dispatches: boolean) {
  return read(() => [{ envelope }], hooks, dispatches).events[0]?.queued;
}

describe('a message that is read', () => {
  it('becomes events with ids of their own that know whom they are owed to', () => {
    const hook = webhookOf({});
    const envelope = { event: 'vm.start' };
    expect(
      read(
        () => [
          { envelope, body: 'x' },
          { envelope, body: 'y' },
        ],
        [hook],
      ).events,
    ).toEqual([
      { id: 'id-1', envelope, body: 'x', owed: [hook.id] },
      { id: 'id-2', envelope, body: 'y', owed: [hook.id] },
    ]);
  });

  it('tells whose deliveries are rows from the beginning', () => {
    const hook = webhookOf({ id: 'at-once' });
    const ordered = webhookOf({ id: 'in-turn', ordering: 'entity' });
    const about = { event: 'vm.start', entityuuid: 'e' };
    expect(queuedOf(about, [hook, ordered], true)).toEqual([
      { webhookId: 'in-turn', inOrder: true },
    ]);
    expect(queuedOf({ event: 'vm.start' }, [hook, ordered], true)).toBeUndefined();
    expect(queuedOf(about, [hook], true)).toBeUndefined();
    expect(queuedOf(about, [hook, ordered], false)).toEqual([
      { webhookId: 'at-once', inOrder: false },
      { webhookId: 'in-turn', inOrder: true },
    ]);
    expect(queuedOf({ event: 'vm.start' }, [ordered], false)).toEqual([
      { webhookId: 'in-turn', inOrder: false },
    ]);
    expect(queuedOf(about, [], false)).toBeUndefined();
  });

  it('has the envelope with the id for a body where it brought none', () => {
    const envelope = { event: 'vm.start', account: 'a', details: { b: 1 } };
    expect(read(() => [{ envelope }]).events[0]?.body).toBe(
      '{"id":"id-1","event":"vm.start","account":"a","details":{"b":1}}',
    );
  });

  it('is recorded and matched as the directory completes it, but for a body that it brought', () => {
    const seen: unknown[] = [];
    const reader = createReader({
      normalize: () => [
        { envelope: { event: 'a' }, provenDomain: 'd' },
        { envelope: { event: 'b' }, body: 'own' },
      ],
      scrubber: createScrubber(),
      complete: (envelope, { provenDomain }) => ({ ...envelope, domain: provenDomain ?? 'home' }),
      match: (envelope, body, proven) => {
        seen.push([envelope, body, proven]);
        return [];
      },
      newId: () => 'id',
      dispatches: true,
    });
    expect(reader(message).events).toEqual([
      {
        id: 'id',
        envelope: { event: 'a', domain: 'd' },
        body: '{"id":"id","event":"a","domain":"d"}',
        provenDomain: 'd',
        owed: [],
      },
      { id: 'id', envelope: { event: 'b', domain: 'home' }, body: 'own', owed: [] },
    ]);
    expect(seen).toEqual([
      [{ event: 'a', domain: 'd' }, '{"id":"id","event":"a","domain":"d"}', { provenDomain: 'd' }],
      [{ event: 'b', domain: 'home' }, 'own', {}],
    ]);
  });

  it('keeps the name that the cloud gave an event', () => {
    const envelope = { event: 'vm.start' };
    const { events } = read(() => [{ envelope, key: 'message-1' }, { envelope }]);
    expect(events.map(({ key }) => key)).toEqual(['message-1', undefined]);
  });

  it('is named by its sending where the cloud names no events', () => {
    const envelope = { event: 'vm.start' };
    const reader = createReader({
      normalize: () => [{ envelope, key: 'own' }, { envelope }, { envelope }],
      scrubber: createScrubber(),
      complete: told => told,
      match: () => [],
      newId: () => 'id',
      dispatches: true,
    });
    const { events } = reader({ ...message, sendingId: 'try-1' });
    expect(events.map(({ key }) => key)).toEqual(['own', 'sent:1:try-1', 'sent:2:try-1']);
  });

  it('leaves no trace when it tells of nothing anyone wants', () => {
    expect(read(() => [])).toEqual({ message, events: [], quarantined: [] });
  });

  it('is put aside without its secrets when it cannot be understood', () => {
    const { events, quarantined, message: kept } = read(() => [{ refused: 'why; expected what' }]);
    expect(events).toEqual([]);
    expect(kept).toBe(message);
    expect(quarantined).toEqual([
      {
        id: 'id-1',
        position: 'test/0/0',
        reason: 'why; expected what',
        body: Buffer.from('{"password":"***","a":1}'),
        headers: { 'x-auth-token': '***', b: '2' },
      },
    ]);
  });

  it('is put aside without its secrets when the database does not take it', () => {
    const reader = createReader({
      normalize: () => [{ envelope: { event: 'vm.start' } }],
      scrubber: createScrubber(['a']),
      complete: told => told,
      match: () => [],
      newId: () => 'id',
      dispatches: true,
    });
    expect(reader(message, 'PostgreSQL refuses the event')).toMatchObject({
      events: [],
      quarantined: [
        {
          reason: 'PostgreSQL refuses the event',
          body: Buffer.from('{"password":"***","a":"***"}'),
          headers: { 'x-auth-token': '***' },
        },
      ],
    });
  });

  it('takes the process with it when the reader itself is wrong', () => {
    expect(() =>
      read(() => {
        throw new TypeError('a bug');
      }),
    ).toThrow('a bug');
  });
});
