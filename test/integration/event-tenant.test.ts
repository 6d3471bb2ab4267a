/**
 * Whom an event concerns, by the three that ask: matching in memory, explaining from the tables, and the conditions of
 * statements on what may be seen. They must never differ, so every combination of facts is put to all of them.
 */
import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Envelope } from '../../src/event/envelope.ts';
import type { Proven } from '../../src/event/event.ts';
import { deliveryId } from '../../src/event/id.ts';
import { loadIndex } from '../../src/match/load-index.ts';
import type { MatchIndex } from '../../src/match/match-index.ts';
import { databaseOf } from '../../src/store/database.ts';
import { insertOutcomes } from '../../src/store/delivery/outcome.ts';
import { listRecentEvents } from '../../src/store/event/recent.ts';
import { findTenant } from '../../src/store/event/tenant.ts';
import { recordBatch } from '../../src/store/record/record-batch.ts';
import type { Visibility } from '../../src/store/sql/visibility.ts';
import { newId, startApi } from './api-harness.ts';
import type { ApiUnderTest } from './api-harness.ts';
import { createWorld } from './permission-world.ts';
import type { World } from './permission-world.ts';

let api: ApiUnderTest;
let world: World;
let index: MatchIndex;

/** ROOT ─ parent ─┬─ home (own, peer, p) ─── sub; and foreign. */
beforeAll(async () => {
  api = await startApi();
  world = await createWorld(api);
  await world.run(`insert into account (id, name, domain_id, kind, alias) values
    ('p', 'p', 'home', 'project', 'behind-p'), ('u', 'u', 'sub', 'user', null)`);
  await world.run(`insert into process (id, host, pid, lease_until, watermark)
    values (1, 'h', 1, now() + interval '1 hour', '${newId()}')`);
  index = await loadIndex(api.store);
});
afterAll(() => api[Symbol.asyncDispose]());

interface Told {
  readonly id: string;
  readonly envelope: Envelope;
  readonly proven: Proven;
}

async function record(told: readonly Omit<Told, 'id'>[]): Promise<readonly Told[]> {
  const events = told.map(one => ({ id: newId(), ...one }));
  await recordBatch(databaseOf(api.store), {
    processId: 1,
    source: 's',
    quarantined: [],
    events: events.map(({ id, envelope, proven }) => ({
      id,
      envelope,
      body: '{}',
      owed: [],
      ...proven,
    })),
  });
  return events;
}

const event = 'identity.role_assignment.created';

/** Every combination of facts: each absent, known and unknown. */
const combinations = [undefined, 'own', 'behind-p', 'ghost'].flatMap(account =>
  [undefined, 'p', 'ghost'].flatMap(project =>
    [undefined, 'ActionEvent' as const].flatMap(category =>
      [undefined, 'u', 'ghost'].flatMap(provenUser =>
        [undefined, 'home', 'foreign', 'nowhere'].map(provenDomain => ({
          envelope: { event, account, project, category, domain: 'parent', user: 'own' },
          proven: { provenUser, provenDomain },
        })),
      ),
    ),
  ),
);

/** The account and its domain, or the domain alone, as a person would say. */
function whomByTheBook({ envelope, proven }: Omit<Told, 'id'>): readonly (string | undefined)[] {
  const { account, project, category } = envelope;
  if (account === 'own') return ['own', 'home'];
  if (account === 'behind-p' || (project === 'p' && category !== undefined)) return ['p', 'home'];
  if (proven.provenUser === 'u') return ['u', 'sub'];
  return [undefined, proven.provenDomain === 'nowhere' ? undefined : proven.provenDomain];
}

const below: Readonly<Record<string, readonly string[]>> = {
  parent: ['parent', 'home', 'sub', 'foreign'],
  home: ['home', 'sub'],
  foreign: ['foreign'],
};

describe('whom an event concerns', () => {
  it('is answered alike by matching, by explaining, and by what may be seen', async () => {
    const events = await record(combinations);
    const rootId = index.pathOf('home').at(-1);
    for (const told of events) {
      const [owner, domain] = whomByTheBook(told);
      const path = domain === undefined ? undefined : index.pathOf(domain);
      expect(path === undefined || path.at(-1) === rootId).toBe(true);
      const found = await findTenant(databaseOf(api.store), told.envelope, told.proven);
      expect({ told, ...found }).toMatchObject({
        told,
        ...(owner && { owner }),
        ...(path ? { path } : { by: 'nobody' }),
      });
      expect(index.tenantOf(told.envelope, told.proven)).toEqual(found);
    }
    for (const [top, domains] of Object.entries(below)) {
      const visibility: Visibility = {
        kind: 'subtree',
        path: `/${index.pathOf(top).toReversed().join('/')}/`,
      };
      expect(await seen(visibility)).toEqual(
        idsWhere(events, ([, domain]) => domain !== undefined && domains.includes(domain)),
      );
    }
    for (const accountId of ['own', 'p', 'u', 'peer']) {
      expect(await seen({ kind: 'account', accountId, domainId: 'home' })).toEqual(
        idsWhere(events, ([owner]) => owner === accountId),
      );
    }
    expect(await seen({ kind: 'everything' })).toHaveLength(combinations.length);
    expect(await seen({ kind: 'self', userId: randomUUID() })).toEqual([]);
  });
});

describe('an event of a domain, and of no account', () => {
  const domains = ['home', 'sub', 'foreign', 'parent'] as const;
  it.each([
    ['Admin', domains],
    ['DomainAdmin', ['home', 'sub']],
    ['User', []],
  ] as const)('is %s’s to see, with its deliveries, in the domains %j', async (who, visible) => {
    const webhookId = await makeDomainWebhook();
    const events = await record(
      domains.map(provenDomain => ({ envelope: { event: `of.${who}` }, proven: { provenDomain } })),
    );
    await insertOutcomes(
      databaseOf(api.store),
      events.map(({ id }) => ({ eventId: id, webhookId, state: 'failed' as const, tries: 1 })),
    );
    const listed = await ask(who, `/v1/events?eventType=of.${who}`);
    const expected = events.filter(({ proven }) =>
      visible.some(one => one === proven.provenDomain),
    );
    const ids = expected.map(({ id }) => id);
    expect(listed.body.items.map(({ id }) => id).toSorted()).toEqual(ids);
    for (const { id, proven } of events) {
      const isSeen = ids.includes(id);
      const shown = await ask(who, `/v1/events/${id}`);
      expect(shown.status).toBe(isSeen ? 200 : 404);
      expect(shown.body).toMatchObject(isSeen ? proven : { code: 'not_found' });
      expect((await ask(who, `/v1/events/${id}/explain`)).status).toBe(isSeen ? 200 : 404);
      const delivery = deliveryId(id, webhookId);
      expect((await ask(who, `/v1/deliveries/${delivery}`)).status).toBe(isSeen ? 200 : 404);
    }
    const deliveries = await ask(who, `/v1/deliveries?webhookId=${webhookId}`);
    expect(deliveries.body.items ?? []).toHaveLength(ids.length);
    const bulk = { from: '2020-01-01T00:00:00Z', state: 'failed', dryRun: true };
    const again = await ask(who, `/v1/webhooks/${webhookId}/redeliver`, bulk);
    expect(again.body).toMatchObject(
      // As many as its scope covers, which are those of `home` and below, whoever asks.
      who === 'User' ? { code: 'not_found' } : { count: 2 },
    );
  });
});

const ask = async (who: 'DomainAdmin' | 'User' | 'Admin', path: string, body?: object) =>
  api.ask(body ? 'POST' : 'GET', path, body, {
    authorization: `Bearer ${who === 'Admin' ? api.token : world.tokens[who]}`,
  });

async function makeDomainWebhook(): Promise<string> {
  const made = await api.ask('POST', '/v1/webhooks', {
    name: 'w',
    accountId: 'own',
    scope: 'Domain',
    payloadUrl: `https://r.example/${randomUUID()}`,
  });
  expect(made.status).toBe(201);
  return made.body.id;
}

async function seen(visibility: Visibility): Promise<readonly string[]> {
  const found = await listRecentEvents(databaseOf(api.store), visibility, {
    limit: 1_000,
    eventType: event,
  });
  return found.map(({ id }) => id).toSorted();
}

const idsWhere = (
  events: readonly Told[],
  isWanted: (whom: ReturnType<typeof whomByTheBook>) => boolean,
): readonly string[] => events.filter(one => isWanted(whomByTheBook(one))).map(({ id }) => id);
