import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Role } from '../../src/store/schema/access-words.ts';
import { adoptRootDomain } from '../../src/store/directory/domain.ts';
import { inTransaction } from '../../src/store/database.ts';
import { startApi } from './api-harness.ts';
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

const as = (role: Role) => ({
  authorization: `Bearer ${role === 'Admin' ? api.token : world.tokens[role]}`,
});
const put = (role: Role, body: object) => api.ask('PUT', '/v1/settings', body, as(role));
const tries = 'webhook.delivery.tries';
const settingOf = async (query: string, name = tries, role: Role = 'Admin') => {
  const { body } = await api.ask('GET', `/v1/settings${query}`, undefined, as(role));
  return body.items.find(item => item.name === name);
};

describe('settings', () => {
  it('hold from the nearest place up the tree, and say where that is', async () => {
    expect(await settingOf('?domainId=sub')).toMatchObject({
      value: '3',
      origin: 'configuration',
      isSetHere: false,
    });
    await put('Admin', { name: tries, value: 4 });
    expect(await settingOf('?domainId=sub')).toMatchObject({ value: '4', origin: 'global' });
    await put('Admin', { name: 'webhook.delivery.retries', value: '5', domainId: 'parent' });
    const inherited = { value: '5', origin: 'domain', originId: 'parent', isSetHere: false };
    expect(await settingOf('?domainId=sub')).toMatchObject(inherited);
    const now = await put('Admin', { name: tries, value: '6', domainId: 'sub' });
    expect(now.body).toMatchObject({ value: '6', originId: 'sub', isSetHere: true, default: '3' });
    expect(await settingOf('?domainId=home')).toMatchObject(inherited);
    const path = `/v1/settings?domainId=sub&name=webhook.delivery.retries`;
    expect((await api.ask('DELETE', path)).status).toBe(204);
    expect(await settingOf('?domainId=sub')).toMatchObject(inherited);
    expect((await api.ask('DELETE', path)).body.code).toBe('not_found');
  });

  it.each([
    [{ name: tries, value: '0' }, 'expected a whole number from 1 to 100, not 0'],
    [{ name: 'webhook.delivery.trys', value: '3' }, 'There is no setting webhook.delivery.trys'],
    [{ name: 'webhook.delivery.backoff', value: '9-1' }, 'as FIRST-LONGEST'],
    [{ name: 'webhook.delivery.timeout', value: '31' }, 'expected at most 30, the limit'],
    [
      { name: 'webhook.delivery.thread.pool.size', value: '9', domainId: 'home' },
      'cannot be set for a domain, only for global',
    ],
  ])('refuse %j', async (body, detail) => {
    const answer = await put('Admin', body);
    expect(answer.body).toMatchObject({ status: 400, code: 'setting_invalid' });
    expect(answer.body.detail).toContain(detail);
  });

  it.each([
    [tries, 'hookline webhook update <id> --tries <n>'],
    ['webhook.delivery.timeout', 'hookline webhook update <id> --timeout-ms <ms>'],
  ])('say where a webhook has its own in place of %s', async (name, command) => {
    const webhook = { name: 'w', payloadUrl: `https://own.example/${name}` };
    const { body } = await api.ask('POST', '/v1/webhooks', webhook);
    const answer = await put('Admin', { name, value: '3', webhookId: body.id });
    expect(answer.body).toMatchObject({ status: 400, code: 'setting_invalid' });
    expect(answer.body.detail).toContain(command);
  });

  it('of a subtree are set by its admin, of a domain read by its users', async () => {
    expect((await put('DomainAdmin', { name: tries, value: 7 })).body).toMatchObject({
      value: '7',
      originId: 'home',
    });
    expect((await put('DomainAdmin', { name: tries, value: 8, domainId: 'sub' })).status).toBe(200);
    const above = await put('DomainAdmin', { name: tries, value: 8, domainId: 'parent' });
    expect(above.body.code).toBe('not_found');
    const beyond = { name: 'webhook.deliveries.limit', value: 1_000_000 };
    expect((await put('DomainAdmin', beyond)).body.code).toBe('forbidden');
    expect(await settingOf('', tries, 'User')).toMatchObject({ value: '7', originId: 'home' });
    expect((await put('User', { name: tries, value: 9 })).body.code).toBe('forbidden');
  });

  it('leave with their webhook and their domain, and move with a renamed root', async () => {
    const { webhookId } = await world.make('own');
    await world.run(`insert into domain (id, name, parent_id) values ('gone', 'gone', 'home')`);
    await put('Admin', { name: tries, value: 9, domainId: 'gone' });
    const left = () =>
      world.run(`select 1 from setting where scope_id in ('gone', '${webhookId}')`);
    expect(await left()).toHaveLength(2);
    await world.run(`delete from webhook where id = '${webhookId}'`);
    await world.run(`delete from domain where id = 'gone'`);
    expect(await left()).toEqual([]);

    const [root] = await world.run<{ id: string }>('select id from domain where parent_id is null');
    await put('Admin', { name: tries, value: 11, domainId: root?.id });
    await inTransaction(api.store, database =>
      adoptRootDomain(database, { id: 'cloud-root', name: 'ROOT' }),
    );
    expect(await settingOf('?domainId=cloud-root')).toMatchObject({ value: '11', isSetHere: true });
  });

  it('are in the audit with what was there before', async () => {
    await put('Admin', { name: 'webhook.delivery.timeout', value: 20 });
    await put('Admin', { name: 'webhook.delivery.timeout', value: 30 });
    const { body } = await api.ask('GET', '/v1/audit?objectId=webhook.delivery.timeout&limit=1');
    expect(body.items[0]).toMatchObject({
      action: 'setting.put',
      before: { scope: 'global', value: '20' },
      after: { value: '30' },
    });
  });
});
