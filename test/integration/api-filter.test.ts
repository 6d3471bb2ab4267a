/** Filters beyond the event type, and what they would have let through. */
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createLocalToken } from '../../src/access/bootstrap.ts';
import type { Envelope } from '../../src/event/envelope.ts';
import { databaseOf } from '../../src/store/database.ts';
import { recordBatch } from '../../src/store/record/record-batch.ts';
import { newId, startApi } from './api-harness.ts';
import type { Answer, ApiUnderTest } from './api-harness.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
  const run = (statement: string) => sql.raw(statement).execute(databaseOf(api.store));
  await run(
    `insert into domain (id, name, parent_id) values ('root', 'ROOT', null), ('sub', 'S', 'root')`,
  );
  await run(
    `insert into account (id, name, domain_id) values ('a', 'A', 'root'), ('b', 'B', 'sub')`,
  );
  await run(`insert into app_user (username, role, account_id) values ('bob', 'User', 'b')`);
  await run(
    `insert into process (id, host, pid, lease_until, watermark) values (1, 'h', 1, now() + interval '1 hour', gen_random_uuid())`,
  );
});
afterAll(() => api[Symbol.asyncDispose]());

let count = 0;
async function makeWebhook(fields: object = {}): Promise<Answer> {
  count += 1;
  return api.ask('POST', '/v1/webhooks', {
    name: 'w',
    payloadUrl: `https://r.example/${count}`,
    accountId: 'a',
    ...fields,
  });
}

async function record(...events: readonly (readonly [Envelope, object])[]): Promise<void> {
  await recordBatch(databaseOf(api.store), {
    processId: 1,
    source: 's',
    events: events.map(([envelope, body]) => ({
      id: newId(),
      envelope,
      body: JSON.stringify(body),
      owed: [],
    })),
    quarantined: [],
  });
}

describe('a filter', () => {
  it('is of any type, and shown with it', async () => {
    const filters = [
      { value: 'VM.START' },
      { type: 'Entity', value: 'VirtualMachine' },
      { type: 'EntityUuid', matchType: 'Prefix', value: 'b4e2' },
      { type: 'Status', mode: 'Exclude', value: 'Started' },
      { type: 'Account', value: 'a' },
      { type: 'Source', matchType: 'Suffix', value: '-server' },
      { type: 'Severity', matchType: 'Contains', value: 'r' },
      { type: 'Expression', value: 'original.size > 10' },
    ];
    const { status, body } = await makeWebhook({ filters });
    expect(status).toBe(201);
    expect(body.filters).toMatchObject(
      filters.map(one => ({ type: 'EventType', mode: 'Include', matchType: 'Exact', ...one })),
    );
    const path = `/v1/webhooks/${body.id}/filters`;
    expect((await api.ask('POST', path, { type: 'Status', value: 'Failed' })).body).toMatchObject({
      type: 'Status',
      value: 'Failed',
    });
    expect((await api.ask('GET', path)).body.items).toHaveLength(9);
  });

  it.each([
    [{ type: 'Colour', value: 'red' }, 'request_invalid', '/type', 'must be one of EventType'],
    [{ value: 'x'.repeat(256) }, 'filter_invalid', '/value', 'at most 255 characters'],
    [{ type: 'Severity', value: 'bad' }, 'filter_invalid', '/value', 'matches no severity'],
    [
      { type: 'Expression', matchType: 'Prefix', value: 'a' },
      'filter_invalid',
      '/matchType',
      'is not compared',
    ],
  ])('%j is refused with %s at %s', async (filter, code, path, message) => {
    const { body: webhook } = await makeWebhook();
    const { status, body } = await api.ask('POST', `/v1/webhooks/${webhook.id}/filters`, filter);
    expect(status).toBe(400);
    expect(body.code).toBe(code);
    expect(body.errors).toEqual([{ path, message: expect.stringContaining(message) }]);
  });

  it('that is no expression is refused with the place, and with the one it has in the request', async () => {
    const value = 'severity = "error" and\n  $match(description, /x+/)';
    const { status, body } = await makeWebhook({
      filters: [{ value: 'VM.START' }, { type: 'Expression', value }],
    });
    expect(status).toBe(400);
    expect(body.code).toBe('filter_invalid');
    expect(body.errors).toMatchObject([{ path: '/filters/1/value', line: 2, column: 9 }]);
    expect(body.detail).toContain('line 2, column 9: the function $match is not allowed');
  });

  it('conflicts with one of its own type only', async () => {
    const { body: webhook } = await makeWebhook({ filters: [{ value: 'A' }] });
    const path = `/v1/webhooks/${webhook.id}/filters`;
    const add = async (filter: object) => (await api.ask('POST', path, filter)).body.code;
    expect(await add({ type: 'Entity', mode: 'Exclude', value: 'A' })).toBeUndefined();
    expect(await add({ type: 'Entity', value: 'a' })).toBe('filter_conflict');
    expect(await add({ type: 'Expression', value: 'a = "x"' })).toBeUndefined();
    expect(await add({ type: 'Expression', value: 'a = "X"' })).toBeUndefined();
    expect(await add({ type: 'Expression', mode: 'Exclude', value: 'a = "x"' })).toBe(
      'filter_conflict',
    );
  });

  it('cannot be the eleventh expression of a webhook, nor the hundred and first of an account', async () => {
    await sql`insert into account (id, name, domain_id) values ('many', 'M', 'root')`.execute(
      databaseOf(api.store),
    );
    const ten = Array.from({ length: 10 }, (_, at) => ({ type: 'Expression', value: `a = ${at}` }));
    const eleven = [...ten, { type: 'Expression', value: 'b' }];
    expect((await makeWebhook({ accountId: 'many', filters: eleven })).body.detail).toContain(
      'at most 10 expressions',
    );
    for (let at = 0; at < 10; at += 1) {
      expect((await makeWebhook({ accountId: 'many', filters: ten })).status).toBe(201);
    }
    const { body } = await makeWebhook({ accountId: 'many', filters: ten.slice(0, 1) });
    expect(body.detail).toContain('at most 100 expressions together');
    expect((await makeWebhook({ accountId: 'many' })).status).toBe(201);
  });

  it('cannot be the hundred and first of an account either if many are added at once', async () => {
    await sql`insert into account (id, name, domain_id) values ('hasty', 'H', 'root')`.execute(
      databaseOf(api.store),
    );
    const five = Array.from({ length: 5 }, (_, at) => ({ type: 'Expression', value: `a = ${at}` }));
    const answers = await Promise.all(
      Array.from({ length: 30 }, async () => makeWebhook({ accountId: 'hasty', filters: five })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(20);
  });
});

const of = (account: string | undefined, event: string, status: string): Envelope => ({
  category: 'ActionEvent',
  event,
  status,
  ...(account !== undefined && { account }),
});

interface Sample {
  readonly event: string;
  readonly reason: string | null;
  readonly unanswered: readonly string[];
}

interface Preview {
  readonly examined: number;
  readonly matched: number;
  readonly refusedByCategory: number;
  readonly refusedByFilters: number;
  readonly unanswered: number;
  readonly samples: { readonly matched: readonly Sample[]; readonly refused: readonly Sample[] };
}

async function preview(body: object, token = api.token): Promise<Preview> {
  const answer = await api.ask('POST', '/v1/filters/preview', body, {
    authorization: `Bearer ${token}`,
  });
  expect(answer.text).toContain('examined');
  return JSON.parse(answer.text);
}

describe('a preview of filters', () => {
  beforeAll(async () => {
    await record(
      [of('a', 'VM.START', 'Completed'), { size: 5 }],
      [of('a', 'VM.START', 'Failed'), { size: 50 }],
      [of('a', 'VM.STOP', 'Failed'), { size: 'huge' }],
      [of('b', 'VM.START', 'Failed'), { size: 500 }],
      [of(undefined, 'SYSTEM', 'Completed'), {}],
      [{ ...of('a', 'USAGE', 'Completed'), category: 'UsageEvent' }, { size: 1 }],
    );
  });

  it('counts and shows what filters would let through, and why not the others', async () => {
    const said = await preview({
      accountId: 'a',
      filters: [{ value: 'VM.START' }, { type: 'Expression', value: 'original.size > 10' }],
    });
    expect(said).toMatchObject({
      examined: 4,
      matched: 1,
      refusedByCategory: 1,
      refusedByFilters: 2,
      unanswered: 1,
      samples: {
        matched: [{ event: 'VM.START', status: 'Failed', reason: null, unanswered: [] }],
        refused: [
          { event: 'USAGE', reason: 'its category is UsageEvent; wanted: ActionEvent' },
          {
            event: 'VM.STOP',
            reason: 'VM.STOP matches no Include filter: Exact "VM.START"',
            unanswered: [
              'Expression original.size > 10 has no answer: it compares text with a number',
            ],
          },
          {
            event: 'VM.START',
            reason: 'it matches no Include filter: Expression original.size > 10',
          },
        ],
      },
    });
  });

  it('takes what is not named from the webhook, its scope included', async () => {
    const { body: local } = await makeWebhook({
      filters: [{ type: 'Status', value: 'Failed' }],
      categories: ['*'],
    });
    expect(await preview({ webhookId: local.id })).toMatchObject({ examined: 4, matched: 2 });
    expect(await preview({ webhookId: local.id, filters: [] })).toMatchObject({ matched: 4 });
    expect(
      await preview({ webhookId: local.id, filters: [], categories: ['ActionEvent'] }),
    ).toMatchObject({ matched: 3, refusedByCategory: 1 });
    const { body: below } = await makeWebhook({ scope: 'Domain', domainId: 'sub' });
    expect(await preview({ webhookId: below.id })).toMatchObject({ examined: 1, matched: 1 });
    const { body: global } = await makeWebhook({ scope: 'Global' });
    expect(await preview({ webhookId: global.id })).toMatchObject({ examined: 6 });
    expect(await preview({ webhookId: global.id, domainId: 'sub' })).toMatchObject({ examined: 1 });
  });

  it('looks at no more events than asked for, the newest', async () => {
    const said = await preview({ limit: 2, categories: ['*'] });
    expect(said.examined).toBe(2);
    expect(said.samples.matched.map(({ event }) => event)).toEqual(['USAGE', 'SYSTEM']);
  });

  it('shows a user the events of the own account, and no other', async () => {
    const token = await createLocalToken(databaseOf(api.store), { username: 'bob', name: 't' });
    expect(await preview({}, token)).toMatchObject({ examined: 1, matched: 1 });
    const answer = await api.ask(
      'POST',
      '/v1/filters/preview',
      { accountId: 'a' },
      {
        authorization: `Bearer ${token}`,
      },
    );
    expect(answer.body.code).toBe('account_invalid');
  });

  it('judges a long body as the intake does', async () => {
    await record([
      { event: 'LONG', account: 'b' },
      { size: 11, text: 'x'.repeat(70_000) },
    ]);
    const filters = [{ type: 'Expression', value: 'original.size > 10' }];
    const said = await preview({ accountId: 'b', limit: 1, filters });
    expect(said.samples.refused[0]?.unanswered[0]).toContain('has more than 65536 characters');
  });

  it('refuses filters that could not be saved', async () => {
    const filters = [{ type: 'Expression', value: 'a.**' }];
    const { status, body } = await api.ask('POST', '/v1/filters/preview', { filters });
    expect(status).toBe(400);
    expect(body.errors).toMatchObject([{ path: '/filters/0/value', line: 1, column: 4 }]);
  });
});
