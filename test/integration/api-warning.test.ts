/** What of a webhook can never work is told when it is saved; it is saved all the same. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openPartitions } from '../../src/store/schema/partition.ts';
import { newId, startApi } from './api-harness.ts';
import type { AnswerBody, ApiUnderTest } from './api-harness.ts';
import { createWorld } from './permission-world.ts';
import type { World } from './permission-world.ts';

let api: ApiUnderTest;
let world: World;
let count = 0;

beforeAll(async () => {
  api = await startApi();
  world = await createWorld(api);
  await openPartitions(api.store, new Date());
  await world.run(`insert into event (id, process_id, source, event, account, body, owed)
    values ('${newId()}', 1, 's', 'org.example.thing', 'own', '{}', '{}')`);
});
afterAll(() => api[Symbol.asyncDispose]());

/** Saves a webhook as a tenant, or as the admin. */
async function save(fields: object, token = world.tokens.User): Promise<AnswerBody> {
  count += 1;
  const body = { name: 'w', payloadUrl: `https://receiver.example/${count}`, ...fields };
  const headers = { authorization: `Bearer ${token}` };
  const answer = await api.ask('POST', '/v1/webhooks', body, headers);
  expect(answer.status).toBe(201);
  return answer.body;
}

describe('a URL that egress rules close', () => {
  it.each([
    ['the metadata of a cloud', 'http://169.254.169.254/latest', 'link-local'],
    ['the same in IPv6', 'http://[fe80::1]/', 'link-local'],
    ['this machine where IPv4 is mapped', 'http://[::ffff:0.0.0.0]/', 'unspecified'],
    ['a private address of the operator', 'https://10.1.2.3/hook', 'private'],
    ['an address for many', 'http://224.0.0.1/', 'multicast'],
  ])('is told to a tenant: %s', async (_, payloadUrl, rule) => {
    const { warnings } = await save({ payloadUrl });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(`No delivery will get to ${payloadUrl}: blocked by egress rule`);
    expect(warnings[0]).toContain(rule);
  });

  it.each([
    ['a name', 'https://receiver.example/hook'],
    ['a public address', 'https://93.184.216.34/'],
    ['a range that the operator opened', 'http://127.0.0.1:9000/'],
    ['a name of such a range', 'http://localhost:9000/'],
  ])('is not seen in %s', async (_, payloadUrl) => {
    expect((await save({ payloadUrl })).warnings).toEqual([]);
  });

  it('is told when a webhook is changed as well', async () => {
    const { id } = await save({});
    const changed = await api.ask('PATCH', `/v1/webhooks/${id}`, { payloadUrl: 'http://0.0.0.0/' });
    expect(changed.status).toBe(200);
    expect(changed.body.warnings.join()).toContain('No delivery will get to http://0.0.0.0/');
  });
});

describe('a filter that matches nothing', () => {
  const unknown = 'matches no event type that is known, and none of the last 10,000 events.';

  it('is told with what may have been meant', async () => {
    const { warnings } = await save({ filters: [{ value: 'VM.STRAT' }, { value: 'VM.START' }] });
    expect(warnings).toEqual([
      `The filter EventType Exact VM.STRAT ${unknown} Did you mean VM.START?`,
    ]);
  });

  it('is told when it is added to a webhook', async () => {
    const { id } = await save({});
    const { body } = await api.ask('POST', `/v1/webhooks/${id}/filters`, {
      matchType: 'Prefix',
      value: 'NOTHING.',
    });
    expect(body.warnings).toEqual([`The filter EventType Prefix NOTHING. ${unknown}`]);
  });

  it('matches what was seen, for those who may see it', async () => {
    const filters = [{ value: 'org.example.thing' }];
    expect((await save({ filters })).warnings).toEqual([]);
    const foreign = await save({ filters, accountId: 'foreign' }, api.token);
    expect(foreign.warnings).toEqual([]);
    await world.run("update event set account = 'foreign'");
    expect((await save({ filters })).warnings).toHaveLength(1);
  });

  it('is told where its events are in another category', async () => {
    const filters = [{ value: 'ALERT.USERVM' }];
    expect((await save({ filters })).warnings).toEqual([
      "Events of the type ALERT.USERVM are in the category AlertEvent, which is not among the webhook's categories (ActionEvent).",
    ]);
    expect((await save({ filters, categories: ['AlertEvent'] })).warnings).toEqual([]);
  });
});
