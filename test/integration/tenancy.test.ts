/** Whose events are, as batches are read: known accounts, ones the cloud is asked for, ones nobody knows. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { CloudstackDirectoryConfig } from '../../src/config/directory/directory.ts';
import type { Message } from '../../src/event/message.ts';
import type { MatchSync } from '../../src/match/match-sync.ts';
import { createMetrics, type Metrics } from '../../src/metrics.ts';
import type { MappingRules } from '../../src/normalize/mapping.ts';
import { normalizerFor } from '../../src/normalize/source-formats.ts';
import type { NormalizableFormat } from '../../src/normalize/source-formats.ts';
import { createScrubber } from '../../src/normalize/scrub/scrub.ts';
import { databaseOf } from '../../src/store/database.ts';
import { listUnknown } from '../../src/store/directory/unknown-account.ts';
import { openTenancy, type Tenancy } from '../../src/directory/tenancy.ts';
import { waitUntil } from '../service/wait-until.ts';
import {
  accountRow,
  domainRow,
  fillCloud,
  openDirectoryHarness,
  type DirectoryHarness,
} from './directory-harness.ts';
import { openMatchSync } from './match-sync-harness.ts';
import { message, newId } from './record-harness.ts';

let harness: DirectoryHarness;
let sync: MatchSync;
let metrics: Metrics;
let tenancy: Tenancy;
let stop: AbortController;
let running: Promise<unknown>;

beforeEach(async () => {
  harness = await openDirectoryHarness();
  fillCloud(harness.cloud);
});
afterEach(async () => {
  stop.abort();
  await running;
  await harness[Symbol.asyncDispose]();
});

async function open(config: Partial<CloudstackDirectoryConfig> = {}): Promise<void> {
  const { store, log, cloud } = harness;
  stop = new AbortController();
  metrics = createMetrics();
  sync = await openMatchSync(harness, { log });
  tenancy = openTenancy({
    config: {
      kind: 'cloudstack',
      url: cloud.url,
      ...cloud.keys,
      refreshMs: 300_000,
      timeoutMs: 10_000,
      pageSize: 500,
      lookUpWaitMs: 10_000,
      unknownMs: 300_000,
      ...config,
    },
    store,
    sync,
    metrics,
    newId,
    syncs: true,
    dispatches: true,
    log,
  });
  running = Promise.all([sync.run(stop.signal), tenancy.run(stop.signal)]);
}

/** Runs it until the directory is read and matching knows it. */
async function start(config: Partial<CloudstackDirectoryConfig> = {}): Promise<void> {
  await open(config);
  await waitUntil('matching to know the accounts', () => sync.index.knowsAccount('chi'));
  await waitUntil(
    'the age to be known',
    async () => (await metric('hookline_directory_age_seconds')) < 60,
  );
}

async function metric(name: string): Promise<number> {
  const page = await metrics.registry.metrics();
  const [, value] =
    new RegExp(`^${name.replaceAll(/[{}"]/g, String.raw`\$&`)} (\\S+)$`, 'm').exec(page) ?? [];
  return value === undefined ? Number.NaN : Number(value.replace('+Inf', 'Infinity'));
}

async function webhookOf(accountId: string, scope = 'Local', domainId = 'root'): Promise<string> {
  const [row] = await harness.rows<{ id: string }>(
    `insert into webhook (name, account_id, domain_id, scope, payload_url, categories)
     values ('w', '${accountId}', '${domainId}', '${scope}', gen_random_uuid()::text, '{*}') returning id`,
  );
  if (!row) throw new RangeError('it was inserted');
  await waitUntil('matching to know the webhook', () => sync.index.webhook(row.id) !== undefined);
  return row.id;
}

const action = (account: string, facts: object = {}): Message =>
  message(JSON.stringify({ event: 'VM.START', status: 'Completed', account, ...facts }), {
    routingKey: 'management-server.ActionEvent.VM-START.VirtualMachine.*',
  });
const usage = (account: string): Message =>
  message(JSON.stringify({ event: 'VM.START', account, resource: 'VM', id: 'x' }), {
    routingKey: 'management-server.UsageEvent.VM-START.VirtualMachine.x',
  });

/** As ingest does: read, find out, read again. @returns the webhooks each message is owed to, and whether it asked. */
async function readAll(
  messages: readonly Message[],
  format: NormalizableFormat = 'cloudstack',
): Promise<{ owed: string[][]; asked: boolean }> {
  const { read, learn, count } = tenancy.readBatch({
    normalize: normalizerFor(format, { now: Date.now }),
    scrubber: createScrubber(),
  });
  const readThem = () => messages.map(one => read(one).events.flatMap(event => [...event.owed]));
  const first = readThem();
  const asked = await learn(stop.signal);
  const owed = asked ? readThem() : first;
  count();
  return { owed, asked };
}

const commands = (name: string): number =>
  harness.cloud.asked.filter(({ command, params }) => command === name && params.has('id')).length;
const unknown = async () =>
  (await listUnknown(databaseOf(harness.store), 10)).map(({ id, project, events }) => [
    id,
    project,
    events,
  ]);

describe('an event of an account that is not known yet', () => {
  it('waits until the cloud was asked for it, once for all of them, and reaches who it belongs to', async () => {
    await start();
    const apac = await webhookOf('admin', 'Domain', 'apac');
    harness.cloud.tables.account.push(accountRow('new', 'apac'));
    const [first, second] = await Promise.all([
      readAll([action('new'), action('new'), action('chi')]),
      readAll([action('new')]),
    ]);
    expect(first.owed).toEqual([[apac], [apac], [apac]]);
    expect(second.owed).toEqual([[apac]]);
    expect(commands('listAccounts')).toBe(1);
    expect(await metric('hookline_directory_look_ups_total{result="found"}')).toBe(1);
    expect(await unknown()).toEqual([]);
    expect(await readAll([action('new')])).toEqual({ owed: [[apac]], asked: false });
  });

  it('brings the domains above it that are new too', async () => {
    await start();
    const emea = await webhookOf('admin', 'Domain', 'emea');
    harness.cloud.tables.domain.push(domainRow('paris', 'emea'), domainRow('marais', 'paris'));
    harness.cloud.tables.account.push(accountRow('new', 'marais'));
    expect((await readAll([action('new')])).owed).toEqual([[emea]]);
    expect(await harness.rows(`select path, origin from domain where id = 'marais'`)).toEqual([
      { path: '/root/emea/paris/marais/', origin: 'cloud' },
    ]);
    // The next sync has nothing to change about them.
    expect(await harness.sync()).toMatchObject({ created: 0, updated: 0, removed: 0 });
  });

  it('is of a new project when the cloud knows that', async () => {
    await start();
    const apac = await webhookOf('admin', 'Domain', 'apac');
    harness.cloud.tables.project.push(accountRow('p2', 'apac'));
    const { owed } = await readAll([action('behind-p2', { project: 'p2' })]);
    expect(owed).toEqual([[apac]]);
    expect(await harness.rows(`select kind from account where id = 'p2'`)).toEqual([
      { kind: 'project' },
    ]);
  });
});

describe('an event of an account the cloud does not know either', () => {
  it('is counted and listed, and the cloud is not asked again for a while', async () => {
    await start();
    expect((await readAll([action('ghost'), action('ghost')])).asked).toBe(true);
    expect((await readAll([action('ghost')])).asked).toBe(false);
    expect((await readAll([action('other', { project: 'p-ghost' })])).asked).toBe(true);
    expect(commands('listAccounts')).toBe(2);
    await waitUntil('them to be listed', async () => (await unknown()).length === 2);
    expect(await unknown()).toEqual(
      expect.arrayContaining([
        ['ghost', null, 3],
        ['other', 'p-ghost', 1],
      ]),
    );
    expect(await metric('hookline_unknown_account_events_total')).toBe(4);
    await harness.rows(`insert into account (id, name, domain_id) values ('ghost', 'g', 'apac')`);
    expect(await unknown()).toEqual([['other', 'p-ghost', 1]]);
  });

  it('is asked for again when its time is up', async () => {
    await start({ unknownMs: 1 });
    expect((await readAll([action('ghost')])).asked).toBe(true);
    await waitUntil('it to be asked for', async () => (await readAll([action('ghost')])).asked);
  });

  it('is listed once, however many there are, and the list is bounded', async () => {
    await start();
    harness.cloud.intercept = () => 'cut';
    const many = Array.from({ length: 1_500 }, (_, index) => action(`ghost-${index}`));
    await readAll(many);
    await waitUntil('them to be listed', async () => (await harness.count('unknown_account')) > 0);
    expect(await harness.count('unknown_account')).toBe(500);
    expect(await metric('hookline_unknown_account_events_total')).toBe(1_500);
  });
});

/** As Keystone tells it in its short format. */
const projectUpdated = (id: string): Message =>
  message(
    JSON.stringify({ event_type: 'identity.project.updated', payload: { resource_info: id } }),
  );

describe('an event that names a domain as its account', () => {
  it('is the domain’s, and neither asked for nor counted', async () => {
    await start();
    const emea = await webhookOf('admin', 'Domain', 'emea');
    await webhookOf('admin', 'Domain', 'apac');
    expect(await readAll([projectUpdated('berlin')], 'openstack')).toEqual({
      owed: [[emea]],
      asked: false,
    });
    expect((await readAll([projectUpdated('ghost')], 'openstack')).owed).toEqual([[]]);
    expect(await metric('hookline_unknown_account_events_total')).toBe(1);
  });
});

describe('when the cloud’s API', () => {
  it('is down, one batch notices and the others go on at once', async () => {
    await start();
    const chis = await webhookOf('chi');
    harness.cloud.intercept = () => 'cut';
    expect((await readAll([action('new')])).asked).toBe(true);
    expect(await readAll([action('new'), action('newer'), action('chi')])).toEqual({
      owed: [[], [], [chis]],
      asked: false,
    });
    expect(await metric('hookline_directory_look_ups_total{result="failed"}')).toBe(1);
  });

  it('is slow, a batch waits for no longer than it may, and the others not at all', async () => {
    await start({ lookUpWaitMs: 100 });
    harness.cloud.intercept = () => 'hang';
    expect((await readAll([action('new')])).asked).toBe(true);
    expect((await readAll([action('newer')])).asked).toBe(false);
  });

  it('has never answered yet, nobody is asked for', async () => {
    harness.cloud.intercept = () => 'cut';
    await open();
    await waitUntil('the failure to be known', async () => {
      const states = await harness.rows<{ failures: number }>(
        'select failures from directory_state',
      );
      return (states[0]?.failures ?? 0) > 0;
    });
    expect((await readAll([action('new')])).asked).toBe(false);
    expect(await metric('hookline_directory_age_seconds')).toBe(Infinity);
  });
});

describe('a project', () => {
  it('gets the events that name the account behind it, once one has named both', async () => {
    await start();
    const projects = await webhookOf('p');
    harness.cloud.intercept = () => 'cut';
    expect((await readAll([usage('behind')])).owed).toEqual([[]]);
    expect((await readAll([action('behind', { project: 'p' })])).owed).toEqual([[projects]]);
    await waitUntil('the account behind it to be known', () => sync.index.knowsAccount('behind'));
    expect(await readAll([usage('behind')])).toEqual({ owed: [[projects]], asked: false });
    expect(await harness.rows(`select alias from account where id = 'p'`)).toEqual([
      { alias: 'behind' },
    ]);
  });
});

describe('an account that is gone from the cloud', () => {
  it('is told of nothing any more, while those above it still hear of it; until it is back', async () => {
    await start();
    const bens = await webhookOf('ben');
    const bensGlobal = await webhookOf('ben', 'Global');
    const emea = await webhookOf('admin', 'Domain', 'emea');
    expect((await readAll([action('ben')])).owed[0]?.toSorted()).toEqual(
      [bens, bensGlobal, emea].toSorted(),
    );
    const { tables } = harness.cloud;
    const [ben] = tables.account.splice(2, 1);
    await harness.sync();
    await waitUntil('its webhooks to stop', () => sync.index.webhook(bens)?.ownerGone === true);
    await waitUntil('all of them', () => sync.index.webhook(bensGlobal)?.ownerGone === true);
    expect(await readAll([action('ben')])).toEqual({ owed: [[emea]], asked: false });
    if (ben) tables.account.push(ben);
    await harness.sync();
    await waitUntil('them to go on', () => sync.index.webhook(bens)?.state === 'Enabled');
    await waitUntil('all of them', () => sync.index.webhook(bensGlobal)?.state === 'Enabled');
    expect((await readAll([action('ben')])).owed[0]).toHaveLength(3);
  });
});

function readOne(format: NormalizableFormat, mapping: MappingRules, one: Message) {
  const normalize = normalizerFor(format, { now: Date.now, mapping });
  const { read } = tenancy.readBatch({ normalize, scrubber: createScrubber() });
  return read(one).events[0];
}

describe('the domain of an event', () => {
  const mapping = { event: '/event', account: '/account' };

  it('is its account’s in the directory where the message names none, and stays when the account moves', async () => {
    await start();
    const told = message('{"event":"e","account":"chi"}');
    const recorded = readOne('json', mapping, told);
    expect(recorded).toMatchObject({ envelope: { event: 'e', account: 'chi', domain: 'apac' } });
    expect(JSON.parse(recorded?.body ?? '')).toMatchObject({ account: 'chi', domain: 'apac' });
    await harness.rows(`update account set domain_id = 'emea' where id = 'chi'`);
    await waitUntil('the account to move', () => sync.index.domainOf('chi') === 'emea');
    expect(recorded).toMatchObject({ envelope: { domain: 'apac' } });
    expect(readOne('json', mapping, told)?.envelope.domain).toBe('emea');
    expect(readOne('json', mapping, message('{"event":"e","account":"nobody"}'))?.envelope).toEqual(
      {
        event: 'e',
        account: 'nobody',
      },
    );
  });

  it('is in the envelope of CloudStack’s events too, whose body stays as it came', async () => {
    await start();
    const told = action('chi');
    const recorded = readOne('cloudstack', {}, told);
    expect(recorded?.envelope).toMatchObject({ account: 'chi', domain: 'apac' });
    expect(Buffer.from(recorded?.body ?? '')).toEqual(told.body);
  });

  it('that its message proves is told by its webhooks, and by none of an account', async () => {
    await start();
    const emea = await webhookOf('admin', 'Domain', 'emea');
    await webhookOf('admin', 'Domain', 'apac');
    await webhookOf('anna');
    const rules = { event: '/event', domain: '/domain' };
    const recorded = readOne('json', rules, message('{"event":"e","domain":"berlin"}'));
    expect(recorded).toMatchObject({ provenDomain: 'berlin', owed: [emea] });
  });
});
