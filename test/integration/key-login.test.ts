import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { loadConfig } from '../../src/config/load/load.ts';
import { identifyKeyPair } from '../../src/directory/cloudstack/cloudstack-identity.ts';
import { serve } from '../../src/serve.ts';
import { startCloudstack, type FakeCloudstack } from '../fixtures/cloudstack-server.ts';
import { createTestDatabase } from '../service/shared.ts';
import { startApi, type Answer, type ApiUnderTest } from './api-harness.ts';

let cloud: FakeCloudstack;
let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi({
    keyLogin: {
      issuer: 'https://cloud.test/client/api',
      trustMs: 3_600_000,
      identify: async (pair, signal) =>
        identifyKeyPair(
          { url: cloud.url, timeoutMs: 5_000, pageSize: 500, now: Date.now },
          pair,
          signal,
        ),
    },
  });
  await run(`insert into domain (id, name, parent_id) select 'd1', 'D', id from domain where parent_id is null;
    insert into account (id, name, domain_id) values ('a1', 'anna', 'd1'), ('a2', 'other', 'd1')`);
});
afterAll(() => api[Symbol.asyncDispose]());
beforeEach(async () => {
  cloud = await startCloudstack();
  cloud.tables.user = [anna()];
  await run(`delete from login_attempt; delete from app_user where issuer is not null`);
});
afterEach(() => cloud[Symbol.asyncDispose]());

const run = async <T>(query: string): Promise<T[]> => api.store.em.fork().execute<T[]>(query);
const anna = (facts: Readonly<Record<string, unknown>> = {}) => ({
  id: 'c7f6f1f2-0000-4000-8000-000000000001',
  username: 'anna',
  account: 'anna',
  accountid: 'a1',
  accounttype: 0,
  domainid: 'd1',
  ...facts,
});
const logIn = async (body: object = cloud.keys): Promise<Answer> =>
  api.ask('POST', '/v1/login', body, {});
const identityOf = async ({ body }: Answer): Promise<Answer['body']> =>
  (await api.ask('GET', '/v1/session', undefined, { authorization: `Bearer ${body.token}` })).body;

describe("a CloudStack user's pair of keys", () => {
  it('logs its user in, with the role and the account they have in the cloud', async () => {
    const answer = await logIn();
    expect(answer.status).toBe(200);
    expect(answer.headers['set-cookie']).toContain('hookline_session=');
    expect(await identityOf(answer)).toMatchObject({
      username: 'cloudstack:anna:c7f6f1f2',
      role: 'User',
      accountId: 'a1',
      kind: 'session',
    });
    const { items } = (await api.ask('GET', '/v1/audit?objectId=cloudstack:anna:c7f6f1f2')).body;
    expect(items.map(({ action }) => action)).toEqual(['user.created']);
  });

  it('is the same user each time, with what the cloud says at that time', async () => {
    const first = await logIn();
    cloud.tables.user = [anna({ accountid: 'a2', account: 'other', accounttype: 2 })];
    const second = await identityOf(await logIn());
    expect(second).toMatchObject({ role: 'DomainAdmin', accountId: 'a2' });
    expect(await identityOf(first)).toMatchObject({ username: second.username, accountId: 'a2' });
    expect(await run(`select from app_user where issuer is not null`)).toHaveLength(1);
  });

  it('is asked for at the cloud once a login, and kept nowhere', async () => {
    const answer = await logIn();
    await identityOf(answer);
    await identityOf(answer);
    expect(cloud.asked.map(({ command }) => command)).toEqual(['listUsers']);
    const [dump] = await run<{ all: string }>(`select concat((select json_agg(u) from app_user u),
      (select json_agg(c) from credential c), (select json_agg(k) from api_key k), (select json_agg(l) from login_attempt l),
      (select json_agg(x) from audit x)) as all`);
    expect(dump?.all).toContain('cloudstack:anna');
    for (const secret of [cloud.keys.secretKey, cloud.keys.apiKey]) {
      expect(dump?.all).not.toContain(secret);
      expect(api.logged.join('\n')).not.toContain(secret);
    }
  });

  it('opens nothing once the time is over for which the cloud’s word is good', async () => {
    const answer = await logIn();
    await run(`update app_user set trusted_until = now() where issuer is not null`);
    expect((await identityOf(answer)).code).toBe('unauthenticated');
    expect((await identityOf(await logIn())).username).toBe('cloudstack:anna:c7f6f1f2');
  });

  it('does not make its user somebody who was made here', async () => {
    cloud.tables.user = [anna({ username: 'admin', accounttype: 1 })];
    const { username, role } = Object(await identityOf(await logIn()));
    expect([username, role]).toEqual(['cloudstack:admin:c7f6f1f2', 'Admin']);
    await run(`insert into app_user (username, role) values ('cloudstack:eve:c7f6f1f2', 'Admin')`);
    cloud.tables.user = [anna({ username: 'eve', id: 'c7f6f1f2-0000-4000-8000-000000000002' })];
    const refused = await logIn();
    expect([refused.status, refused.body.code]).toEqual([409, 'name_in_use']);
  });

  it.each([
    ['is refused when the cloud does not take it', 401, 'login_failed', {}],
    ['is refused when the account is not known here', 403, 'account_unknown', { accountid: 'a9' }],
  ])('%s', async (_title, status, code, facts) => {
    cloud.tables.user = [anna(facts)];
    const secretKey = code === 'login_failed' ? 'wrong' : cloud.keys.secretKey;
    const answer = await logIn({ ...cloud.keys, secretKey });
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  it('of a root admin needs no account here', async () => {
    cloud.tables.user = [anna({ accountid: 'a9', accounttype: 1 })];
    expect(await identityOf(await logIn())).toMatchObject({ role: 'Admin' });
  });

  it('waits for nobody when the cloud is away', async () => {
    cloud.intercept = () => ({ status: 503, body: 'no' });
    const { status, body } = await logIn();
    expect([status, body.code]).toEqual([503, 'cloud_unavailable']);
  });

  it('is held back after too many attempts, before the cloud is asked', async () => {
    const guess = { ...cloud.keys, secretKey: 'guess' };
    for (let tries = 0; tries < 10; tries += 1) expect((await logIn(guess)).status).toBe(401);
    let asked = 0;
    cloud.intercept = () => {
      asked += 1;
      return undefined;
    };
    const { status, body, headers } = await logIn();
    expect([status, body.code, asked]).toEqual([429, 'login_limited', 0]);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  });

  it.each([
    [{ apiKey: 'k' }, "/: must have required property 'secretKey'"],
    [{ apiKey: '', secretKey: 's' }, '/apiKey: must NOT have fewer than 1 characters'],
    [{ apiKey: 'k', secretKey: 's', username: 'u' }, '/: has no field username'],
    [{ secretKey: 's', username: 'u', password: 'p' }, '/: has no field secretKey'],
    [{ username: 'u' }, "/: must have required property 'password'"],
    [{ apiKey: 7, secretKey: 's' }, '/apiKey: must be string'],
    [{}, "/: must have required property 'username'; /: must have required property 'password'"],
  ])('is not half of one, or something else beside it: %j', async (body, detail) => {
    const answer = await logIn(body);
    expect([answer.body.code, answer.body.detail]).toEqual(['request_invalid', detail]);
  });

  it('is offered where people are told how to log in', async () => {
    const { text } = await api.ask('GET', '/v1/login/methods', undefined, {});
    expect(text).toContain('{"kind":"key","label":"CloudStack keys","path":"/v1/login"}');
  });
});

it('logs nobody in where the operator has not turned it on', async () => {
  await using without = await startApi();
  const { status, body } = await without.ask('POST', '/v1/login', cloud.keys, {});
  expect([status, body.code]).toEqual([403, 'key_login_off']);
});

it('is turned on by the configuration, with the CloudStack of the directory', async () => {
  await using database = await createTestDatabase();
  const config = loadConfig({
    cwd: '/',
    env: {
      HOOKLINE_DATABASE_URL: database.url,
      HOOKLINE_SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
      HOOKLINE_ADMIN_PASSWORD: 'correct horse',
      HOOKLINE_HTTP_PORT: '0',
      HOOKLINE_DIRECTORY_KIND: 'cloudstack',
      HOOKLINE_DIRECTORY_URL: cloud.url,
      HOOKLINE_DIRECTORY_API_KEY: cloud.keys.apiKey,
      HOOKLINE_DIRECTORY_SECRET_KEY: cloud.keys.secretKey,
      HOOKLINE_DIRECTORY_KEY_LOGIN: 'true',
      HOOKLINE_DIRECTORY_KEY_TRUST_MS: '60000',
    },
  });
  cloud.tables.user = [anna({ accounttype: 1 })];
  const { signal } = new AbortController();
  const served = await serve({ config, roles: ['api'], log: pino({ level: 'silent' }), signal });
  try {
    const answer = await fetch(`${served.url}/v1/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(cloud.keys),
    });
    const { expiresAt }: { expiresAt: string } = JSON.parse(await answer.text());
    expect(answer.status).toBe(200);
    expect(Date.parse(expiresAt)).toBeLessThanOrEqual(Date.now() + 60_000);
  } finally {
    await served.stop();
  }
});
