/** The way in over HTTP, in the composed program: what is answered 2xx is recorded. */
import { createHmac, randomUUID } from 'node:crypto';

import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { normalizerCases } from '../fixtures/normalizers.ts';
import { startReceiver } from '../service/receiver.ts';
import { sharedService } from '../service/shared.ts';
import { waitUntil } from '../service/wait-until.ts';
import { openIntakeHarness, token, type IntakeHarness } from './intake-harness.ts';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const cloudEvent = (id: string, data: object = {}): string =>
  JSON.stringify({ specversion: '1.0', id, source: '/sdk', type: 'vm.off', data });
const secret = 'the key of the signature';

/** A source for each sample: some tell of the same event under the same name. */
const cases = normalizerCases.flatMap(({ format, about, samples, mapping = {} }, index) =>
  Object.entries(samples).flatMap(([sample, { body, routingKey, headers = {}, events }]) =>
    // Of a bus, or told by the clock of the normalizer's own test.
    routingKey !== undefined ||
    body === null ||
    /:/.test(Object.keys(headers).join()) ||
    sample === 'stale'
      ? []
      : [{ name: `s${index}-${sample}`, format, about, mapping, sample, body, headers, events }],
  ),
);

let harness: IntakeHarness;
beforeAll(async () => {
  harness = await openIntakeHarness({
    sources: [
      // As old as the samples are.
      ...cases.map(({ name, format, mapping }) => ({
        name,
        format,
        mapping,
        alarmTtlMs: 0,
        bodyBytesMax: 4_194_304,
      })),
      { name: 'events', format: 'cloudevents', origins: ['grid.example.com'] },
      { name: 'open', format: 'cloudevents' },
      { name: 'small', format: 'cloudevents', bodyBytesMax: 100 },
      { name: 'tried', format: 'alertmanager', idempotencyHeader: 'X-Request-Id' },
      {
        name: 'signed',
        format: 'cloudpods',
        token: null,
        hmac: { secret, header: 'X-Auth-Token' },
      },
      {
        name: 'both',
        format: 'cloudevents',
        hmac: { secret, header: 'X-Hub-Signature', algorithm: 'sha1', prefix: 'sha1=' },
      },
    ],
  });
});
afterAll(() => harness[Symbol.asyncDispose]());

const count = async (where: string): Promise<number> =>
  (await harness.rows<{ n: number }>(`select count(*)::int as n from ${where}`))[0]?.n ?? 0;

/** Transactions of the source `open` so far. */
const batches = (): number =>
  harness.logged.filter(line => line.includes('batch.recorded') && line.includes('"source":"open"'))
    .length;

const ask = (source: string, origin?: string) =>
  harness.send(`/v1/in/${source}`, {
    method: 'OPTIONS',
    headers: origin === undefined ? {} : { 'webhook-request-origin': origin },
  });

describe('a message that is posted to a source', () => {
  it.each(cases)(
    'becomes the events it tells of: $about, $sample',
    async ({ name, format, body, headers, events }) => {
      const answer = await harness.post(name, body, headers);
      expect(answer.status).toBe(format === 'cloudpods' ? 200 : 202);
      const ids = [answer.body['ids']].flat();
      const rows = await harness.rows<{ id: string; event: string }>(
        `select id, event from event where source = '${name}' order by id`,
      );
      expect(ids).toEqual(rows.map(({ id }) => id));
      expect(rows.map(({ event }) => event)).toEqual(events.map(({ envelope }) => envelope.event));
    },
  );

  it('is delivered to the webhooks that want it', async () => {
    await using receiver = await startReceiver();
    const made = await harness.ask('POST', '/v1/webhooks', {
      name: 'all',
      payloadUrl: receiver.url,
      scope: 'Global',
      filters: [{ value: 'vm.delivered' }],
    });
    expect(made.status).toBe(201);
    const type = 'vm.delivered';
    const event = JSON.stringify({ specversion: '1.0', id: 'd1', source: '/sdk', type });
    // The webhook takes effect within a second.
    const [id] = await waitUntil('a delivery', async () => {
      const answer = await harness.post('events', event.replace('d1', `d${Math.random()}`));
      await new Promise(resolve => setImmediate(resolve));
      return receiver.total() > 0 ? [answer.body['ids']].flat() : undefined;
    });
    expect(id).toMatch(uuid);
    const [delivered] = await receiver.waitFor(1);
    expect(JSON.parse(String(delivered?.body))).toMatchObject({ event: 'vm.delivered' });
  });

  it('is recorded together with those that wait at the same time', async () => {
    const before = batches();
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, at) => harness.post('open', cloudEvent(`together-${at}`))),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    const ids = answers.flatMap(({ body }) => body['ids']);
    expect(new Set(ids).size).toBe(300);
    expect(await count(`event where id::text in ('${ids.join(`','`)}')`)).toBe(300);
    expect(batches() - before).toBeLessThan(300);
  });

  it('is answered with the same id when it is sent again, and recorded once', async () => {
    const first = await harness.post('events', cloudEvent('again'));
    const again = await Promise.all(
      Array.from({ length: 5 }, () => harness.post('events', cloudEvent('again'))),
    );
    for (const answer of again) expect(answer).toMatchObject({ status: 202, body: first.body });
    expect(first.body['ids']).toEqual([expect.stringMatching(uuid)]);
    expect(await count(`event where source = 'events' and body like '%again%'`)).toBe(0);
    expect(await count(`event where id = '${[first.body['ids']].flat().join()}'`)).toBe(1);
  });

  it('is known by the header that its sender repeats, where its events have no names', async () => {
    const status = { status: 'firing', alerts: [{ status: 'firing', labels: { alertname: 'A' } }] };
    const send = (key: string) =>
      harness.post('tried', JSON.stringify(status), { 'x-request-id': key });
    const [one, two, other] = [await send('k1'), await send('k1'), await send('k2')];
    expect(one.status).toBe(202);
    expect(two.body).toEqual(one.body);
    expect(other.body).not.toEqual(one.body);
  });

  it('that cannot be understood is refused with the reason, and is in the quarantine without its secrets', async () => {
    const answer = await harness.post('events', '{"password":"hunter2","type":"vm.off"}');
    expect(answer.status).toBe(422);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.body).toMatchObject({ code: 'message_malformed' });
    expect(answer.body['detail']).toContain('attribute id, source, specversion is missing');
    const [row] = await harness.rows<{ body: Buffer; headers: object; position: string }>(
      `select body, headers, position from quarantine where source = 'events'`,
    );
    expect(String(row?.body)).toBe('{"password":"***","type":"vm.off"}');
    expect(row?.position).toMatch(/^POST \/v1\/in\/:source from 127\.0\.0\.1$/);
    expect(JSON.stringify(row?.headers)).not.toContain(token);
  });

  it('that was told again meanwhile leaves the quarantine with the id its event has', async () => {
    const body = cloudEvent('put-aside');
    const first = await harness.post('events', body);
    const id = randomUUID();
    await harness.rows(`insert into quarantine (id, source, position, reason, body)
      values ('${id}', 'events', 'p', 'r', '${body}')`);
    const answer = await harness.ask('POST', `/v1/quarantine/${id}/retry`);
    expect(answer).toMatchObject({ status: 200, body: { eventIds: first.body['ids'] } });
    expect(await count(`quarantine where id = '${id}'`)).toBe(0);
  });

  it('that tells of nothing anyone wants is taken', async () => {
    const body = '{"Msg":"This is a verification message, please ignore."}';
    const signature = createHmac('sha256', secret).update(body).digest('hex');
    const send = (headers: Record<string, string>) =>
      harness.send('/v1/in/signed', { method: 'POST', body, headers });
    expect(await send({ 'x-auth-token': signature })).toMatchObject({
      status: 200,
      body: { ids: [] },
    });
  });
});

describe('a sender', () => {
  it('without the token is refused before the body is looked at', async () => {
    for (const authorization of ['', 'Bearer wrong', 'Basic d3Jvbmc=']) {
      const answer = await harness.post('events', 'x'.repeat(5_000_000), { authorization });
      expect(answer).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    }
    const query = `?access_token=${encodeURIComponent(token)}`;
    const init = { method: 'POST', body: cloudEvent('by query') };
    expect((await harness.send(`/v1/in/events${query}`, init)).status).toBe(202);
    expect(harness.logged.join('')).not.toContain('access_token');
  });

  it('signs the very bytes it sends', async () => {
    const body = Buffer.from('{"resource_type":"server", "action":"create"}');
    const signature = createHmac('sha256', secret).update(body).digest('hex');
    const send = (headers: Record<string, string>) =>
      harness.send('/v1/in/signed', { method: 'POST', body, headers });
    expect((await send({ 'x-auth-token': signature })).status).toBe(200);
    expect(await send({})).toMatchObject({ status: 401 });
    const wrong = await send({ 'x-auth-token': signature.replaceAll(/[0-9]/g, '0') });
    expect(wrong.body['detail']).toContain('HMAC-SHA256 of the body in hex as `X-Auth-Token: ');
  });

  it('shows both where both are asked for', async () => {
    const body = cloudEvent('both');
    const signed = {
      'x-hub-signature': `sha1=${createHmac('sha1', secret).update(body).digest('hex')}`,
    };
    expect((await harness.post('both', body, signed)).status).toBe(202);
    expect((await harness.post('both', body)).status).toBe(401);
    expect((await harness.post('both', body, { ...signed, authorization: '' })).status).toBe(401);
  });

  it.each([
    ['to a source that is not there', 'gone', {}, '404 not_found'],
    ['to the one for users', 'api', {}, '404 not_found'],
    ['what is too large', 'small', {}, '413 body_too_large'],
    ['what is packed', 'open', { 'content-encoding': 'gzip' }, '415 encoding_unsupported'],
  ])('is told what is wrong: %s', async (_, source, headers, expected) => {
    const answer = await harness.post(source, cloudEvent('x'.repeat(100)), headers);
    expect(`${answer.status} ${String(answer.body['code'])}`).toBe(expected);
  });

  it('may send a body of any type, in chunks, and none where the headers say all', async () => {
    const authorization = `Bearer ${token}`;
    const chunks = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(cloudEvent('chunks')));
        controller.close();
      },
    });
    const init = { method: 'POST', body: chunks, duplex: 'half' as const };
    expect(
      (await harness.send('/v1/in/open', { ...init, headers: { authorization } })).status,
    ).toBe(202);
    const binary = { 'ce-id': '1', 'ce-source': '/s', 'ce-type': 't', 'ce-specversion': '1.0' };
    const headers = { authorization, ...binary };
    expect(await harness.send('/v1/in/open', { method: 'POST', headers })).toMatchObject({
      status: 202,
    });
  });

  it('of CloudEvents may ask whether it is welcome', async () => {
    const welcome = await ask('events', 'grid.example.com');
    expect(welcome.status).toBe(204);
    expect(welcome.headers.get('webhook-allowed-origin')).toBe('grid.example.com');
    expect(welcome.headers.get('webhook-allowed-rate')).toBe('*');
    const other = await ask('events', 'other.example.com');
    expect(other.status).toBe(403);
    expect(other.headers.get('webhook-allowed-origin')).toBeNull();
    expect((await ask('open', 'other.example.com')).status).toBe(204);
    expect(await ask('open')).toMatchObject({ status: 400, body: { code: 'request_invalid' } });
    expect((await ask('gone', 'grid.example.com')).status).toBe(404);
  });
});

describe('POST /v1/events', () => {
  it('takes one event, a list of them, and CloudEvents', async () => {
    const one = await harness.ask('POST', '/v1/events', {
      event: 'backup.finished',
      account: 'a',
      entity: 'backup',
      category: 'AlertEvent',
      status: 'Completed',
      eventDateTime: '2026-11-21T10:00:00+01:00',
      details: { password: 'hunter2', size: 7 },
    });
    expect(one.status).toBe(202);
    const [row] = await harness.rows(`select * from event where source = 'api'`);
    expect(row).toMatchObject({
      id: [one.body['ids']].flat()[0],
      event: 'backup.finished',
      account: 'a',
      category: 'AlertEvent',
      details: { password: '***', size: 7 },
    });
    const list = await harness.ask('POST', '/v1/events', [{ event: 'a' }, { event: 'b' }]);
    expect(list.body['ids']).toHaveLength(2);
    const batch = await harness.send('/v1/events', {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await harness.login()}`,
        'content-type': 'application/cloudevents-batch+json',
      },
      body: `[${cloudEvent('b1')},${cloudEvent('b2')}]`,
    });
    expect(batch.body['ids']).toHaveLength(2);
  });

  it('knows an event again by its id', async () => {
    const event = { event: 'a', id: 'mine' };
    const [first, again] = [
      await harness.ask('POST', '/v1/events', event),
      await harness.ask('POST', '/v1/events', [event, { event: 'b', id: 'other' }]),
    ];
    expect([again.body['ids']].flat()).toEqual([
      ...[first.body['ids']].flat(),
      expect.stringMatching(uuid),
    ]);
  });

  it.each([
    [{ acount: 'a', event: 'b' }, 'has a field "acount"; expected none but id, category, event'],
    [{ account: 'a' }, 'there is no event type'],
    [{ event: 'a', category: 'Action' }, '"category" of the body is none of CloudStack’s'],
    [{ event: 'a', details: [] }, '"details" of the body is no JSON object'],
    [
      [6, { event: '' }],
      'item 0: the item is no JSON object; expected an event; item 1: there is no',
    ],
  ])('refuses %j and says what it expected', async (body, detail) => {
    const answer = await harness.ask('POST', '/v1/events', body);
    expect(answer).toMatchObject({ status: 422, body: { code: 'message_malformed' } });
    expect(String(answer.body['detail']).replaceAll("'", '’')).toContain(detail);
  });

  it('is open to admins, also with a token that opens nothing else', async () => {
    const made = await harness.ask('POST', '/v1/tokens', { name: 'in', scopes: ['ingest'] });
    const reader = await harness.ask('POST', '/v1/tokens', { name: 'r', scopes: ['read'] });
    const post = (path: string, bearer: unknown) =>
      harness.send(path, {
        method: 'POST',
        headers: { authorization: `Bearer ${String(bearer)}`, 'content-type': 'application/json' },
        body: '{"event":"a"}',
      });
    expect((await post('/v1/events', made.body['token'])).status).toBe(202);
    expect((await post('/v1/tokens', made.body['token'])).body['code']).toBe('token_scope');
    expect((await post('/v1/events', reader.body['token'])).body['code']).toBe('token_scope');
    const [domain] = await harness.rows<{ id: string }>('select id from domain limit 1');
    await harness.ask('POST', '/v1/accounts', { id: 'u', name: 'u', domainId: domain?.id });
    const password = 'correct horse battery';
    const user = { username: 'user', password, role: 'User', accountId: 'u' };
    expect((await harness.ask('POST', '/v1/users', user)).status).toBe(201);
    expect((await post('/v1/events', await harness.login('user', password))).status).toBe(403);
    expect((await post('/v1/events', 'none')).status).toBe(401);
  });
});

describe('what cannot be recorded now', () => {
  it('is refused while the source is paused, with a time to come again', async () => {
    expect((await harness.ask('POST', '/v1/sources/open/pause')).status).toBe(200);
    const answer = await harness.post('open', cloudEvent('paused'));
    expect(answer).toMatchObject({ status: 503, body: { code: 'source_unavailable' } });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    await harness.ask('POST', '/v1/sources/open/resume');
    expect((await harness.post('open', cloudEvent('paused'))).status).toBe(202);
    const { body } = await harness.ask('GET', '/v1/sources');
    expect(body['items']).toContainEqual({ name: 'open', kind: 'http', state: 'running', lag: 0 });
    expect(body['items']).toContainEqual({ name: 'api', kind: 'http', state: 'running', lag: 0 });
  });

  it('is refused by a process that takes nothing in', async () => {
    await using idle = await openIntakeHarness({
      sources: [{ name: 'x', format: 'cloudevents' }],
      roles: ['api'],
    });
    expect((await idle.post('x', cloudEvent('1'))).status).toBe(404);
    expect(await idle.ask('POST', '/v1/events', { event: 'a' })).toMatchObject({
      status: 503,
      body: { code: 'source_unavailable' },
    });
  });

  it('is refused while the database is away, and taken when it is back: never one without the other', async () => {
    await using own = await openIntakeHarness({
      sources: [{ name: 'x', format: 'cloudevents', waitMs: 300 }],
    });
    const database = new URL(own.databaseUrl).pathname.slice(1);
    const admin = new Client((await sharedService('postgres')).url);
    await admin.connect();
    try {
      const taken = new Set<string>();
      const send = async (id: string): Promise<number> => {
        const { status } = await own.post('x', cloudEvent(id));
        if (status === 202) taken.add(id);
        return status;
      };
      expect(await send('before')).toBe(202);
      await admin.query(`alter database "${database}" with allow_connections false`);
      await admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${database}'`,
      );
      const away = await Promise.all(['a', 'b', 'c'].map(send));
      expect(away).toEqual([503, 503, 503]);
      await admin.query(`alter database "${database}" with allow_connections true`);
      await waitUntil('a message to be taken', async () => (await send('after')) === 202);
      await Promise.all(['a', 'b', 'c'].map(send));
      const rows = await own.rows<{ body: string }>('select body from event');
      expect(taken).toEqual(new Set(['before', 'after', 'a', 'b', 'c']));
      expect(rows).toHaveLength(taken.size);
    } finally {
      await admin.end();
    }
  });
});
