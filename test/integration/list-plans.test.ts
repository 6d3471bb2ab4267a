/**
 * Every list of the API, over tables that are large enough for PostgreSQL to mind: the statements a list really makes are
 * caught on their way and explained. None may read a large table from end to end.
 */
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';

import { firstIdOf, openPartitions } from '../../src/store/schema/partition.ts';
import { newId, startApi } from './api-harness.ts';
import type { ApiUnderTest } from './api-harness.ts';
import { createWorld } from './permission-world.ts';
import type { Objects, World } from './permission-world.ts';

let api: ApiUnderTest;
let world: World;
let own: Objects;
let explainer: Client;

const DAY_MS = 86_400_000;
const today = new Date();
const yesterday = new Date(today.getTime() - DAY_MS);
const nameOf = (day: Date): string => day.toISOString().slice(0, 10).replaceAll('-', '');

beforeAll(async () => {
  api = await startApi();
  world = await createWorld(api);
  own = await world.make('own');
  await openPartitions(api.store, today);
  for (const statement of filling()) await world.run(statement);
  await world.run('analyze');
  explainer = new Client(api.databaseUrl);
  await explainer.connect();
});
afterAll(async () => {
  await explainer.end();
  await api[Symbol.asyncDispose]();
});

/** Ids of the day, so many milliseconds after its first one. */
const idAt = (day: Date, ms: string): string =>
  `(select (substr(t, 1, 8) || '-' || substr(t, 9, 4) || '-7000-8000-000000000000')::uuid from (select
    lpad(to_hex(('x' || replace(left('${firstIdOf(day.getTime())}', 13), '-', ''))::bit(48)::bigint + ${ms}), 12, '0') as t) x)`;

function filling(): string[] {
  const rows = 20_000;
  // A page looks at ten thousand rows at most: of a much larger table that is little.
  const days = [
    [yesterday, 20_000],
    [today, 80_000],
  ] as const;
  const flow = days.flatMap(([day, count]) => [
    `insert into event (id, process_id, source, event, account, body, owed)
      select ${idAt(day, 'n * 1000')}, 1, 's' || n % 3, 'VM.' || n % 7, 'a' || n % 999, '{}', '{}'
      from generate_series(1, ${count}) n`,
    `insert into delivery (id, event_id, webhook_id, kind, state, tries, created_at, finished_at, duration_ms, started_at)
      select e.id, e.id, w.id, 'event', 'failed', 2, now(), now(), 1, now()
      from (select id, row_number() over () as n from event where event like 'VM._') e
      join (select id, row_number() over (order by id) as n from webhook) w on w.n = e.n % 1000 + 1
      where e.id >= '${firstIdOf(day.getTime())}' and e.id < '${firstIdOf(day.getTime() + DAY_MS)}'`,
    `insert into attempt (delivery_id, number, started_at, duration_ms)
      select id, 1, now(), 1 from delivery where tries = 2
      and id >= '${firstIdOf(day.getTime())}' and id < '${firstIdOf(day.getTime() + DAY_MS)}'`,
  ]);
  return [
    `insert into domain (id, name, parent_id) select 'd' || n, 'd' || n, 'foreign' from generate_series(1, 2000) n`,
    `insert into account (id, name, domain_id) select 'a' || n, 'a' || n, 'd' || (n % 2000 + 1)
      from generate_series(1, ${rows}) n`,
    `insert into webhook (name, account_id, domain_id, payload_url)
      select 'w' || n, 'a' || n, 'foreign', 'https://r/' || n from generate_series(1, ${rows}) n`,
    `insert into app_user (username, role, account_id) select 'u' || n, 'User', 'a' || n
      from generate_series(1, ${rows}) n`,
    `insert into credential (user_id, kind, name, token_hash) select id, 'token', 't', sha256(username::bytea)
      from app_user where username like 'u%'`,
    `insert into api_key (user_id, api_key, sealed) select id, username, '' from app_user where username like 'u%'`,
    `insert into audit (action, object_id, account_id) select 'x', n, 'a' || n from generate_series(1, ${rows}) n`,
    `insert into quarantine (id, source, position, reason, body)
      select ${idAt(today, 'n')}, 's' || n % 3, 'p', 'r', '' from generate_series(1, ${rows}) n`,
    `insert into webhook_filter (webhook_id, value) select id, 'A' from webhook`,
    ...flow,
  ];
}

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly Plans?: readonly Plan[];
}

const nodesOf = (plan: Plan): readonly Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];

/** The plans of what the API asks of the database for one request. */
async function plansOf(path: string, token: string): Promise<readonly Plan[]> {
  const caught: { text: string; values: unknown[] }[] = [];
  const query = vi.spyOn(Client.prototype, 'query');
  let status: number;
  try {
    ({ status } = await api.ask('GET', path, undefined, { authorization: `Bearer ${token}` }));
    for (const [first, second] of query.mock.calls) {
      const text: unknown = typeof first === 'string' ? first : Reflect.get(Object(first), 'text');
      const values: unknown =
        typeof first === 'string' ? second : Reflect.get(Object(first), 'values');
      if (typeof text === 'string')
        caught.push({ text, values: Array.isArray(values) ? values : [] });
    }
  } finally {
    query.mockRestore();
  }
  expect(status).toBe(200);
  const selects = caught.filter(({ text }) => /^\s*(select|with)\b/.test(text));
  expect(selects.length).toBeGreaterThan(1);
  const plans: Plan[] = [];
  for (const { text, values } of selects) {
    const { rows } = await explainer.query<{ 'QUERY PLAN': { Plan: Plan }[] }>(
      `explain (format json) ${text}`,
      values,
    );
    plans.push(...rows.flatMap(row => row['QUERY PLAN'].map(({ Plan: plan }) => plan)));
  }
  return plans.flatMap(nodesOf);
}

const large = /^(webhook|webhook_filter|account|app_user|credential|api_key|audit|quarantine)$/;

/** The days to come are empty, and an empty table is read from end to end. */
const isLarge = (name: string): boolean =>
  large.test(name) || [today, yesterday].some(day => name.endsWith(`_${nameOf(day)}`));

const scanned = (nodes: readonly Plan[]): string[] =>
  nodes
    .filter(node => node['Node Type'] === 'Seq Scan' && isLarge(node['Relation Name'] ?? ''))
    .map(node => node['Relation Name'] ?? '');

/** As the cursor of any list along ids: somewhere in the middle. */
const middle = (): string => Buffer.from(newId()).toString('base64url');
const noon = (): string => `${yesterday.toISOString().slice(0, 10)}T12:00:00Z`;

it.each([
  ['webhooks', () => '/v1/webhooks'],
  ['webhooks of a name', () => '/v1/webhooks?name=w77'],
  ['webhooks of an account', () => '/v1/webhooks?accountId=a77'],
  ['filters', () => `/v1/webhooks/${own.webhookId}/filters`],
  ['deliveries', () => '/v1/deliveries'],
  ['deliveries in the middle', () => `/v1/deliveries?cursor=${middle()}`],
  ['deliveries of a webhook', () => `/v1/deliveries?webhookId=${own.webhookId}`],
  ['deliveries of a state', () => '/v1/deliveries?state=delivered'],
  ['deliveries of a type', () => '/v1/deliveries?eventType=VM.3'],
  ['deliveries of a time', () => `/v1/deliveries?from=${noon()}&to=${noon()}`],
  ['events', () => '/v1/events'],
  ['events of a type', () => '/v1/events?eventType=NONE'],
  ['events in the middle', () => `/v1/events?cursor=${middle()}`],
  ['event types', () => '/v1/event-types'],
  ['an explanation', () => `/v1/events/${own.eventId}/explain`],
  ['the quarantine', () => '/v1/quarantine'],
  ['the quarantine of a source', () => '/v1/quarantine?source=none'],
  ['accounts', () => '/v1/accounts'],
  ['accounts of a name', () => '/v1/accounts?name=a77'],
  ['accounts of a domain', () => '/v1/accounts?domainId=d7'],
  ['users', () => '/v1/users'],
  ['keys', () => '/v1/users/u77/keys'],
  ['tokens', () => '/v1/tokens'],
  ['the audit', () => '/v1/audit'],
  ['the audit of an object', () => '/v1/audit?objectId=nothing'],
  ['the settings of a webhook', () => `/v1/settings?webhookId=${own.webhookId}`],
])('the list of %s reads no large table from end to end', async (_, path) => {
  expect(scanned(await plansOf(path(), api.token))).toEqual([]);
});

it.each([
  ['webhooks', () => '/v1/webhooks'],
  ['deliveries of a webhook', () => `/v1/deliveries?webhookId=${own.webhookId}`],
  ['events', () => '/v1/events'],
  ['event types', () => '/v1/event-types?seen=true'],
  ['tokens', () => '/v1/tokens'],
  ['the audit', () => '/v1/audit'],
  ['the numbers', () => '/v1/stats'],
  ['how a webhook is', () => `/v1/webhooks/${own.webhookId}/health`],
])("a tenant's list of %s reads no large table from end to end", async (_, path) => {
  expect(scanned(await plansOf(path(), world.tokens.User))).toEqual([]);
});

it('looks for the numbers of a day in that day alone', async () => {
  const nodes = await plansOf(
    `/v1/stats?by=webhook,eventType,time&from=${noon()}&to=${yesterday.toISOString().slice(0, 10)}T18:00:00Z`,
    api.token,
  );
  const days = nodes
    .map(node => node['Relation Name'] ?? '')
    .filter(name => /^(event|delivery|attempt)_\d/.test(name));
  expect(new Set(days)).toEqual(
    new Set(['event', 'delivery', 'attempt'].map(table => `${table}_${nameOf(yesterday)}`)),
  );
});
