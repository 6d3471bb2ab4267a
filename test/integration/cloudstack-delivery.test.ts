import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { deliveryId } from '../../src/event/id.ts';
import { joinProcess } from '../../src/store/record/lease.ts';
import { databaseOf } from '../../src/store/database.ts';
import { insertOutcomes, type Outcome } from '../../src/store/delivery/outcome.ts';
import { recordBatch } from '../../src/store/record/record-batch.ts';
import { newId } from './api-harness.ts';
import { waitUntil } from '../service/wait-until.ts';
import type { Params, Sent } from './cloudstack-harness.ts';
import { openCloudstackWorld, refused } from './cloudstack-world.ts';
import type { CloudstackWorld, Role } from './cloudstack-world.ts';

let world: CloudstackWorld;
let processId: number;
beforeAll(async () => {
  world = await openCloudstackWorld();
  const lease = { host: 'test', pid: 1, ttlMs: 600_000, watermark: newId() };
  processId = await joinProcess(databaseOf(world.api.store), lease);
});
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(() => world.run('delete from webhook; delete from delivery'));

const as: CloudstackWorld['as'] = async (...asked) => world.as(...asked);

interface Wanted {
  readonly event?: string;
  readonly account?: string;
  readonly body?: string;
  readonly startedAt?: string;
  readonly outcome?: Partial<Outcome>;
}

/** A delivery of an event of its own. @returns its id. */
async function deliver(webhookId: string, wanted: Wanted = {}): Promise<string> {
  const { event = 'VM.START', account = 'own', startedAt } = wanted;
  const { body = '{"event":"VM.START"}' } = wanted;
  const eventId = newId();
  const envelope = { event, account, category: 'ActionEvent' } as const;
  const database = databaseOf(world.api.store);
  const events = [{ id: eventId, envelope, body, owed: [webhookId] }];
  await recordBatch(database, { processId, source: 's', events, quarantined: [] });
  const attempt = {
    startedAt: startedAt === undefined ? new Date() : new Date(startedAt),
    durationMs: 1_500,
    status: 200,
    responseBody: 'thanks',
  };
  await insertOutcomes(database, [
    { eventId, webhookId, state: 'delivered', tries: 1, attempt, ...wanted.outcome },
  ]);
  return deliveryId(eventId, webhookId);
}

const idsIn = ({ text }: Sent): string[] =>
  [...text.matchAll(/\{"id":"([^"]+)"/g)].map(([, id = '']) => id);
const found = async (params: Params): Promise<string[]> => listed('User', params);
const listed = async (role: Role, params: Params = {}): Promise<string[]> =>
  idsIn(await as(role, 'listWebhookDeliveries', params));

const deliverTo = async (account: string, domainid: string): Promise<string> =>
  deliver((await world.make('Admin', { account, domainid })).id, { account });

describe('listWebhookDeliveries', () => {
  it("shows a delivery with CloudStack's fields, and no signature", async () => {
    const { id: webhookid } = await world.make('User', { name: 'Hook', secretkey: 's' });
    await deliver(webhookid, { startedAt: '2026-11-21T10:00:00.250Z', body: '{"a":"é"}' });
    const { text } = await as('User', 'listWebhookDeliveries', { webhookid });
    const headers = String.raw`X-CS-Event-ID: [0-9a-f-]{36}\\nX-CS-Event: VM\.START\\nUser-Agent: CS-Hookshot/own\\nContent-Type: application/json\\nwebhook-id: [0-9a-f-]{36}\\nwebhook-timestamp: \d+\\nContent-Length: 10`;
    const shape = new RegExp(
      String.raw`^\{"listwebhookdeliveriesresponse":\{"count":1,"webhookdelivery":\[\{"id":"[0-9a-f-]{36}","eventid":"[0-9a-f-]{36}","eventtype":"VM\.START","webhookid":"${webhookid}","webhookname":"Hook","headers":"${headers}","payload":"\{\\"a\\":\\"é\\"\}","success":true,"response":"thanks","startdate":"2026-11-21T10:00:00\+0000","enddate":"2026-11-21T10:00:01\+0000"\}\]\}\}$`,
    );
    expect(text).toMatch(shape);
  });

  it('says why there was no response, and that it did not succeed', async () => {
    const { id: webhookid } = await world.make('User');
    const attempt = { startedAt: new Date(), durationMs: 1, error: 'connect ECONNREFUSED' };
    await deliver(webhookid, { outcome: { state: 'failed', attempt } });
    const { text } = await as('User', 'listWebhookDeliveries', { webhookid });
    expect(text).toContain('"success":false,"response":"Failed due to : connect ECONNREFUSED"');
  });

  it('lists what was attempted, the newest first, in pages with the count of all', async () => {
    const { id: webhookid } = await world.make('User');
    const ids: string[] = [];
    for (const _ of [1, 2, 3]) ids.unshift(await deliver(webhookid));
    const due = { state: 'pending', tries: 0, nextAttemptAtMs: Date.now(), attempt: undefined };
    await deliver(webhookid, { outcome: { ...due, state: 'pending' } });
    expect(await listed('User')).toEqual(ids);
    const page = await as('User', 'listWebhookDeliveries', { page: '2', pagesize: '2' });
    expect([page.fields.count, idsIn(page)]).toEqual([3, ids.slice(2)]);
  });

  it('finds by id, event type, keyword and dates', async () => {
    const { id: webhookid } = await world.make('User');
    const early = await deliver(webhookid, {
      event: 'VM.STOP',
      body: '{"description":"Stopped 100% of them"}',
      startedAt: '2098-12-31T23:59:58Z',
    });
    const late = await deliver(webhookid, { startedAt: '2099-01-01T12:00:00Z' });
    expect(await found({ id: late })).toEqual([late]);
    expect(await found({ eventtype: 'VM.START' })).toEqual([late]);
    expect(await found({ keyword: 'vm.start' })).toEqual([late]);
    expect(await found({ startdate: '2099-01-01' })).toEqual([late]);
    expect(await found({ startdate: '2099-01-02' })).toEqual([]);
    expect(await found({ startdate: '2099-01-01 12:00:00' })).toEqual([late]);
    expect(await found({ startdate: '2099-01-01 12:00:01' })).toEqual([]);
    expect(await found({ enddate: '2098-12-31' })).toEqual([early]);
    expect(await found({ enddate: '2099-01-01 12:00:00' })).toEqual([early]);
    expect(await found({ enddate: '2099-01-01 12:00:01' })).toEqual([late, early]);
    expect(await found({ startdate: '2099-01-01', enddate: '2099-01-01' })).toEqual([late]);
    expect(await found({ startdate: '2099-01-01T17:30:00+0530' })).toEqual([late]);
  });

  it('searches the bodies of the newest ten thousand, or of those up to a date', async () => {
    const { id: webhookid } = await world.make('User');
    const needle = await deliver(webhookid, { body: '{"needle":1}', startedAt: '2026-01-01' });
    await world.run(`insert into event (id, process_id, source, event, account, body, owed)
      select (left('${needle}', 14) || '7fff-9000-' || lpad(to_hex(n), 12, '0'))::uuid, 0, 's', 'VM.START', 'own', '{}', '{}'
      from generate_series(1, 10000) n`);
    await world.run(`insert into delivery (id, event_id, webhook_id, kind, state, tries, created_at, started_at, duration_ms)
      select overlay(id::text placing '8fff' from 15)::uuid, id, '${webhookid}', 'event', 'delivered', 1, now(), now(), 1
      from event where body = '{}' and process_id = 0`);
    const search = { webhookid, keyword: 'needle' };
    const all = await as('User', 'listWebhookDeliveries', { webhookid, page: '1', pagesize: '1' });
    expect(all.fields.count).toBe(10_001);
    expect(await found(search)).toEqual([]);
    expect(await found({ keyword: 'needle' })).toEqual([]);
    expect(await listed('Admin', { keyword: 'needle' })).toEqual([]);
    expect(await found({ id: needle, keyword: 'needle' })).toEqual([needle]);
    await world.run(
      `delete from delivery where id = (select id from delivery order by id desc limit 1)`,
    );
    expect(await found(search)).toEqual([needle]);
  });

  it('shows each role those of the webhooks in its reach, and nobody a stranger’s', async () => {
    const [own, peer] = [await deliverTo('own', 'home'), await deliverTo('peer', 'home')];
    const [sub, foreign] = [await deliverTo('sub', 'sub'), await deliverTo('foreign', 'foreign')];
    expect(await listed('User')).toEqual([own]);
    expect(await listed('DomainAdmin')).toEqual([sub, peer, own]);
    expect(await listed('Admin')).toEqual([foreign, sub, peer, own]);
    expect(refused(await as('User', 'listWebhookDeliveries', { id: peer })).slice(2)).toEqual([
      431,
      4350,
      'Invalid ID specified',
    ]);
  });

  it('lists nothing to a user without webhooks: in CloudStack they saw everybody’s', async () => {
    const { id } = await world.make('Admin');
    await deliver(id);
    const { text } = await as('User', 'listWebhookDeliveries');
    expect(text).toBe('{"listwebhookdeliveriesresponse":{}}');
  });

  it.each<[Role, Params, string]>([
    ['User', { id: '00000000-0000-4000-8000-000000000000' }, 'Invalid ID specified'],
    ['User', { webhookid: '00000000-0000-4000-8000-000000000000' }, 'Invalid Webhook specified'],
    ['User', { startdate: '2026-11-22', enddate: '2026-11-21' }, 'Invalid enddate specified'],
    [
      'Admin',
      { managementserverid: '00000000-0000-4000-8000-000000000000' },
      'Invalid management server specified',
    ],
  ])('by %s with %j is refused, and so is deleting them', async (role, params, text) => {
    expect(refused(await as(role, 'listWebhookDeliveries', params))).toEqual([
      431,
      'listwebhookdeliveriesresponse',
      431,
      4350,
      text,
    ]);
    expect(refused(await as(role, 'deleteWebhookDelivery', params))).toEqual([
      530,
      'deletewebhookdeliveryresponse',
      530,
      9999,
      text,
    ]);
  });

  it('hears of management servers from admins alone', async () => {
    const managementserverid = '00000000-0000-4000-8000-000000000000';
    expect((await as('User', 'listWebhookDeliveries', { managementserverid })).status).toBe(200);
  });
});

describe('deleteWebhookDelivery', () => {
  it('deletes one, those of a webhook, or of a time, and notes it in the audit', async () => {
    const { id: webhookid } = await world.make('User');
    const [first, second] = [await deliver(webhookid), await deliver(webhookid)];
    const another = await deliver((await world.make('User')).id);
    const { text } = await as('User', 'deleteWebhookDelivery', { id: first });
    expect(text).toBe('{"deletewebhookdeliveryresponse":{"success":true}}');
    expect(await listed('User')).toEqual([another, second]);
    await as('User', 'deleteWebhookDelivery', { enddate: '2026-01-01' });
    await as('User', 'deleteWebhookDelivery', { webhookid });
    expect(await listed('User')).toEqual([another]);
    const { items } = (await world.api.ask('GET', '/v1/audit?action=deliveries.deleted')).body;
    expect(items.map(({ objectId, after }) => [objectId, after?.['count']])).toEqual([
      [webhookid, 1],
      [first, 1],
    ]);
  });

  it('deletes what is in reach, and not the deliveries of strangers', async () => {
    const strange = await deliver((await world.make('Admin')).id);
    await deliver((await world.make('User')).id);
    await as('User', 'deleteWebhookDelivery');
    expect(await listed('Admin')).toEqual([strange]);
  });

  it('shows and deletes nothing of a stranger’s event that a webhook got while its scope was wider', async () => {
    const { id } = await world.make('User');
    const [own, foreign] = [await deliver(id), await deliver(id, { account: 'foreign' })];
    expect(await listed('User')).toEqual([own]);
    expect(await listed('DomainAdmin', { webhookid: id })).toEqual([own]);
    await as('User', 'deleteWebhookDelivery', { webhookid: id });
    expect(await listed('Admin', { webhookid: id })).toEqual([foreign]);
  });

  it('deletes what is due again, which is thereby cancelled, and leaves what is in flight', async () => {
    const { id: webhookid } = await world.make('User');
    const again = { state: 'pending', tries: 1, nextAttemptAtMs: Date.now() + 60_000 } as const;
    await deliver(webhookid, { outcome: again });
    const inFlight = await deliver(webhookid);
    await world.run(`update delivery set state = 'delivering' where id = '${inFlight}'`);
    await as('User', 'deleteWebhookDelivery', { webhookid });
    expect(await listed('User')).toEqual([inFlight]);
  });

  it('deletes at once, also what a take-over would look for', async () => {
    const { id: webhookid } = await world.make('User');
    await deliver(webhookid);
    await world.run(`update process set watermark = '00000000-0000-7000-8000-000000000000'`);
    await as('User', 'deleteWebhookDelivery', { webhookid });
    expect(await listed('User')).toEqual([]);
    expect(await world.run(`select id from event where '${webhookid}' = any(owed)`)).toEqual([]);
  });
});

describe('executeWebhookDelivery', () => {
  it('waits for the first attempts of ten deliveries of an account, and no longer than they take', async () => {
    const { id: webhookid } = await world.make('User');
    const id = await deliver(webhookid);
    let answered = 0;
    const redeliver = async (): Promise<string> => {
      const { text } = await as('User', 'executeWebhookDelivery', { id });
      answered += 1;
      return text;
    };
    const all = Array.from({ length: 12 }, redeliver);
    await waitUntil('two to be answered', () => answered >= 2);
    expect(answered).toBe(2);
    const redelivered = `kind = 'redelivery'`;
    await world.run(`update delivery set state = 'delivered', started_at = now(), duration_ms = 1, response_body = 'thanks'
      where ${redelivered}`);
    const texts = await Promise.all(all);
    const waiting = texts.filter(text =>
      text.includes('The delivery is still waiting for its first attempt'),
    );
    expect(waiting).toHaveLength(2);
    expect(texts.filter(text => text.includes('"response":"thanks"'))).toHaveLength(10);
  });
});
