import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Proven } from '../../src/event/event.ts';
import { deliveryId } from '../../src/event/id.ts';
import { databaseOf } from '../../src/store/database.ts';
import { insertOutcomes } from '../../src/store/delivery/outcome.ts';
import { recordBatch } from '../../src/store/record/record-batch.ts';
import { newId, startApi } from './api-harness.ts';
import type { ApiUnderTest } from './api-harness.ts';
import { createWorld } from './permission-world.ts';
import type { World } from './permission-world.ts';

let api: ApiUnderTest;
let world: World;
beforeAll(async () => {
  api = await startApi();
  world = await createWorld(api);
});
afterAll(() => api[Symbol.asyncDispose]());

interface Told {
  readonly webhookId: string;
  readonly name: string;
  readonly matched: boolean;
  readonly owed: boolean;
  readonly reason?: string;
  readonly detail?: string;
  readonly delivery: { readonly id: string; readonly state: string } | null;
}

async function make(name: string, body: object): Promise<string> {
  const payloadUrl = `https://r.example/${randomUUID()}`;
  const made = await api.ask('POST', '/v1/webhooks', { name, payloadUrl, ...body });
  expect(made.status).toBe(201);
  return made.body.id;
}

async function record(
  facts: object,
  owed: readonly string[] = [],
  proven: Proven = {},
): Promise<string> {
  const id = newId();
  const envelope = { category: 'ActionEvent', event: 'VM.START', ...facts } as const;
  const events = [{ id, envelope, body: '{}', owed, ...proven }];
  const batch = { processId: 1, source: 's', quarantined: [], events };
  await world.run(`insert into process (id, host, pid, lease_until, watermark)
    values (1, 'h', 1, now() + interval '1 hour', '${id}') on conflict do nothing`);
  await recordBatch(databaseOf(api.store), batch);
  return id;
}

async function explain(id: string, query = '', token = api.token): Promise<Map<string, Told>> {
  const told = new Map<string, Told>();
  let cursor: string | null = null;
  do {
    const more: string = cursor === null ? '' : `&cursor=${cursor}`;
    const { status, text } = await api.ask(
      'GET',
      `/v1/events/${id}/explain?limit=3${query}${more}`,
      undefined,
      { authorization: `Bearer ${token}` },
    );
    expect(status).toBe(200);
    const page: { items: Told[]; nextCursor: string | null } = JSON.parse(text);
    expect(page.items.length).toBeLessThanOrEqual(3);
    for (const one of page.items) told.set(one.name, one);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return told;
}

describe('the explanation of an event', () => {
  it('names the first thing that stands in the way of each webhook', async () => {
    await make('match', { accountId: 'own' });
    await make('above', { accountId: 'parent', scope: 'Domain' });
    await make('global', { accountId: 'parent', scope: 'Global' });
    await make('disabled', { accountId: 'own', state: 'Disabled' });
    await make('paused', { accountId: 'own', state: 'Paused' });
    await make('peer', { accountId: 'peer' });
    await make('elsewhere', { accountId: 'foreign', scope: 'Domain' });
    await make('category', { accountId: 'own', categories: ['AlertEvent'] });
    await make('filter', {
      accountId: 'own',
      filters: [{ mode: 'Exclude', matchType: 'Prefix', value: 'VM.' }],
    });
    await world.run(`insert into account (id, name, domain_id) values ('gone', 'gone', 'home')`);
    await make('gone', { accountId: 'gone' });
    await world.run(`update account set removed_at = now() where id = 'gone'`);

    const told = await explain(await record({ account: 'own' }));
    const said = Object.fromEntries(
      [...told].map(([name, { matched, reason }]) => [name, matched || reason]),
    );
    expect(said).toEqual({
      match: true,
      above: true,
      global: true,
      disabled: 'state',
      paused: true,
      gone: 'state',
      peer: 'scope',
      elsewhere: 'scope',
      category: 'category',
      filter: 'filter',
    });
    expect(told.get('filter')?.detail).toBe('VM.START is excluded by the filter Prefix "VM."');
    expect(told.get('elsewhere')?.detail).toContain('the event belongs to domain home');
    expect(told.get('paused')?.detail).toMatch(
      /; the webhook is Paused, so that the delivery waits$/,
    );
    expect(told.get('gone')?.detail).toContain('gone from the cloud');

    const matching = await explain(await record({ account: 'own' }), '&matched=true');
    expect([...matching.keys()].toSorted()).toEqual(['above', 'global', 'match', 'paused']);
    const others = await explain(await record({ account: 'own' }), '&matched=false');
    expect(others.size).toBe(6);
  });

  it('goes by whose the event is: its account by id or alias, CloudStack’s project, or nobody', async () => {
    await world.run(
      `insert into account (id, name, domain_id, alias) values ('p', 'p', 'home', 'p-alias')`,
    );
    const id = await make('of-project', { accountId: 'p' });
    const asked = async (facts: object) =>
      (await explain(await record(facts), `&webhookId=${id}`)).get('of-project');
    expect(await asked({ account: 'p' })).toMatchObject({ matched: true });
    expect(await asked({ account: 'p-alias' })).toMatchObject({ matched: true });
    expect(await asked({ account: 'nobody', project: 'p' })).toMatchObject({ matched: true });
    expect(await asked({ account: 'nobody', project: 'p', category: undefined })).toMatchObject({
      matched: false,
      detail: 'account nobody is not in the directory, so only Global webhooks get its events',
    });
    expect(await asked({})).toMatchObject({ reason: 'scope' });
  });

  it('goes by the domain and the user that its message proves, where no account owns it', async () => {
    const id = await make('homes', { accountId: 'peer', scope: 'Domain' });
    const asked = async (facts: object, proven: Proven) => {
      const event = await record({ category: undefined, ...facts }, [], proven);
      return (await explain(event, `&webhookId=${id}`)).get('homes');
    };
    expect(await asked({}, { provenDomain: 'home' })).toMatchObject({ matched: true });
    expect(await asked({}, { provenUser: 'own' })).toMatchObject({ matched: true });
    expect(await asked({}, { provenDomain: 'nowhere' })).toMatchObject({ reason: 'scope' });
    expect(await asked({ domain: 'home', user: 'own' }, {})).toMatchObject({ reason: 'scope' });
    expect(await asked({ account: 'foreign' }, { provenDomain: 'home' })).toMatchObject({
      reason: 'scope',
    });
  });

  it('tells what was owed when it was recorded from what matches now, and what became of it', async () => {
    const id = await make('late', { accountId: 'own' });
    const before = await record({ account: 'own' });
    expect((await explain(before, `&webhookId=${id}`)).get('late')).toMatchObject({
      matched: true,
      owed: false,
      delivery: null,
    });
    const after = await record({ account: 'own' }, [id]);
    await insertOutcomes(databaseOf(api.store), [
      { eventId: after, webhookId: id, state: 'failed', tries: 1 },
    ]);
    expect((await explain(after, `&webhookId=${id}`)).get('late')).toMatchObject({
      owed: true,
      delivery: { id: deliveryId(after, id), state: 'failed' },
    });
  });

  it('tells a tenant of no webhook they may not see, nor the event itself', async () => {
    const mine = await make('mine', { accountId: 'own' });
    const theirs = await make('theirs', { accountId: 'parent', scope: 'Global' });
    const event = await record({ account: 'own' }, [mine, theirs]);
    const told = await explain(event, '', world.tokens.User);
    expect(told.has('mine')).toBe(true);
    expect(told.has('theirs')).toBe(false);
    const headers = { authorization: `Bearer ${world.tokens.User}` };
    const hidden = await api.ask(
      'GET',
      `/v1/events/${event}/explain?webhookId=${theirs}`,
      undefined,
      headers,
    );
    expect(hidden.status).toBe(404);
    const shown = await api.ask('GET', `/v1/events/${event}`, undefined, headers);
    expect(shown.text).toContain(mine);
    expect(shown.text).not.toContain(theirs);
  });

  it('is of an event that is there', async () => {
    expect((await api.ask('GET', `/v1/events/${newId()}/explain`)).body.code).toBe('not_found');
  });
});
