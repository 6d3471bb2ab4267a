/** Some tenants with key pairs of every role, and CloudStack's API as they see it. */
import { startApi, type ApiUnderTest } from './api-harness.ts';
import { ask, makePair, type Pair, type Params, type Sent } from './cloudstack-harness.ts';

export type Role = 'Admin' | 'DomainAdmin' | 'User';

export interface Webhook {
  readonly id: string;
  readonly name: string;
  readonly [field: string]: unknown;
}

export interface CloudstackWorld extends AsyncDisposable {
  readonly api: ApiUnderTest;
  as(role: Role, command: string, params?: Params): Promise<Sent>;
  /** A webhook with a URL of its own. */
  make(role: Role, params?: Params): Promise<Webhook>;
  run(query: string): Promise<unknown>;
}

/**
 *     ROOT ─ home ─── sub         accounts: admin in ROOT, own and peer in home, sub in sub, foreign in foreign,
 *          └ foreign              and the project `project` in home
 */
export async function openCloudstackWorld(): Promise<CloudstackWorld> {
  const api = await startApi();
  const run = async (query: string) => api.store.em.fork().execute<{ id: string }[]>(query);
  const rootId = (await run('select id from domain where parent_id is null'))[0]?.id ?? '';
  await run(`insert into domain (id, name, parent_id) values ('home', 'Home', '${rootId}'), ('sub', 'Sub', 'home'),
    ('foreign', 'Foreign', '${rootId}')`);
  await run(`insert into account (id, name, domain_id, kind) values ('own', 'own', 'home', 'user'),
    ('peer', 'peer', 'home', 'user'), ('sub', 'sub', 'sub', 'user'), ('foreign', 'foreign', 'foreign', 'user'),
    ('project', 'Project', 'home', 'project')`);
  await run(`insert into app_user (username, role, account_id) values ('domain-admin', 'DomainAdmin', 'own'),
    ('user', 'User', 'own')`);
  const pairs: Record<Role, Pair> = {
    Admin: await makePair(api, 'admin'),
    DomainAdmin: await makePair(api, 'domain-admin'),
    User: await makePair(api, 'user'),
  };
  const as: CloudstackWorld['as'] = async (role, command, params = {}) =>
    ask(api, pairs[role], command, params);
  let made = 0;
  return {
    api,
    as,
    run,
    make: async (role, params = {}) => {
      made += 1;
      const wanted = { name: 'w', payloadurl: `http://r/${made}`, ...params };
      return webhookOf(await as(role, 'createWebhook', wanted));
    },
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}

/** @throws {RangeError} where there is none. */
export function webhookOf({ text }: Sent): Webhook {
  const parsed: Record<string, { webhook?: Webhook }> = JSON.parse(text);
  const webhook = Object.values(parsed)[0]?.webhook;
  if (!webhook) throw new RangeError(text);
  return webhook;
}

/** Everything an error says. */
export const refused = ({ status, envelope, fields }: Sent): readonly unknown[] => [
  status,
  envelope,
  fields.errorcode,
  fields.cserrorcode,
  fields.errortext,
];
