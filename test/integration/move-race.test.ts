/** A webhook that is made or changed while its account is being moved: it goes by where the account is in the end. */
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { waitUntil } from '../service/wait-until.ts';
import { startApi, type ApiUnderTest } from './api-harness.ts';

let api: ApiUnderTest;
let mover: Client;
beforeAll(async () => {
  api = await startApi();
  mover = new Client({ connectionString: api.databaseUrl });
  await mover.connect();
  const [root] = (await api.ask('GET', '/v1/domains')).body.items;
  for (const id of ['acme', 'other']) {
    await api.ask('POST', '/v1/domains', { id, name: id, parentId: root?.id });
  }
});
afterAll(async () => {
  await mover.end();
  await api[Symbol.asyncDispose]();
});

const rows = async <T>(query: string): Promise<T[]> => api.store.em.fork().execute(query);

let count = 0;
async function makeAccount(): Promise<string> {
  const id = `moving-${(count += 1)}`;
  await api.ask('POST', '/v1/accounts', { id, name: id, domainId: 'acme' });
  return id;
}

const makeWebhook = async (accountId: string, facts: object) =>
  api.ask('POST', '/v1/webhooks', {
    name: 'made',
    accountId,
    payloadUrl: 'https://receiver.example/',
    ...facts,
  });

/** Acts until that waits for somebody, or has ended, then does the rest. */
async function meanwhile<T>(act: () => Promise<T>, rest: () => Promise<unknown>): Promise<T> {
  let hasEnded = false;
  const acting = act().finally(() => {
    hasEnded = true;
  });
  await waitUntil('it to wait or to end', async () => {
    const waiting = await rows(`select from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`);
    return hasEnded || waiting.length > 0;
  });
  await rest();
  return acting;
}

const move = async (accountId: string) =>
  mover.query(`update account set domain_id = 'other' where id = '${accountId}'`);

async function whileMoving<T>(accountId: string, act: () => Promise<T>): Promise<T> {
  await mover.query('begin');
  await move(accountId);
  return meanwhile(act, async () => mover.query('commit'));
}

const webhooksOf = async (accountId: string) =>
  rows(`select scope, domain_id, state from webhook where account_id = '${accountId}'`);

it.each(['Local', 'Domain'])('a webhook of scope %s that is made meanwhile', async scope => {
  const accountId = await makeAccount();
  await whileMoving(accountId, async () => makeWebhook(accountId, { scope }));
  expect(await webhooksOf(accountId)).toEqual([{ scope, domain_id: 'other', state: 'Enabled' }]);
});

it('a webhook that plain SQL makes meanwhile', async () => {
  const accountId = await makeAccount();
  await whileMoving(accountId, async () =>
    rows(
      `insert into webhook (name, account_id, payload_url) values ('w', '${accountId}', 'http://r/')`,
    ),
  );
  expect(await webhooksOf(accountId)).toEqual([
    { scope: 'Local', domain_id: 'other', state: 'Enabled' },
  ]);
});

it('a webhook that comes to cover the former domain meanwhile', async () => {
  const accountId = await makeAccount();
  const { body } = await makeWebhook(accountId, {});
  await whileMoving(accountId, async () =>
    api.ask('PATCH', `/v1/webhooks/${body.id}`, { scope: 'Domain' }),
  );
  expect(await webhooksOf(accountId)).toEqual([
    { scope: 'Domain', domain_id: 'other', state: 'Enabled' },
  ]);
});

it('a filter that is added meanwhile does not stop the move', async () => {
  const accountId = await makeAccount();
  const { body } = await makeWebhook(accountId, {});
  await mover.query('begin');
  // An import of many accounts has all of their rows before it changes the first webhook.
  await mover.query(`select from account where id = '${accountId}' for no key update`);
  const { status } = await meanwhile(
    async () =>
      api.ask('POST', `/v1/webhooks/${body.id}/filters`, {
        mode: 'Include',
        type: 'Expression',
        value: 'event = "VM.START"',
      }),
    async () => {
      await move(accountId);
      await mover.query('commit');
    },
  );
  expect(status).toBe(201);
  expect(await webhooksOf(accountId)).toEqual([
    { scope: 'Local', domain_id: 'other', state: 'Enabled' },
  ]);
});
