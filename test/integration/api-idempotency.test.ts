import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { resealSecrets } from '../../src/access/secret/reseal.ts';
import { claimKey, deleteIdempotencyKeys } from '../../src/store/access/idempotency-key.ts';
import { databaseOf } from '../../src/store/database.ts';
import { secretKey, startApi } from './api-harness.ts';
import type { Answer, ApiUnderTest } from './api-harness.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api[Symbol.asyncDispose]());

const run = async <T>(query: string, values: string[] = []): Promise<T[]> =>
  api.store.em.fork().execute<T[]>(query, values);
const post = (url: string, key: string, body?: object, token = api.token): Promise<Answer> =>
  api.ask('POST', url, body, { authorization: `Bearer ${token}`, 'idempotency-key': key });
const webhook = () => ({ name: 'w', payloadUrl: `https://r.example/${randomUUID()}` });
const countOf = async (payloadUrl: string): Promise<number> =>
  (await run('select from webhook where payload_url = ?', [payloadUrl])).length;

describe('a POST that comes again with its Idempotency-Key', () => {
  it('is answered as the first time, and done once', async () => {
    const [key, body] = [randomUUID(), webhook()];
    const first = await post('/v1/webhooks', key, body);
    const second = await post('/v1/webhooks', `"${key}"`, body);
    expect(first.status).toBe(201);
    expect(first.headers).not.toHaveProperty('idempotency-replayed');
    expect(second).toMatchObject({
      status: 201,
      text: first.text,
      headers: {
        'idempotency-replayed': 'true',
        'content-type': first.headers['content-type'],
        location: first.headers['location'],
        etag: first.headers['etag'],
      },
    });
    expect(await countOf(body.payloadUrl)).toBe(1);
  });

  it('is done once when several come at once', async () => {
    const [key, body] = [randomUUID(), webhook()];
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => post('/v1/webhooks', key, body)),
    );
    for (const { status, body: said } of answers) {
      expect(status === 201 || said.code === 'idempotency_in_progress').toBe(true);
    }
    expect(
      new Set(answers.filter(({ status }) => status === 201).map(({ text }) => text)).size,
    ).toBe(1);
    expect(await countOf(body.payloadUrl)).toBe(1);
  });

  it('shows a secret again that is shown once, and keeps it sealed', async () => {
    const key = randomUUID();
    const { body } = await post('/v1/tokens', key, { name: 't' });
    expect((await post('/v1/tokens', key, { name: 't' })).body.token).toBe(body.token);
    const rows = await run<{ sealed: Buffer }>('select sealed from idempotency_key where key = ?', [
      key,
    ]);
    expect(rows).toHaveLength(1);
    expect(rows[0]?.sealed.toString('latin1')).not.toContain(body.token);
    expect(api.logged.join('\n')).not.toContain(body.token);
  });

  it('is refused with another body, or on another object', async () => {
    const key = randomUUID();
    const { body } = await post('/v1/webhooks', key, webhook());
    const other = await post('/v1/webhooks', key, webhook());
    expect(other.body).toMatchObject({ status: 422, code: 'idempotency_key_reused' });
    const { body: second } = await post('/v1/webhooks', randomUUID(), webhook());
    const filter = { value: 'VM.START' };
    const filterKey = randomUUID();
    await post(`/v1/webhooks/${body.id}/filters`, filterKey, filter);
    const elsewhere = await post(`/v1/webhooks/${second.id}/filters`, filterKey, filter);
    expect(elsewhere.body.code).toBe('idempotency_key_reused');
  });

  it('is another one on another route, and for another user', async () => {
    const key = randomUUID();
    const body = webhook();
    expect((await post('/v1/webhooks', key, body)).status).toBe(201);
    expect((await post('/v1/tokens', key, { name: 't' })).status).toBe(201);
    const { body: account } = await api.ask('GET', '/v1/accounts?name=admin');
    await api.ask('POST', '/v1/users', {
      username: 'other',
      password: 'password',
      role: 'Admin',
      accountId: account.items[0]?.id,
    });
    const { body: session } = await api.ask('POST', '/v1/login', {
      username: 'other',
      password: 'password',
    });
    const theirs = await post('/v1/webhooks', key, body, session.token);
    expect(theirs.body.code).toBe('payload_url_in_use');
  });

  it('is tried anew when the first one came to nothing', async () => {
    const [key, body] = [randomUUID(), webhook()];
    const { body: blocking } = await api.ask('POST', '/v1/webhooks', body);
    expect((await post('/v1/webhooks', key, body)).body.code).toBe('payload_url_in_use');
    await api.ask('DELETE', `/v1/webhooks/${blocking.id}`);
    expect((await post('/v1/webhooks', key, body)).status).toBe(201);
    expect((await post('/v1/webhooks', randomUUID(), { ...body, name: 1 })).status).toBe(400);
  });

  it('waits for the first one, until that one is given up as dead', async () => {
    const [key, body] = [randomUUID(), webhook()];
    await post('/v1/webhooks', key, body);
    await run(`update idempotency_key set status = null, sealed = null where key = ?`, [key]);
    await run('delete from webhook where payload_url = ?', [body.payloadUrl]);
    expect((await post('/v1/webhooks', key, body)).body).toMatchObject({
      status: 409,
      code: 'idempotency_in_progress',
    });
    await run(`update idempotency_key set claimed_until = now() where key = ?`, [key]);
    const other = { ...body, name: 'other' };
    expect((await post('/v1/webhooks', key, other)).body.code).toBe('idempotency_key_reused');
    expect((await post('/v1/webhooks', key, body)).status).toBe(201);
  });

  it('is a new one a day later, and the janitor forgets it', async () => {
    const key = randomUUID();
    const { body } = await post('/v1/tokens', key, { name: 't' });
    await run(`update idempotency_key set created = now() - interval '25 hours' where key = ?`, [
      key,
    ]);
    const again = await post('/v1/tokens', key, { name: 'another' });
    expect(again.status).toBe(201);
    expect(again.body.token).not.toBe(body.token);
    await run(`update idempotency_key set created = now() - interval '25 hours' where key = ?`, [
      key,
    ]);
    await deleteIdempotencyKeys(databaseOf(api.store));
    expect(await run('select from idempotency_key where key = ?', [key])).toEqual([]);
  });

  it('is answered through a change of the key that seals, and says so when that key is gone', async () => {
    const key = randomUUID();
    const next = Buffer.alloc(32, 2);
    const { body } = await post('/v1/tokens', key, { name: 't' });
    const { resealed } = await resealSecrets(api.store, [next, secretKey]);
    expect(resealed).toBeGreaterThan(0);
    const lost = await post('/v1/tokens', key, { name: 't' });
    expect(lost.body.code).toBe('idempotency_key_reused');
    expect(lost.body.detail).toContain('a key that Hookline no longer has');
    await resealSecrets(api.store, [secretKey, next]);
    expect((await post('/v1/tokens', key, { name: 't' })).body.token).toBe(body.token);
  });

  it.each(['', 'ü', 'x'.repeat(258)])('is refused with the key %o', async key => {
    expect((await post('/v1/webhooks', key, webhook())).body.code).toBe('request_invalid');
  });
});

it('claims of several processes at once make one of them the first', async () => {
  const [user] = await run<{ id: string }>('select id from app_user limit 1');
  const request = {
    userId: user?.id ?? '',
    route: 'POST /x',
    key: randomUUID(),
    fingerprint: Buffer.of(1),
  };
  const claims = await Promise.all(
    Array.from({ length: 8 }, () => claimKey(databaseOf(api.store), request, 60_000)),
  );
  expect(claims.map(({ kind }) => kind).filter(kind => kind === 'first')).toHaveLength(1);
  expect(claims.filter(({ kind }) => kind === 'running')).toHaveLength(7);
});
