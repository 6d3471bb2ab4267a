import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { disableWebhook } from '../../src/store/webhook/webhook.ts';
import { databaseOf } from '../../src/store/database.ts';
import { startApi } from './api-harness.ts';
import type { ApiUnderTest } from './api-harness.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api[Symbol.asyncDispose]());

const changesOf = async (objectId: string) =>
  (await api.ask('GET', `/v1/audit?objectId=${objectId}`)).body.items;
let count = 0;
const makeWebhook = async (facts: object = {}) => {
  const payloadUrl = `https://receiver.example/${(count += 1)}`;
  return (await api.ask('POST', '/v1/webhooks', { name: 'w', payloadUrl, ...facts })).body;
};

describe('the audit', () => {
  it('says who changed what, from where, before and after, newest first', async () => {
    const { id, accountId, domainId } = await makeWebhook();
    await api.ask('PATCH', `/v1/webhooks/${id}`, { name: 'renamed' });
    await api.ask('DELETE', `/v1/webhooks/${id}`);
    const changes = await changesOf(id);
    expect(changes.map(({ action }) => action)).toEqual([
      'webhook.deleted',
      'webhook.updated',
      'webhook.created',
    ]);
    const [deleted, updated, created] = changes;
    const who = { username: 'admin', address: '127.0.0.1', accountId, domainId };
    expect(updated).toMatchObject({ ...who, before: { name: 'w' }, after: { name: 'renamed' } });
    expect(created).toMatchObject({ ...who, before: null, after: { name: 'w', state: 'Enabled' } });
    expect(deleted).toMatchObject({ ...who, before: { name: 'renamed' }, after: null });
  });

  it('tells that a secret was set or taken away, never which', async () => {
    const { id } = await makeWebhook({ secretKey: 'hunter2' });
    await api.ask('PATCH', `/v1/webhooks/${id}`, { secretKey: null });
    await api.ask('POST', '/v1/users', { username: 'ann', password: 'hunter2 hunter2' });
    await api.ask('PATCH', '/v1/users/ann', { password: 'hunter2 hunter2 2' });
    const made = await api.ask('POST', '/v1/users/ann/keys');
    const [removed, set] = await changesOf(id);
    expect(set?.after).toMatchObject({ secretKey: '[hidden]', hasSecret: true });
    expect(removed?.after).toMatchObject({ secretKey: null, hasSecret: false });
    const all = await api.ask('GET', '/v1/audit?limit=500');
    expect(all.text).not.toContain('hunter2');
    expect(all.text).not.toContain(made.body.secretKey);
    expect(all.text).toContain(made.body.apiKey);
  });

  it('has no row for what was refused', async () => {
    const { id } = await makeWebhook();
    const refused = await api.ask('PATCH', `/v1/webhooks/${id}`, { payloadUrl: 'ftp://x' });
    expect(refused.status).toBe(400);
    expect(await changesOf(id)).toHaveLength(1);
  });

  it('has the tokens somebody makes and takes back', async () => {
    const { body } = await api.ask('POST', '/v1/tokens', { name: 'ci', scopes: ['read'] });
    await api.ask('DELETE', `/v1/tokens/${body.id}`);
    const changes = await changesOf(body.id);
    expect(changes.map(({ action }) => action)).toEqual(['token.deleted', 'token.created']);
    expect(JSON.stringify(changes)).not.toContain(body.token);
  });

  it('has what Hookline did by itself, under nobody’s name', async () => {
    const { id } = await makeWebhook();
    await disableWebhook(databaseOf(api.store), id, 'the receiver answered 410 Gone');
    await disableWebhook(databaseOf(api.store), id, 'again');
    const [disabled, ...before] = await changesOf(id);
    expect(disabled).toMatchObject({
      username: null,
      action: 'webhook.disabled',
      after: { state: 'Disabled', reason: 'the receiver answered 410 Gone' },
    });
    expect(before).toHaveLength(1);
  });

  it('is paged by key, and filtered by who and when', async () => {
    const first = await api.ask('GET', '/v1/audit?limit=2');
    expect(first.body.items).toHaveLength(2);
    const second = await api.ask('GET', `/v1/audit?limit=2&cursor=${first.body.nextCursor}`);
    const ids = [...first.body.items, ...second.body.items].map(({ id }) => id);
    expect(new Set(ids).size).toBe(4);
    expect(ids).toEqual(ids.toSorted().toReversed());
    expect((await api.ask('GET', '/v1/audit?username=nobody')).body.items).toEqual([]);
    expect((await api.ask('GET', '/v1/audit?to=2020-01-01T00:00:00Z')).body.items).toEqual([]);
  });
});
