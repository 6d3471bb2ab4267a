import { afterAll, beforeAll, expect, it } from 'vitest';

import { actionMessage } from '../demo/cloudstack-message.ts';
import { insertWebhook, query } from './database.ts';
import type { HooklineProcess } from './hookline.ts';
import { openStage, type Stage } from './stage.ts';

/** Longer than the tests: a change that is seen was told by a notification. */
const noResync = { HOOKLINE_MATCH_RESYNC_MS: '86400000' };

const patience = { timeout: 10_000 };

let stage: Stage;
let hookline: HooklineProcess;

beforeAll(async () => {
  stage = await openStage();
  await sql(`insert into domain (id, name, parent_id)
    values ('east', 'east', 'root'), ('west', 'west', 'root'), ('shop', 'shop', 'east')`);
  await sql(
    `insert into account (id, name, domain_id) values ('ann', 'ann', 'shop'), ('bob', 'bob', 'shop')`,
  );
  hookline = await stage.start(noResync);
});

afterAll(async () => {
  await hookline[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

it('stops and starts delivering when plain SQL disables and enables a webhook', async () => {
  const webhook = await addWebhook('Global', 'owner', 'root');
  await expect.poll(() => isOwed(webhook), patience).toBe(true);
  await sql(`update webhook set state = 'Disabled' where id = '${webhook}'`);
  await expect.poll(() => isOwed(webhook), patience).toBe(false);
  await sql(`update webhook set state = 'Enabled' where id = '${webhook}'`);
  await expect.poll(() => isOwed(webhook), patience).toBe(true);
});

it('heeds a filter that plain SQL adds', async () => {
  const webhook = await addWebhook('Global', 'owner', 'root');
  await expect.poll(() => isOwed(webhook), patience).toBe(true);
  await sql(`insert into webhook_filter (webhook_id, mode, match_type, value)
    values ('${webhook}', 'Exclude', 'Prefix', 'VM.')`);
  await expect.poll(() => isOwed(webhook), patience).toBe(false);
  expect(await owedBy(publishOne('ann', 'VOLUME.CREATE'))).toContain(webhook);
});

it('follows a domain that is moved, with the accounts in it', async () => {
  const east = await addWebhook('Domain', 'owner', 'east');
  const west = await addWebhook('Domain', 'owner', 'west');
  await expect.poll(() => isOwed(east), patience).toBe(true);
  await sql(`update domain set parent_id = 'west' where id = 'shop'`);
  await expect.poll(() => isOwed(west), patience).toBe(true);
  await expect.poll(() => isOwed(east), patience).toBe(false);
});

it('forgets an account that is deleted, and its webhooks', async () => {
  const local = await addWebhook('Local', 'bob', 'shop');
  const domain = await addWebhook('Domain', 'owner', 'shop');
  const global = await addWebhook('Global', 'owner', 'root');
  for (const webhook of [local, domain, global])
    await expect.poll(() => isOwed(webhook, 'bob'), patience).toBe(true);
  await sql(`delete from account where id = 'bob'`);
  for (const webhook of [local, domain])
    await expect.poll(() => isOwed(webhook, 'bob'), patience).toBe(false);
  expect(await owedBy(publishOne('bob'))).toContain(global);
});

it('catches up with what was changed while nobody was listening', async () => {
  const webhook = await addWebhook('Global', 'owner', 'root');
  await expect.poll(() => isOwed(webhook), patience).toBe(true);
  await sql(`with cut as (select pg_terminate_backend(pid, 5000) from pg_stat_activity
      where datname = current_database() and query ilike 'listen hookline')
    update webhook set state = 'Disabled' where id = '${webhook}' and (select count(*) from cut) = 1`);
  await expect.poll(() => isOwed(webhook), patience).toBe(false);
});

it('finds out by itself what no notification told', async () => {
  await hookline[Symbol.asyncDispose]();
  hookline = await stage.start({ HOOKLINE_MATCH_RESYNC_MS: '1000' });
  const webhook = await addWebhook('Global', 'owner', 'root');
  await expect.poll(() => isOwed(webhook), patience).toBe(true);
  await sql(`begin; set local session_replication_role = replica;
    update webhook set state = 'Disabled' where id = '${webhook}'; commit`);
  await expect.poll(() => isOwed(webhook), patience).toBe(false);
});

async function sql(statement: string): Promise<void> {
  await query(stage.databaseUrl, statement);
}

let made = 0;
async function addWebhook(
  scope: 'Local' | 'Domain' | 'Global',
  accountId: string,
  domainId: string,
): Promise<string> {
  const payloadUrl = `http://127.0.0.1:9/${(made += 1)}`;
  const row = { name: payloadUrl, payloadUrl, scope, accountId, domainId };
  return insertWebhook(stage.databaseUrl, row);
}

async function isOwed(webhook: string, account = 'ann'): Promise<boolean> {
  return (await owedBy(publishOne(account))).includes(webhook);
}

let published = 0;
/** @returns what tells the event from all others. */
async function publishOne(account: string, event = 'VM.START'): Promise<string> {
  const description = `event ${(published += 1)}`;
  const status = 'Completed';
  const message = { at: new Date(), event, status, description, user: 'user', account } as const;
  await stage.publish([actionMessage(message)]);
  return description;
}

/** Ids of the webhooks that a published event is owed to, as recorded. */
async function owedBy(publishing: Promise<string>): Promise<readonly string[]> {
  const description = await publishing;
  return hookline.until(`"${description}" to be recorded`, async () => {
    const [row] = await query<{ owed: string[] }>(
      stage.databaseUrl,
      'select owed::text[] as owed from event where description = $1',
      [description],
    );
    return row?.owed;
  });
}
