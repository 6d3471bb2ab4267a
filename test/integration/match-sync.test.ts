import { randomUUID } from 'node:crypto';

import * as fc from 'fast-check';
import { Client } from 'pg';
import { describe, expect, it } from 'vitest';

import type { Envelope } from '../../src/event/envelope.ts';
import type { FilterType } from '../../src/webhook/words.ts';
import type { Log } from '../../src/event/log.ts';
import type { MatchSync, MatchSyncOptions } from '../../src/match/match-sync.ts';
import { waitUntil } from '../service/wait-until.ts';
import { openMatchSync } from './match-sync-harness.ts';
import { openRecordHarness, silent, type RecordHarness } from './record-harness.ts';

const text = (value: string | undefined): string =>
  value === undefined ? 'null' : `'${value.replaceAll("'", "''")}'`;

/** What matching means, said in SQL: the oracle of the index. */
const oracle = (envelope: Envelope): string => {
  const { account, event, category, entity, entityuuid, status, source } = envelope;
  const facts = [event, category, entity, entityuuid, account, status, source].map(text).join(', ');
  return `
  select w.id from webhook w
  left join account a on a.id = ${text(account)} or a.alias = ${text(account)}
  left join domain d on d.id = a.domain_id
  where w.state = 'Enabled' and exists (select from account o where o.id = w.account_id and o.removed_at is null)
    and (w.scope = 'Global'
      or (w.scope = 'Local' and a.id = w.account_id)
      or (w.scope = 'Domain' and d.path like '%/' || w.domain_id || '/%'))
    and (${text(category)}::text is null or w.categories && array['*', ${text(category)}]::text[])
    and not exists (select from webhook_filter f where f.webhook_id = w.id and f.mode = 'Exclude' and matches(f, ${facts}))
    and not exists (select from webhook_filter i where i.webhook_id = w.id and i.mode = 'Include' and not exists (
      select from webhook_filter f where f.webhook_id = w.id and f.mode = 'Include' and f.type = i.type and matches(f, ${facts})))
  order by w.id`;
};

/** The severity and the expressions are said for the events of this test alone. */
const matchesFunction = `create function matches(f webhook_filter, event text, category text, entity text, entityuuid text,
    account text, status text, source text) returns boolean language sql as $$
  select coalesce(case
    when f.type = 'Expression' then case f.value
      when 'status = "Failed" and original.size > 10' then status = 'Failed' and entity = 'Volume'
      when '$not(entity in ["Volume", "Network"])' then entity is null
      when 'original.nothing < true' then false end
    when f.match_type = 'Exact' then fact = f.value
    when f.match_type = 'Prefix' then left(fact, length(f.value)) = f.value
    when f.match_type = 'Suffix' then right(fact, length(f.value)) = f.value
    else strpos(fact, f.value) > 0 end, false)
  from (select case f.type when 'EventType' then event when 'Entity' then entity when 'EntityUuid' then entityuuid
    when 'Account' then account when 'Status' then status when 'Source' then source
    when 'Severity' then case when status = 'Failed' then 'error' when status = 'Completed' then 'info'
      when category = 'AlertEvent' then 'warning' else 'info' end end as fact) one $$`;

const valueOf = (type: FilterType) => (value: string) => [type, value] as const;

/** Random directories, webhooks and filters in plain SQL. */
const statements = fc.array(
  fc.oneof(
    fc.tuple(fc.nat(5), fc.nat(5)).map(
      ([id, parent]) =>
        `insert into domain (id, name, parent_id) select 'd${id}', 'D', 'd${parent}' where ${id} <> ${parent}
           and exists (select from domain where id = 'd${parent}')
           and not exists (select from domain where id = 'd${id}')`,
    ),
    fc
      .nat(5)
      .map(
        id => `insert into domain (id, name) values ('d${id}', 'D') on conflict (id) do nothing`,
      ),
    fc.tuple(fc.nat(5), fc.nat(5)).map(
      ([id, parent]) =>
        `update domain set parent_id = 'd${parent}' where id = 'd${id}' and not exists (
           select from domain below where below.id = 'd${parent}' and below.path like '%/d${id}/%')
           and exists (select from domain where id = 'd${parent}')`,
    ),
    fc.nat(5).map(id => `delete from domain where id = 'd${id}'`),
    fc.tuple(fc.nat(4), fc.nat(5)).map(
      ([id, domain]) =>
        `insert into account (id, name, domain_id) select 'a${id}', 'A', id from domain where id = 'd${domain}'
           on conflict (id) do update set domain_id = excluded.domain_id`,
    ),
    fc.nat(4).map(id => `delete from account where id = 'a${id}'`),
    fc
      .tuple(fc.nat(4), fc.constantFrom('null', 'now()'))
      .map(([id, at]) => `update account set removed_at = ${at} where id = 'a${id}'`),
    fc.nat(4).map(id => `update account set alias = 'alias-a${id}' where id = 'a${id}'`),
    fc
      .tuple(
        fc.constantFrom('Local', 'Domain', 'Global'),
        fc.nat(4),
        fc.nat(5),
        fc.constantFrom('{ActionEvent}', '{*}', '{AlertEvent,UsageEvent}'),
      )
      .map(
        ([scope, account, domain, categories]) =>
          `insert into webhook (name, scope, account_id, domain_id, payload_url, categories)
             select 'w', '${scope}', a.id, d.id, gen_random_uuid()::text, '${categories}'
             from account a, domain d where a.id = 'a${account}' and d.id = 'd${domain}'`,
      ),
    fc
      .tuple(
        fc.constantFrom('Include', 'Exclude'),
        fc.constantFrom('Exact', 'Prefix', 'Suffix', 'Contains'),
        fc.oneof(
          fc
            .constantFrom('VM.START', 'VM.', 'START', 'vm.start', '.', '')
            .map(valueOf('EventType')),
          fc.constantFrom('Volume', 'Net').map(valueOf('Entity')),
          fc.constantFrom('uuid-of-a1', 'uuid').map(valueOf('EntityUuid')),
          fc.constantFrom('a1', 'alias-a2').map(valueOf('Account')),
          fc.constantFrom('Failed', 'ed').map(valueOf('Status')),
          fc.constantFrom('nova', 'no').map(valueOf('Source')),
          fc.constantFrom('info', 'warning', 'error').map(valueOf('Severity')),
          fc
            .constantFrom(
              'status = "Failed" and original.size > 10',
              '$not(entity in ["Volume", "Network"])',
              'original.nothing < true',
            )
            .map(valueOf('Expression')),
        ),
      )
      .map(
        ([mode, matchType, [type, value]]) =>
          `insert into webhook_filter (webhook_id, type, mode, match_type, value)
             select id, '${type}', '${mode}', '${matchType}', '${value}' from webhook order by created desc limit 1`,
      ),
    fc.constant(
      `delete from webhook_filter where id in (select id from webhook_filter order by created limit 1)`,
    ),
    fc
      .constantFrom('Enabled', 'Disabled')
      .map(
        state =>
          `update webhook set state = '${state}' where id in (select id from webhook order by created limit 1)`,
      ),
    fc.constant(
      `delete from webhook where id in (select id from webhook order by created limit 1)`,
    ),
  ),
  { minLength: 5, maxLength: 40 },
);

const envelopes: readonly Envelope[] = [
  undefined,
  'a0',
  'a1',
  'a2',
  'alias-a2',
  'a3',
  'unknown',
].flatMap((account, at) =>
  ['VM.START', 'VM.STOP', 'NET.RESTART'].flatMap((event, of) =>
    ([undefined, 'ActionEvent', 'AlertEvent'] as const).map((category, by) => {
      const entity = [undefined, 'Volume', 'Network'][(at + by) % 3];
      const status = [undefined, 'Failed', 'Completed'][(at + of) % 3];
      return {
        event,
        ...(account !== undefined && { account, entityuuid: `uuid-of-${account}` }),
        ...(category !== undefined && { category, source: 'nova' }),
        ...(entity !== undefined && { entity }),
        ...(status !== undefined && { status }),
      };
    }),
  ),
);

/** Of volumes alone it is more than 10. */
const bodyOf = ({ entity }: Envelope): string =>
  JSON.stringify({ size: entity === 'Volume' ? 11 : 10 });

interface Following extends AsyncDisposable {
  readonly sync: MatchSync;
}

async function follow(
  harness: RecordHarness,
  options: Partial<MatchSyncOptions> = {},
): Promise<Following> {
  const sync = await openMatchSync(harness, options);
  const stop = new AbortController();
  const running = sync.run(stop.signal);
  return {
    sync,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await running;
    },
  };
}

const idsOf = (sync: MatchSync, envelope: Envelope): string[] =>
  sync.index
    .match(envelope, bodyOf(envelope))
    .map(webhook => webhook.id)
    .toSorted();

async function agrees(harness: RecordHarness, sync: MatchSync): Promise<boolean> {
  for (const envelope of envelopes) {
    const expected = (await harness.rows<{ id: string }>(oracle(envelope))).map(row => row.id);
    if (JSON.stringify(idsOf(sync, envelope)) !== JSON.stringify(expected)) return false;
  }
  return true;
}

/** A Local webhook of the account `a`. */
const insertWebhook = (id: string): string =>
  `insert into webhook (id, name, account_id, domain_id, payload_url) values ('${id}', 'w', 'a', 'd', '${id}')`;

describe('the match index', () => {
  it('agrees with the same question asked in SQL, after any changes in plain SQL', async () => {
    await using harness = await openRecordHarness();
    await harness.rows(matchesFunction);
    await using following = await follow(harness);
    await fc.assert(
      fc.asyncProperty(statements, async changes => {
        for (const change of changes) await harness.rows(change);
        await waitUntil('the index to agree', () => agrees(harness, following.sync), 5_000);
        // A fresh snapshot is the same as the one that followed.
        const fresh = await openMatchSync(harness);
        expect(await agrees(harness, fresh)).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  it('learns by its resync what no notification told', async () => {
    await using harness = await openRecordHarness();
    await using following = await follow(harness, { resyncMs: 200 });
    await harness.rows(`insert into domain (id, name) values ('d', 'D')`);
    await harness.rows(`insert into account (id, name, domain_id) values ('a', 'A', 'd')`);
    await harness.rows('alter table webhook disable trigger log_change');
    const id = randomUUID();
    await harness.rows(
      `insert into webhook (id, name, account_id, domain_id, payload_url) values ('${id}', 'w', 'a', 'd', 'u')`,
    );
    const envelope = { event: 'VM.START', account: 'a' };
    await waitUntil(
      'the webhook to match',
      () => idsOf(following.sync, envelope).includes(id),
      5_000,
    );
    await harness.rows('truncate webhook cascade');
    await waitUntil(
      'the webhook to be gone',
      () => idsOf(following.sync, envelope).length === 0,
      5_000,
    );
  });

  it('knows whatever was committed once it has caught up, in whatever order transactions end', async () => {
    await using harness = await openRecordHarness();
    // Nobody listens, nothing polls: `run` is not called.
    const sync = await openMatchSync(harness);
    await harness.rows(`insert into domain (id, name) values ('d', 'D')`);
    await harness.rows(`insert into account (id, name, domain_id) values ('a', 'A', 'd')`);
    const envelope = { event: 'VM.START', account: 'a' };
    const [early, late] = [randomUUID(), randomUUID()];
    const client = new Client({ connectionString: harness.url });
    await client.connect();
    try {
      await client.query('begin');
      await client.query(insertWebhook(early));
      await harness.rows(insertWebhook(late));
      await sync.catchUp();
      expect(idsOf(sync, envelope)).toEqual([late]);
      await client.query('commit');
    } finally {
      await client.end();
    }
    await sync.catchUp();
    expect(idsOf(sync, envelope)).toEqual([early, late].toSorted());
    await harness.rows('delete from webhook');
    await Promise.all([sync.catchUp(), sync.catchUp(), sync.catchUp()]);
    expect(idsOf(sync, envelope)).toEqual([]);
  });

  it('follows by polling where notifications do not arrive, and says so', async () => {
    await using harness = await openRecordHarness();
    // Another database's channel: LISTEN succeeds there, and nothing comes.
    await using elsewhere = await openRecordHarness();
    const logged: string[] = [];
    const log: Log = { ...silent, error: (_, message) => logged.push(message) };
    await using following = await follow(harness, { databaseUrl: elsewhere.url, log });
    await waitUntil('it to notice', () => following.sync.hearsNotifications === false);
    expect(logged).toEqual(['notifications.missing']);
    await harness.rows(`insert into domain (id, name) values ('d', 'D')`);
    await harness.rows(`insert into account (id, name, domain_id) values ('a', 'A', 'd')`);
    await harness.rows(
      `insert into webhook (name, account_id, domain_id, payload_url) values ('w', 'a', 'd', 'u')`,
    );
    await waitUntil(
      'the webhook to match',
      () => idsOf(following.sync, { event: 'VM.START', account: 'a' }).length === 1,
    );
  });

  it('goes on following after its connection was cut', async () => {
    await using harness = await openRecordHarness();
    await using following = await follow(harness);
    await harness.rows(`insert into domain (id, name) values ('d', 'D')`);
    await harness.rows(`insert into account (id, name, domain_id) values ('a', 'A', 'd')`);
    const listening = `select pid from pg_stat_activity where query = 'listen hookline' and datname = current_database()`;
    await waitUntil('it to listen', async () => (await harness.rows(listening)).length > 0, 5_000);
    await harness.rows(`select pg_terminate_backend(pid) from (${listening}) listener`);
    const id = randomUUID();
    await harness.rows(
      `insert into webhook (id, name, account_id, domain_id, payload_url) values ('${id}', 'w', 'a', 'd', 'u')`,
    );
    await waitUntil(
      'the webhook to match',
      () => idsOf(following.sync, { event: 'VM.START', account: 'a' }).includes(id),
      10_000,
    );
  });
});
