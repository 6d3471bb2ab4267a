/** A real Hookline, managed by CloudStack's SDK for Python as it is in the package registry. */
import { setTimeout as wait } from 'node:timers/promises';

import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { loadConfig } from '../../src/config/load/load.ts';
import { processRoles } from '../../src/wire.ts';
import { serve, type Served } from '../../src/serve.ts';
import { openStore } from '../../src/store/connection/open.ts';
import { databaseOf, type Store } from '../../src/store/database.ts';
import { insertOutcomes } from '../../src/store/delivery/outcome.ts';
import { recordBatch } from '../../src/store/record/record-batch.ts';
import { openCs, type Cs, type CsAnswer } from '../service/cs.ts';
import { hasValidSignature, startReceiver, type Receiver } from '../service/receiver.ts';
import { createTestDatabase, type TestDatabase } from '../service/shared.ts';
import { waitUntil } from '../service/wait-until.ts';
import { newId } from './api-harness.ts';
import { queryOf, signed, type Pair } from './cloudstack-harness.ts';

let database: TestDatabase;
let served: Served;
let store: Store;
let receiver: Receiver;
let pair: Pair;
let url: string;

beforeAll(async () => {
  database = await createTestDatabase();
  store = await openStore(database.url);
  receiver = await startReceiver();
  const config = loadConfig({
    cwd: '/',
    env: {
      HOOKLINE_DATABASE_URL: database.url,
      HOOKLINE_SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
      HOOKLINE_ADMIN_PASSWORD: 'correct horse',
      HOOKLINE_HTTP_PORT: '0',
      HOOKLINE_EGRESS_ALLOW: '127.0.0.0/8',
      HOOKLINE_DISPATCH_TIMEOUT_MS: '2000',
      HOOKLINE_SHUTDOWN_MS: '500',
    },
  });
  const { signal } = new AbortController();
  served = await serve({ config, roles: processRoles, log: pino({ level: 'silent' }), signal });
  url = served.url ?? '';
  const { token } = await post<{ token: string }>('/v1/login', {
    username: 'admin',
    password: 'correct horse',
  });
  pair = await post<Pair>('/v1/users/admin/keys', {}, token);
});
afterAll(async () => {
  await served.stop();
  await store.close();
  await receiver.stop();
  await database.drop();
});
beforeEach(() => receiver.clear());

async function post<T>(path: string, body: object, token?: string): Promise<T> {
  const headers = {
    'content-type': 'application/json',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  };
  const answer = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  const parsed: T = JSON.parse(await answer.text());
  return parsed;
}

const openClient = async (method: 'get' | 'post', secretKey = pair.secretKey): Promise<Cs> =>
  openCs({ endpoint: `${url}/client/api`, apiKey: pair.apiKey, secretKey, method });

interface Thing {
  readonly id: string;
  readonly [field: string]: unknown;
}

/** What the SDK gave, which must not be an error; of the key, where it names one. */
async function given<T = Thing>(asked: Promise<CsAnswer>, key?: string): Promise<T> {
  const { value, ...refusal } = await asked;
  expect(refusal).toEqual({});
  const json: Record<string, T> & T = JSON.parse(JSON.stringify(value));
  if (key === undefined) return json;
  const found = json[key];
  if (found === undefined) throw new RangeError(`there is no ${key} in ${JSON.stringify(value)}`);
  return found;
}

const refusal = (errorcode: number, cserrorcode: number, errortext: string) => ({
  status: errorcode,
  error: { uuidList: [], errorcode, cserrorcode, errortext },
});

/** An event of the webhook's owner, owed to the webhook, delivered by the running Hookline. */
async function deliver(webhookId: string): Promise<string> {
  const kysely = databaseOf(store);
  const [process] = await store.em
    .fork()
    .execute<{ id: number }[]>('select id from process limit 1');
  const { accountId: account } = await kysely
    .selectFrom('webhook')
    .select('accountId')
    .where('id', '=', webhookId)
    .executeTakeFirstOrThrow();
  const id = newId();
  const envelope = { event: 'VM.START', account, category: 'ActionEvent' } as const;
  const events = [{ id, envelope, body: '{"event":"VM.START"}', owed: [webhookId] }];
  await recordBatch(kysely, { processId: process?.id ?? 0, source: 's', events, quarantined: [] });
  const due = { state: 'pending', tries: 0, nextAttemptAtMs: Date.now() } as const;
  await insertOutcomes(kysely, [{ eventId: id, webhookId, ...due }]);
  await store.em.fork().execute(`select pg_notify('hookline', 'due')`);
  return id;
}

describe.each(['get', 'post'] as const)("CloudStack's SDK for Python, by %s", method => {
  let client: Cs;
  beforeAll(async () => {
    client = await openClient(method);
  });
  afterAll(() => client[Symbol.asyncDispose]());

  it('discovers the commands, makes a webhook, lists, changes and deletes it', async () => {
    const apis = await given<Thing[]>(client.ask('listApis'), 'api');
    expect(apis.map(({ name }) => name)).toContain('createWebhook');
    const payloadurl = `${receiver.url}~user/${method}?a=1&b=ü`;
    const name = `Zoë's "hook" ~ *(100%)! ${method}`;
    const made = await given(
      client.ask('createWebhook', { name, payloadurl, secretkey: 's' }),
      'webhook',
    );
    expect(made).toMatchObject({ name, payloadurl, state: 'Enabled', account: 'admin' });
    const { id } = made;
    expect(await given(client.ask('listWebhooks', { id }), 'webhook')).toEqual([made]);
    const changed = await given(
      client.ask('updateWebhook', { id, state: 'Disabled', description: 'off' }),
      'webhook',
    );
    expect(changed).toEqual({ ...made, state: 'Disabled', description: 'off' });
    expect(await given(client.ask('deleteWebhook', { id }))).toEqual({ success: true });
    expect(await given(client.ask('listWebhooks', { id }))).toEqual({});
  });

  it('reads a list of several pages', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'].map(one => `${method}-page-${one}`);
    for (const name of names) {
      await given(client.ask('createWebhook', { name, payloadurl: `${receiver.url}${name}` }));
    }
    const args = { keyword: `${method}-page`, pagesize: 2 };
    const listed = await given<Thing[]>(client.ask('listWebhooks', args, true));
    expect(listed.map(({ name }) => name)).toEqual(names);
  });

  it('filters', async () => {
    const payloadurl = `${receiver.url}filters-${method}`;
    const { id } = await given(client.ask('createWebhook', { name: 'f', payloadurl }), 'webhook');
    const args = { webhookid: id, value: 'VM.', matchtype: 'prefix' };
    const filter = await given(client.ask('addWebhookFilter', args), 'webhookfilter');
    expect(filter).toMatchObject({ mode: 'Include', matchtype: 'Prefix', value: 'VM.' });
    expect(await client.ask('addWebhookFilter', args)).toEqual(
      refusal(530, 9999, `Conflicting Webhook filter exists ID: ${filter.id}`),
    );
    const list = client.ask('listWebhookFilters', { webhookid: id });
    expect(await given(list, 'webhookfilter')).toEqual([filter]);
    const { id: filterId } = filter;
    expect(await given(client.ask('deleteWebhookFilter', { id: filterId }))).toEqual({
      success: true,
    });
    expect(await given(client.ask('listWebhookFilters', { webhookid: id }))).toEqual({});
  });

  it('makes test deliveries, which are signed and say what came of them', async () => {
    receiver.answerWith({ status: 200, body: 'got it' });
    const payloadurl = `${receiver.url}test-${method}`;
    const args = { name: 't', payloadurl, secretkey: 'saved' };
    const { id } = await given(client.ask('createWebhook', args), 'webhook');
    const saved = await given(
      client.ask('executeWebhookDelivery', { webhookid: id }),
      'webhookdelivery',
    );
    expect(saved).toMatchObject({
      eventtype: 'TEST.WEBHOOK',
      webhookid: id,
      webhookname: 't',
      payload: '{ "CloudStack": "works!" }',
      success: true,
      response: 'got it',
    });
    expect(saved['headers']).toMatch(
      /^X-CS-Event-ID: .+\nX-CS-Event: TEST\.WEBHOOK\nUser-Agent: CS-/,
    );
    expect(saved['headers']).not.toMatch(/signature/i);
    const over = { webhookid: id, payload: '{"own":"ü"}', secretkey: 'given' };
    await given(client.ask('executeWebhookDelivery', over));
    const bare = { payloadurl: `${receiver.url}bare`, sslverification: false };
    const unsaved = await given(client.ask('executeWebhookDelivery', bare), 'webhookdelivery');
    expect(unsaved).toMatchObject({ webhookname: 'Test', success: true });
    const [first, second, third] = receiver.requests;
    if (!first || !second || !third) throw new RangeError('three requests arrived');
    expect(hasValidSignature(first, 'saved')).toBe(true);
    expect(second.body.toString()).toBe('{"own":"ü"}');
    expect(hasValidSignature(second, 'given')).toBe(true);
    expect(third.headers).not.toHaveProperty('x-cs-signature');
    const listed = await given(client.ask('listWebhookDeliveries', { webhookid: id }));
    expect(listed).toEqual({});
  });

  const failure = async (payloadurl: string): Promise<Thing> => {
    const asked = client.ask('executeWebhookDelivery', { payloadurl });
    const delivery = await given(asked, 'webhookdelivery');
    expect(delivery['success']).toBe(false);
    return delivery;
  };

  it('is told why a test delivery failed, in bounded time', async () => {
    // In CloudStack an answer without a body, or a URL that policy refuses, was waited for without an end.
    receiver.answerWith({ status: 500 });
    expect((await failure(receiver.url))['response']).toBe('');
    receiver.answerWith({ instead: 'never' });
    expect((await failure(receiver.url))['response']).toMatch(/^Failed due to : .*2(000)? ?m?s/);
    expect((await failure('http://169.254.169.254/latest'))['response']).toMatch(
      /^Failed due to : .*169\.254\.169\.254.*blocked/,
    );
    expect((await failure('http://no.such.name.invalid/'))['response']).toMatch(
      /^Failed due to : .*no\.such\.name\.invalid/,
    );
    receiver.answerWith({});
  });

  it('lists deliveries, and makes them again', async () => {
    receiver.answerWith({ status: 200, body: 'thanks' });
    const payloadurl = `${receiver.url}real-${method}`;
    const { id } = await given(client.ask('createWebhook', { name: 'r', payloadurl }), 'webhook');
    const eventId = await deliver(id);
    await receiver.waitFor(1);
    const list = async () =>
      (
        await given<{ webhookdelivery?: Thing[] }>(
          client.ask('listWebhookDeliveries', { webhookid: id }),
        )
      ).webhookdelivery ?? [];
    const [delivery] = await waitUntil('a delivery', async () => {
      const found = await list();
      return found.length > 0 && found;
    });
    expect(delivery).toMatchObject({
      eventid: eventId,
      eventtype: 'VM.START',
      payload: '{"event":"VM.START"}',
      success: true,
      response: 'thanks',
    });
    receiver.answerWith({ status: 503, body: 'not now' });
    const again = { id: delivery?.id };
    const second = await given(client.ask('executeWebhookDelivery', again), 'webhookdelivery');
    expect(second).toMatchObject({ eventid: eventId, success: false, response: 'not now' });
    // More than two where the next try came before this line.
    const told = receiver.requests.map(({ headers }) => headers['webhook-id']);
    expect(told.length).toBeGreaterThanOrEqual(2);
    expect(new Set(told)).toEqual(new Set([eventId]));
    expect((await list()).map(one => one.id)).toEqual([second.id, delivery?.id]);
    expect(await client.ask('executeWebhookDelivery', { ...again, webhookid: id })).toEqual(
      refusal(530, 9999, 'Only one of the id or webhookid can be specified'),
    );
    await given(client.ask('updateWebhook', { id, state: 'Disabled' }));
    expect(await client.ask('executeWebhookDelivery', again)).toEqual(
      refusal(530, 9999, expect.stringContaining('webhook that is disabled')),
    );
    await given(client.ask('deleteWebhook', { id }));
  });

  it.each<[string, object, object]>([
    [
      'createWebhook',
      { name: 'x' },
      refusal(
        431,
        9999,
        'Unable to execute API command createwebhook due to missing parameter payloadurl',
      ),
    ],
    [
      'createWebhook',
      { name: 'x', payloadurl: 'http://x', scope: 'Planet' },
      refusal(530, 9999, 'Invalid scope specified'),
    ],
    [
      'listWebhooks',
      { page: 1, pagesize: 501 },
      refusal(431, 4350, "Page size can't exceed max allowed page size value: 500"),
    ],
    [
      'deleteWebhook',
      { id: '00000000-0000-4000-8000-000000000000' },
      refusal(530, 9999, 'Unable to find the webhook with the specified ID'),
    ],
    [
      'executeWebhookDelivery',
      {},
      refusal(530, 9999, 'One of the id, webhookid or payloadurl must be specified'),
    ],
    [
      'executeWebhookDelivery',
      { id: '00000000-0000-4000-8000-000000000000', payloadurl: 'http://x' },
      refusal(530, 9999, 'id cannot be specified with webhookid or payloadurl'),
    ],
    [
      'executeWebhookDelivery',
      { id: '00000000-0000-4000-8000-000000000000' },
      refusal(530, 9999, 'Invalid webhook delivery specified'),
    ],
    [
      'executeWebhookDelivery',
      { webhookid: '00000000-0000-4000-8000-000000000000' },
      refusal(530, 9999, 'Invalid webhook specified'),
    ],
    [
      'listHosts',
      {},
      refusal(
        432,
        9999,
        "The given command 'listHosts' either does not exist, is not available for user.",
      ),
    ],
  ])('raises the errors of %s with %j', async (command, args, expected) => {
    expect(await client.ask(command, { ...args })).toEqual(expected);
  });

  it('raises an error when the secret is wrong', async () => {
    await using impostor = await openClient(method, 'wrong');
    expect(await impostor.ask('listWebhooks')).toEqual({
      status: 401,
      error: {
        uuidList: [],
        errorcode: 401,
        errortext: 'unable to verify user credentials and/or request signature',
      },
    });
  });
});

const ask = async (command: string, params = {}) =>
  fetch(`${url}/client/api?${queryOf(signed({ ...params, command, response: 'json' }, pair))}`);

it('answers other requests while a test delivery waits', async () => {
  receiver.answerWith({ instead: 'never' });
  const slow = ask('executeWebhookDelivery', { payloadurl: receiver.url });
  await receiver.waitFor(1);
  const quick = await ask('listWebhooks', { pagesize: '1', page: '1' });
  expect(quick.status).toBe(200);
  const first = await Promise.race([slow.then(() => 'slow'), wait(0).then(() => 'quick')]);
  expect(first).toBe('quick');
  expect((await slow).status).toBe(200);
});
