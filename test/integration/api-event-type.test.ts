/** The catalogue of event types as people ask for it: an admin, and tenants who must not see others' events in it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openPartitions } from '../../src/store/schema/partition.ts';
import { newId, startApi } from './api-harness.ts';
import type { ApiUnderTest } from './api-harness.ts';
import { createWorld } from './permission-world.ts';
import type { World } from './permission-world.ts';

interface Item {
  readonly type: string;
  readonly origin: string | null;
  readonly category: string | null;
  readonly count: number;
  readonly lastSeenAt: string | null;
}

let api: ApiUnderTest;
let world: World;

beforeAll(async () => {
  api = await startApi();
  world = await createWorld(api);
  await openPartitions(api.store, new Date());
  const events = [
    ['VM.START', 'own'],
    ['VM.START', 'own'],
    ['VM.START', 'foreign'],
    ['org.example.thing', 'foreign'],
  ].map(([type, account]) => `('${newId()}', 1, 's', '${type}', '${account}', '{}', '{}')`);
  await world.run(
    `insert into event (id, process_id, source, event, account, body, owed) values ${events.join()}`,
  );
});
afterAll(() => api[Symbol.asyncDispose]());

async function list(query: string, token = api.token): Promise<Item[]> {
  const answer = await api.ask('GET', `/v1/event-types${query}`, undefined, {
    authorization: `Bearer ${token}`,
  });
  expect(answer.status).toBe(200);
  const page: { items: Item[] } = JSON.parse(answer.text);
  return page.items;
}

const counts = (items: readonly Item[]): readonly (readonly [string, number])[] =>
  items.map(({ type, count }) => [type, count]);

describe('the catalogue of event types', () => {
  it('has known types that were never seen, with who sends them', async () => {
    const [item] = await list('?contains=volume.resize&origin=cloudstack');
    expect(item).toEqual({
      type: 'VOLUME.RESIZE',
      origin: 'cloudstack',
      category: null,
      count: 0,
      lastSeenAt: null,
    });
  });

  it('says which category a webhook needs for alerts, and for events of webhooks', async () => {
    const categories = await Promise.all(
      ['ALERT.USERVM', 'WEBHOOK.FAILING'].map(async type => {
        const items = await list(`?contains=${type}`);
        return items.find(item => item.type === type)?.category;
      }),
    );
    expect(categories).toEqual(['AlertEvent', 'HooklineEvent']);
  });

  it('counts what was seen, of types that nobody knew before as well', async () => {
    const seen = await list('?seen=true');
    expect(counts(seen)).toEqual([
      ['VM.START', 3],
      ['org.example.thing', 1],
    ]);
    expect(seen.map(({ origin }) => origin)).toEqual(['cloudstack', null]);
    expect(Date.now() - Date.parse(seen[0]?.lastSeenAt ?? '')).toBeLessThan(600_000);
  });

  it('tells a tenant nothing of the events of others', async () => {
    expect(counts(await list('?seen=true', world.tokens.User))).toEqual([['VM.START', 2]]);
    expect(await list('?contains=org.example', world.tokens.User)).toEqual([]);
  });

  it('is paged from its first type to its last, without a gap', async () => {
    const found: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const path: string = `/v1/event-types?limit=300${cursor && `&cursor=${cursor}`}`;
      const { text } = await api.ask('GET', path);
      const page: { items: Item[]; nextCursor: string | null } = JSON.parse(text);
      found.push(...page.items.map(({ type }) => type));
      cursor = page.nextCursor;
    }
    expect(found.length).toBeGreaterThan(900);
    expect(new Set(found).size).toBe(found.length);
    expect(found).toEqual(found.toSorted((one, other) => (one < other ? -1 : 1)));
    expect(found).toContain('org.example.thing');
  });

  it.each(['?origin=nobody', '?cursor=xx*', '?wanted=1'])('refuses %s', async query => {
    expect((await api.ask('GET', `/v1/event-types${query}`)).status).toBe(400);
  });
});
