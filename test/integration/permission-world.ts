/**
 * A cloud with objects everywhere: below, beside and above the domain of those who ask. Each call makes new objects, so
 * that a test may delete what it got.
 *
 *     ROOT ─ parent ─┬─ home ─── sub
 *                    └─ foreign
 */
import { randomBytes, randomUUID } from 'node:crypto';

import { hashToken } from '../../src/access/token.ts';
import { firstIdOf } from '../../src/store/schema/partition.ts';
import { newId, type ApiUnderTest } from './api-harness.ts';

/**
 * Where an object lies, seen from account `own` in domain `home`; `lifted` belongs to `own` as well, but is of an
 * admin's kind: a Global webhook, a user with role Admin.
 */
export const relations = ['own', 'peer', 'sub', 'foreign', 'parent', 'lifted'] as const;
export type Relation = (typeof relations)[number];

export interface Objects {
  readonly accountId: string;
  readonly domainId: string;
  readonly webhookId: string;
  readonly filterId: string;
  readonly eventId: string;
  readonly deliveryId: string;
  readonly username: string;
  readonly tokenId: string;
  readonly keyId: string;
  /** Object of a row in the audit. */
  readonly changedId: string;
}

export interface World {
  /** Tokens of a DomainAdmin and a User of account `own`, and their user names. */
  readonly tokens: Readonly<Record<'DomainAdmin' | 'User', string>>;
  readonly names: Readonly<Record<'DomainAdmin' | 'User', string>>;
  make(relation: Relation): Promise<Objects>;
  run<T = unknown>(query: string): Promise<T[]>;
}

const domainOf = {
  own: 'home',
  peer: 'home',
  sub: 'sub',
  foreign: 'foreign',
  parent: 'parent',
  lifted: 'home',
} as const;

export async function createWorld({ store }: ApiUnderTest): Promise<World> {
  const run: World['run'] = async query => store.em.fork().execute(query);
  const [root] = await run<{ id: string }>('select id from domain where parent_id is null');
  await run(`insert into domain (id, name, parent_id) values ('parent', 'parent', '${root?.id}'),
    ('home', 'home', 'parent'), ('sub', 'sub', 'home'), ('foreign', 'foreign', 'parent')`);
  await run(`insert into account (id, name, domain_id) values ('own', 'own', 'home'), ('peer', 'peer', 'home'),
    ('sub', 'sub', 'sub'), ('foreign', 'foreign', 'foreign'), ('parent', 'parent', 'parent')`);

  async function addToken(username: string, token: string): Promise<string> {
    const [made] = await run<{
      id: string;
    }>(`insert into credential (user_id, kind, name, token_hash)
      select id, 'token', 't', '\\x${hashToken(token).toString('hex')}' from app_user where username = '${username}'
      returning id`);
    return made?.id ?? '';
  }

  async function addUser(username: string, role: string): Promise<string> {
    const token = randomBytes(16).toString('hex');
    await run(
      `insert into app_user (username, role, account_id) values ('${username}', '${role}', 'own')`,
    );
    await addToken(username, token);
    return token;
  }

  const tokens = {
    DomainAdmin: await addUser('domain-admin', 'DomainAdmin'),
    User: await addUser('user', 'User'),
  };

  return {
    tokens,
    names: { DomainAdmin: 'domain-admin', User: 'user' },
    run,
    make: async relation => {
      const lifted = relation === 'lifted';
      const accountId = lifted ? 'own' : relation;
      const domainId = domainOf[relation];
      const [webhookId, filterId, eventId] = [randomUUID(), randomUUID(), newId()];
      const deliveryId = eventId.slice(0, 14) + randomUUID().slice(14);
      const username = `u-${randomUUID()}`;
      await run(`insert into webhook (id, name, scope, account_id, domain_id, payload_url) values
        ('${webhookId}', 'w', '${lifted ? 'Global' : 'Local'}', '${accountId}', '${domainId}', 'https://r/${webhookId}')`);
      await run(
        `insert into webhook_filter (id, webhook_id, value) values ('${filterId}', '${webhookId}', 'A')`,
      );
      await run(`insert into event (id, process_id, source, event, account, body, owed) values
        ('${eventId}', 1, 's', 'VM.START', ${lifted ? 'null' : `'${accountId}'`}, '{}', '{${webhookId}}')`);
      await run(`insert into delivery (id, event_id, webhook_id, kind, state, tries, created_at, finished_at) values
        ('${deliveryId}', '${eventId}', '${webhookId}', 'event', 'failed', 0, now(), now())`);
      await run(`insert into app_user (username, role, account_id)
        values ('${username}', '${lifted ? 'Admin' : 'User'}', '${accountId}')`);
      const tokenId = await addToken(username, randomUUID());
      const [key] = await run<{ id: string }>(`insert into api_key (user_id, api_key, sealed)
        select id, '${randomUUID()}', '' from app_user where username = '${username}' returning id`);
      const keyId = key?.id ?? '';
      await run(`insert into setting (scope, scope_id, name, value)
        values ('webhook', '${webhookId}', 'webhook.delivery.backoff', '1')`);
      const changedId = randomUUID();
      await run(`insert into audit (action, object_id, account_id) values
        ('x', '${changedId}', ${lifted ? 'null' : `'${accountId}'`})`);
      return {
        accountId,
        domainId,
        webhookId,
        filterId,
        eventId,
        deliveryId,
        username,
        tokenId,
        keyId,
        changedId,
      };
    },
  };
}

/** No row has it. */
export const nothing = firstIdOf(0);
