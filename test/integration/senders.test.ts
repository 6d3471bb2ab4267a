/**
 * What senders say, and say again: nobody gets an event into an account's webhooks by naming the account, and what has a name is
 * recorded once however often it is sent. The messages are those of the real services.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { factPages } from '../fixtures/fact-pages.ts';
import { messageFrom } from '../fixtures/cloud.ts';
import { readRecordings } from '../fixtures/recorded.ts';
import { startReceiver, type Receiver } from '../service/receiver.ts';
import { waitUntil } from '../service/wait-until.ts';
import { openIntakeHarness, type IntakeHarness } from './intake-harness.ts';

const acme = '1e38b2d4-0000-4000-8000-000000000001';
const eve = '1e38b2d4-0000-4000-8000-000000000002';
const vm = '67aac198-1ee4-5d1d-8f3c-2b3c4d5e6f70';
/** Only the sender of eve's source may be eve, whatever it says. */
const pinned = { account: `"${eve}"`, project: `"${eve}"` };

const sources = [
  {
    name: 'xo',
    format: 'xen-orchestra',
    mapping: { account: `$lookup({"${vm}": "${acme}"}, params.id)` },
  },
  { name: 'monasca', format: 'monasca', mapping: pinned },
  { name: 'cloudevents', format: 'cloudevents', mapping: pinned },
  { name: 'cloudpods', format: 'cloudpods', mapping: pinned },
  { name: 'alertmanager', format: 'alertmanager', mapping: pinned },
  { name: 'minio', format: 's3' },
  { name: 'json', format: 'json', mapping: { event: '/kind', ...pinned } },
];
const call = { method: 'vm.start', params: { id: vm }, userName: 'eve@example.org', timestamp: 1 };
const refused = { code: 2, message: 'not enough permissions', name: 'XoError' };

/** What eve sends, each naming acme wherever the format has a place for it. */
const forged: readonly (readonly [source: string, body: object])[] = [
  ['xo', { ...call, callId: 'f1', type: 'pre' }],
  ['xo', { ...call, callId: 'f1', type: 'post', error: refused }],
  [
    'xo',
    {
      ...call,
      callId: 'f2',
      type: 'post',
      error: { name: 'Error', message: 'no such parameters' },
    },
  ],
  ['xo', { ...call, callId: 'f3', type: 'post', method: 'system.getVersion', result: '1' }],
  ['monasca', { alarm_id: 'a', alarm_timestamp: 1, state: 'ALARM', tenant_id: acme }],
  [
    'cloudevents',
    {
      specversion: '1.0',
      id: '1',
      source: '/s',
      type: 't',
      account: acme,
      data: { account: acme },
    },
  ],
  [
    'cloudpods',
    { resource_type: 'server', action: 'create', resource_details: { tenant_id: acme } },
  ],
  [
    'alertmanager',
    { alerts: [{ status: 'firing', labels: { alertname: 'A', tenant: acme, account: acme } }] },
  ],
  ['json', { kind: 'k', account: acme, project: acme }],
];

/** Each kind of message that the pages tell of, with a source of its own. */
const kinds = factPages
  .filter(({ name }) => name !== 'posted' && name !== 'cloudstack')
  .flatMap(({ name, normalize, kinds: all }) =>
    all.map(([told, sent], at) => {
      const events = normalize(messageFrom(sent));
      const isNamed = events.every(({ key }) => key !== undefined);
      return { name, told, sent, source: `${name}-${at}`, events: events.length, isNamed };
    }),
  );

let harness: IntakeHarness;
let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver();
  harness = await openIntakeHarness({
    sources: [
      ...sources,
      ...kinds.map(({ name, source }) => ({
        name: source,
        format: name,
        alarmTtlMs: 0,
        ...(name === 'json' && { mapping: { event: '/kind', key: '/serial' } }),
      })),
    ],
  });
  await harness.ask('POST', '/v1/domains', { id: acme, name: 'acme' });
  for (const [id, name] of [
    [acme, 'acme'],
    [eve, 'eve'],
  ]) {
    await harness.ask('POST', '/v1/accounts', { id, name, domainId: acme, kind: 'user' });
  }
  const webhook = { name: 'acme', payloadUrl: receiver.url, scope: 'Local', categories: ['*'] };
  const made = await harness.ask('POST', '/v1/webhooks', { ...webhook, accountId: acme });
  if (made.status !== 201) throw new RangeError(`the webhook is not made: ${made.status}`);
});
afterAll(async () => {
  await harness[Symbol.asyncDispose]();
  await receiver.stop();
});

describe('an account', () => {
  it('is not made to hear what somebody else says in its name', async () => {
    for (const [source, body] of forged) {
      const { status } = await harness.post(source, JSON.stringify(body));
      expect([source, status]).toEqual([source, source === 'cloudpods' ? 200 : 202]);
    }
    // What is its own does reach it, and comes last.
    await harness.post(
      'xo',
      JSON.stringify({ ...call, callId: 'own', type: 'post', result: true }),
    );
    await waitUntil('the event that is its own', async () => receiver.total() > 0);
    const rows = await harness.rows<{ source: string; owed: number }>(
      `select source, cardinality(owed) as owed from event where account is not null or source = 'xo' order by id`,
    );
    expect(rows).toHaveLength(forged.length + 1);
    expect(rows.filter(({ owed }) => owed > 0)).toEqual([{ source: 'xo', owed: 1 }]);
    expect(receiver.requests.map(({ body }) => String(body))).toEqual([
      expect.stringContaining('"status":"Completed"'),
    ]);
  });

  it.each(['DomainAdmin', 'User'])(
    'gets nothing posted by a %s, with a token or without',
    async role => {
      const username = `eve-${role}`;
      const password = 'correct horse battery staple';
      const made = await harness.ask('POST', '/v1/users', {
        username,
        password,
        role,
        accountId: eve,
      });
      expect(made.status).toBe(201);
      const session = await harness.login(username, password);
      const post = async (token: string) => {
        const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
        const body = JSON.stringify({ event: 'forged', account: acme });
        return (await harness.send('/v1/events', { method: 'POST', headers, body })).status;
      };
      expect(await post(session)).toBe(403);
      const token = await harness.send('/v1/tokens', {
        method: 'POST',
        headers: { authorization: `Bearer ${session}`, 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'ingest', scopes: ['ingest'] }),
      });
      expect(token.status).toBe(201);
      expect(await post(String(token.body['token']))).toBe(403);
      expect(await harness.rows(`select 1 from event where event = 'forged'`)).toEqual([]);
    },
  );
});

/** The number of events of each source. */
const counts = async (): Promise<ReadonlyMap<string, number>> => {
  const rows = await harness.rows<{ source: string; n: number }>(
    'select source, count(*)::int as n from event group by source',
  );
  return new Map(rows.map(({ source, n }) => [source, n]));
};

describe('a message that only tries the way', () => {
  it.each([
    ['xo', { callId: '0', method: 'vm.start', params: { id: vm }, timestamp: 0, type: 'post' }],
    ['minio', { Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'photos' }],
    ['cloudpods', { Msg: 'This is a validate message.' }],
  ])('to %s is answered as any other, and makes no event', async (source, body) => {
    const before = await counts();
    const { status, body: answer } = await harness.post(source, JSON.stringify(body));
    expect(status).toBe(source === 'cloudpods' ? 200 : 202);
    expect(JSON.stringify(answer)).not.toMatch(/[0-9a-f]{8}-/);
    expect(await counts()).toEqual(before);
  });
});

describe('what is sent again', () => {
  it('is recorded as often as its page says: once if it has a name', async () => {
    for (const _ of ['sent', 'sent again', 'and again']) {
      await Promise.all(
        kinds.map(({ source, sent }) => harness.post(source, sent.body ?? '', sent.headers)),
      );
    }
    const recorded = await counts();
    expect(kinds.map(({ told, source }) => [told, recorded.get(source)])).toEqual(
      kinds.map(({ told, events, isNamed }) => [told, isNamed ? events : events * 3]),
    );
    expect(new Set(kinds.map(({ isNamed }) => isNamed))).toEqual(new Set([true, false]));
  });

  it('by MinIO, of all its recorded events, is recorded once', async () => {
    const bodies = readRecordings('minio').map(({ body }) => JSON.stringify(body));
    for (const _ of ['sent', 'sent again']) {
      await Promise.all(bodies.map(body => harness.post('minio', body)));
    }
    expect((await counts()).get('minio')).toBe(bodies.length);
  });
});
