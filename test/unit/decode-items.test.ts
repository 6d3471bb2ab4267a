/** A message of several items, one of which nobody can read: the others are events, and that one is put aside alone. */
import { describe, expect, it } from 'vitest';

import type { MappingRules } from '../../src/normalize/mapping.ts';
import { isRefusal } from '../../src/normalize/normalizer.ts';
import type { Refusal } from '../../src/normalize/normalizer.ts';
import { createPostedNormalizer } from '../../src/normalize/posted.ts';
import { total } from '../../src/normalize/decode-items.ts';
import {
  normalizerFor,
  settingsWithDefaults,
  type NormalizableFormat,
} from '../../src/normalize/source-formats.ts';
import { messageFrom, nowMs } from '../fixtures/cloud.ts';

const now = (): number => nowMs;
const posted = total(createPostedNormalizer(settingsWithDefaults({ now })));

interface Case {
  readonly about: string;
  readonly format: NormalizableFormat | 'posted';
  readonly mapping?: MappingRules;
  readonly headers?: Readonly<Record<string, string>>;
  /** Makes the body of a message of these items. */
  readonly message: (items: readonly unknown[]) => unknown;
  readonly good: (at: number) => unknown;
  readonly bad: unknown;
  readonly reason: string;
  /** The body under which the bad item is put aside. */
  readonly alone: unknown;
}

const alert = (at: number) => ({ status: 'firing', labels: { alertname: `A${at}` } });
const event = (at: number) => ({ specversion: '1.0', id: `${at}`, source: '/s', type: 't' });
const record = (at: number) => ({
  eventName: 'ObjectCreated:Put',
  s3: { bucket: { name: 'b' }, object: { key: `${at}` } },
});
const { source: _, ...sourceless } = event(7);
const port = (id: string) => ({ id, project_id: 'p' });
const notification = {
  message_id: 'm',
  event_type: 'port.create.end',
  priority: 'INFO',
  _context_is_admin: false,
};
const tooLong = 'x'.repeat(2_000);

const cases: readonly Case[] = [
  {
    about: 'an alert with a status of its own',
    format: 'alertmanager',
    message: alerts => ({ receiver: 'r', externalURL: 'http://am', groupLabels: {}, alerts }),
    good: alert,
    bad: { status: 'odd', labels: { alertname: 'B' } },
    reason: 'the "status" of the alert is neither firing nor resolved; expected one of them',
    alone: {
      receiver: 'r',
      externalURL: 'http://am',
      alerts: [{ status: 'odd', labels: { alertname: 'B' } }],
    },
  },
  {
    about: 'an alert that is no object',
    format: 'alertmanager',
    message: alerts => ({ alerts }),
    good: alert,
    bad: null,
    reason: 'the alert is no JSON object; expected one',
    alone: { alerts: [null] },
  },
  {
    about: 'a CloudEvent without a source',
    format: 'cloudevents',
    headers: { 'content-type': 'application/cloudevents-batch+json' },
    message: events => events,
    good: event,
    bad: sourceless,
    reason:
      'the attribute source is missing; expected a CloudEvent with id, source, specversion and type',
    alone: [sourceless],
  },
  {
    about: 'a record without a bucket',
    format: 's3',
    message: records => ({ Records: records }),
    good: record,
    bad: { eventName: 'ObjectCreated:Put' },
    reason: 'the record has no "eventName" or no "s3.bucket.name"; expected both as text',
    alone: { Records: [{ eventName: 'ObjectCreated:Put' }] },
  },
  {
    about: 'an item without an event type',
    format: 'json',
    mapping: { event: '/kind' },
    message: items => items,
    good: at => ({ kind: `k${at}` }),
    bad: { sort: 'k' },
    reason: 'there is no event type; expected it as text',
    alone: { sort: 'k' },
  },
  {
    about: 'an item that is null',
    format: 'json',
    mapping: { event: '/kind' },
    message: items => items,
    good: at => ({ kind: `k${at}` }),
    bad: null,
    reason: 'the body is no JSON object; expected one, or a list of them',
    alone: null,
  },
  {
    about: 'an item, where an expression finds the list',
    format: 'json',
    mapping: { event: '/kind', events: 'groups.items' },
    message: items => ({ groups: [{ items }, { items: [] }] }),
    good: at => ({ kind: `k${at}` }),
    bad: { kind: tooLong },
    reason: '"event" would have 2000 characters; expected at most 255',
    alone: { kind: tooLong },
  },
  {
    about: 'an item on which a rule fails',
    format: 'json',
    mapping: { event: '/kind', account: '$error("no")' },
    message: items => items,
    good: at => ({ kind: `k${at}` }),
    bad: 7,
    reason: 'mapping.account fails on this message',
    alone: undefined,
  },
  {
    about: 'an event with a mistyped field',
    format: 'posted',
    message: items => items,
    good: at => ({ event: `e${at}` }),
    bad: { event: 'e', acount: 'a' },
    reason: 'the item has a field "acount"; expected none but',
    alone: [{ event: 'e', acount: 'a' }],
  },
  {
    about: 'a port whose id is no id',
    format: 'openstack',
    message: ports => ({ ...notification, payload: { ports } }),
    good: at => port(`p${at}`),
    bad: port(tooLong),
    reason: '"entityuuid" would have 2000 bytes; expected at most 1100',
    alone: { ...notification, payload: { port: port(tooLong) } },
  },
];

const normalizerOf = ({ format, mapping = {} }: Case) =>
  format === 'posted' ? posted : normalizerFor(format, { now, mapping });

/** Every item fails where a rule does, so nothing of that message is taken. */
const isTaken = ({ alone }: Case): boolean => alone !== undefined;

describe('an item that cannot be read', () => {
  it.each(cases.filter(isTaken))('takes nothing with it: $about', one => {
    const normalize = normalizerOf(one);
    const { message, good, bad, headers } = one;
    const sent = messageFrom({
      body: JSON.stringify(message([good(0), bad, good(2)])),
      ...(headers && { headers }),
    });
    const [first, refused, last, ...more] = normalize(sent);
    const whole = normalize({
      ...sent,
      body: Buffer.from(JSON.stringify(message([good(0), good(1), good(2)]))),
    });
    expect([first, last, ...more]).toEqual([whole[0], whole[2]]);
    if (!refused || !isRefusal(refused)) throw new RangeError('the item is refused');
    expect(refused.refused).toContain(one.reason);
    expect(refused.item).toBe(1);
    expect(JSON.parse(String(refused.body))).toEqual(one.alone);
    // It is read as it was in its message, under the name that it had there.
    const { refused: reason, ...alone } = refused;
    expect(normalize({ ...sent, ...alone })).toEqual([{ refused: reason }]);
    const mended = String(refused.body).replace(JSON.stringify(bad), JSON.stringify(good(1)));
    const again = { ...sent, ...alone, body: Buffer.from(mended) };
    expect(normalize(again)).toEqual([whole[1]]);
  });

  it.each<[Case['format'], object]>([
    ['cloudevents', event(0)],
    ['posted', { event: 'e' }],
  ])('of %s is put aside however deeply it is nested', (format, good) => {
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    const normalize = format === 'posted' ? posted : normalizerFor(format, { now });
    const body = `[${JSON.stringify(good)},{"type":"${format}","other":${deep}}]`;
    const [, refused] = normalize(messageFrom({ body }));
    if (!refused || !isRefusal(refused)) throw new RangeError('the item is refused');
    expect(refused.item).toBe(1);
    expect(JSON.parse(String(refused.body))).toMatchObject([{ type: format }]);
    expect(normalize({ ...messageFrom({ body: null }), ...refused })).toEqual([
      { refused: refused.refused },
    ]);
  });

  it('of a bulk request does not repeat all that its notification says', () => {
    const long = 'word '.repeat(20_000);
    const payload = { ports: [port('a'), port(tooLong)] };
    const body = JSON.stringify({ ...notification, _context_catalog: long, payload });
    const [, refused] = normalizerFor('openstack', { now })(messageFrom({ body }));
    expect(JSON.parse(String(refused?.body))).toEqual({
      ...notification,
      payload: { port: port(tooLong) },
    });
  });

  it.each(cases)('is refused with its whole message when it is the only one: $about', one => {
    const { message, bad, headers, reason } = one;
    const read = (items: readonly unknown[]): readonly Refusal[] =>
      normalizerOf(one)(
        messageFrom({ body: JSON.stringify(message(items)), ...(headers && { headers }) }),
      ).filter(isRefusal);
    const [alone, ...others] = read([bad]);
    expect(others).toEqual([]);
    expect(alone).toEqual({ refused: expect.stringContaining(isTaken(one) ? reason : '; exp') });
    const [all] = read([bad, bad, bad, bad, bad]);
    expect(all).toEqual({
      refused: expect.stringMatching(/^item 0: .*; item 1: .*; item 2: .*; and 2 more$/),
    });
  });
});

const deeper = (): never => deeper();
const longer = (): never => {
  throw new RangeError('Invalid string length');
};

it.each([deeper, longer])(
  'puts aside a message that JavaScript finds too deep or too long, whichever part of a decoder meets it',
  decode => {
    expect(total(decode)(messageFrom({ body: '{}' }))).toEqual([
      { refused: expect.stringMatching(/^too deep or too long to be read: /) },
    ]);
  },
);
