import { Client } from 'pg';
import { expect, it } from 'vitest';

import { startReceiver } from '../service/receiver.ts';
import { count, query } from './database.ts';
import { adminPassword } from './hookline.ts';
import { openStage } from './stage.ts';

const users = Array.from({ length: 3 }, (_, index) => `reader-${index}`);
const requestsOfEach = 20;
/** As in the default configuration: one connection less than the API has. */
const readsMax = 4;

async function logIn(url: string, username: string): Promise<string> {
  const answer = await fetch(`${url}/v1/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username, password: adminPassword }),
  });
  const { token }: { token: string } = JSON.parse(await answer.text());
  return token;
}

it('records and delivers while all that the API may read with hangs in queries, which are cancelled', async () => {
  await using stage = await openStage();
  await using receiver = await startReceiver();
  await stage.addWebhook({ payloadUrl: receiver.url });
  await using hookline = await stage.start({ HOOKLINE_DATABASE_API_TIMEOUT_MS: '3000' });
  const url = await hookline.untilStarted();
  for (const username of users) {
    const account = `insert into account (id, name, domain_id) values ($1, $1, 'root')`;
    await query(stage.databaseUrl, account, [username]);
    const user = { username, password: adminPassword, role: 'Admin', accountId: username };
    await hookline.ask('POST', '/v1/users', user);
  }
  const tokens = await Promise.all(users.map(async user => logIn(url, user)));
  const sender = await logIn(url, 'admin');
  const ask = async (path: string, token: string, init: RequestInit = {}) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const answer = await fetch(url + path, { ...init, headers });
    const body: { code?: string; detail?: string } = JSON.parse(await answer.text());
    return { ...body, status: answer.status };
  };

  const locker = new Client(stage.databaseUrl);
  await locker.connect();
  try {
    await locker.query('begin');
    await locker.query('lock table audit in access exclusive mode');
    const lists = Promise.allSettled(
      tokens.flatMap(token =>
        Array.from({ length: requestsOfEach }, async () => ask('/v1/audit', token)),
      ),
    );
    const hanging = async () =>
      count(
        stage.databaseUrl,
        `pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()
          and application_name = 'hookline api'`,
      );
    await hookline.until(
      'the queries of the API to hang',
      async () => (await hanging()) === readsMax,
    );
    await stage.publishEvents(50);
    const event = JSON.stringify({ event: 'VM.START' });
    for (let sent = 0; sent < 50; sent += 1) {
      const { status } = await ask('/v1/events', sender, { method: 'POST', body: event });
      expect(status).toBe(202);
    }
    await receiver.waitForDistinct(100);
    expect((await ask('/readyz', sender)).status).toBe(200);
    expect(await hanging()).toBeGreaterThan(0);

    const answers = (await lists).flatMap(list =>
      list.status === 'fulfilled' ? [list.value] : [],
    );
    expect(answers).toHaveLength(users.length * requestsOfEach);
    const codes = new Set(answers.map(({ status, code }) => `${status} ${code}`));
    const expected = ['503 query_too_long', '429 requests_limited'];
    expect([...codes].filter(code => !expected.includes(code))).toEqual([]);
    expect(answers.find(({ code }) => code === 'query_too_long')?.detail).toBe(
      'Ask for a shorter range, or for less at once.',
    );
    await locker.query('rollback');
    expect((await ask('/v1/audit', sender)).status).toBe(200);
  } finally {
    await locker.end();
  }
});
