/** Domains and accounts: list, show, make, import. */
import { randomUUID } from 'node:crypto';

import type { FastifyInstance } from 'fastify';

import { databaseOf, inTransaction } from '../store/open.ts';
import type { Database, Store } from '../store/open.ts';
import {
  adoptRootDomain,
  findAccount,
  findDomain,
  findRootDomain,
  listAccounts,
  listDomains,
  missingDomains,
  upsertAccounts,
  upsertDomains,
} from '../store/query-directory.ts';
import type {
  AccountFacts,
  AccountKind,
  AccountValues,
  Upserted,
} from '../store/query-directory.ts';
import type { ApiOptions } from './context.ts';
import { orderDomains } from './directory-import.ts';
import type { ImportedDomain } from './directory-import.ts';
import { decodeCursor, listOf, pageQuery, textKey, toPage } from './page.ts';
import type { PageQuery } from './page.ts';
import { ProblemError } from './problem.ts';
import { answer, problems } from './route.ts';

const tags = ['directory'];
const params = {
  type: 'object',
  required: ['id'],
  properties: { id: { type: 'string', maxLength: 255 } },
} as const;
const query = (properties: object) => ({
  type: 'object',
  additionalProperties: false,
  properties: { ...pageQuery, name: { type: 'string' }, ...properties },
});

type NewDomain = Omit<ImportedDomain, 'id'> & { readonly id?: string };
type NewAccount = Omit<AccountValues, 'id'> & { readonly id?: string };

export function registerDirectoryRoutes(app: FastifyInstance, { store }: ApiOptions): void {
  registerDomains(app, store);
  registerDomainWrites(app, store);
  registerAccounts(app, store);
  registerAccountWrites(app, store);
}

function registerDomains(app: FastifyInstance, store: Store): void {
  app.get<{ Querystring: PageQuery & { name?: string; parentId?: string } }>(
    '/v1/domains',
    {
      schema: {
        summary: 'List domains, by id',
        tags,
        querystring: query({ parentId: { type: 'string' } }),
        response: { 200: listOf('Domain', 'Domains.'), ...problems },
      },
    },
    async ({ query: wanted }) => {
      const { limit } = wanted;
      const key = decodeCursor(wanted, textKey);
      const { cursor: _, ...rest } = wanted;
      const rows = await listDomains(databaseOf(store), { ...rest, ...key, limit: limit + 1 });
      return toPage(
        rows,
        limit,
        ({ id }) => id,
        row => row,
      );
    },
  );

  app.get<{ Params: { id: string } }>(
    '/v1/domains/:id',
    {
      schema: {
        summary: 'Show a domain',
        tags,
        params,
        response: { 200: answer('Domain', 'The domain.'), ...problems },
      },
    },
    async ({ params: { id } }) => requireDomain(databaseOf(store), id),
  );
}

function registerDomainWrites(app: FastifyInstance, store: Store): void {
  app.post<{ Body: NewDomain }>(
    '/v1/domains',
    {
      schema: {
        summary: 'Make a domain',
        tags,
        body: { $ref: 'NewDomain#' },
        response: { 201: answer('Domain', 'The domain.'), ...problems },
      },
    },
    async ({ body }, reply) => {
      const id = body.id ?? randomUUID();
      const made = await inTransaction(store, async database => {
        if (await findDomain(database, id))
          throw new ProblemError('name_in_use', `There is a domain ${id} already.`);
        await writeDomains(database, [{ ...body, id }]);
        return requireDomain(database, id);
      });
      return reply
        .code(201)
        .header('location', `/v1/domains/${encodeURIComponent(id)}`)
        .send(made);
    },
  );

  app.post<{ Body: { items: ImportedDomain[] } }>(
    '/v1/domains/import',
    {
      schema: {
        summary: 'Make and change many domains, all or none',
        tags,
        body: { $ref: 'DomainImport#' },
        response: { 200: answer('Imported', 'What was done.'), ...problems },
      },
    },
    async ({ body: { items } }) => {
      const { domains, faults } = orderDomains(items);
      if (faults.length > 0)
        throw new ProblemError('request_invalid', 'The domains are no tree.', faults);
      const done = await inTransaction(store, database => writeDomains(database, domains));
      return { ...done, unchanged: items.length - done.created - done.updated };
    },
  );
}

function registerAccounts(app: FastifyInstance, store: Store): void {
  app.get<{ Querystring: PageQuery & { name?: string; domainId?: string } }>(
    '/v1/accounts',
    {
      schema: {
        summary: 'List accounts, by id',
        tags,
        querystring: query({ domainId: { type: 'string' } }),
        response: { 200: listOf('Account', 'Accounts.'), ...problems },
      },
    },
    async ({ query: wanted }) => {
      const { limit } = wanted;
      const key = decodeCursor(wanted, textKey);
      const { cursor: _, ...rest } = wanted;
      const rows = await listAccounts(databaseOf(store), { ...rest, ...key, limit: limit + 1 });
      return toPage(
        rows,
        limit,
        ({ id }) => id,
        row => row,
      );
    },
  );

  app.get<{ Params: { id: string } }>(
    '/v1/accounts/:id',
    {
      schema: {
        summary: 'Show an account',
        tags,
        params,
        response: { 200: answer('Account', 'The account.'), ...problems },
      },
    },
    async ({ params: { id } }) => requireAccount(databaseOf(store), id),
  );
}

function registerAccountWrites(app: FastifyInstance, store: Store): void {
  app.post<{ Body: NewAccount }>(
    '/v1/accounts',
    {
      schema: {
        summary: 'Make an account',
        tags,
        body: { $ref: 'NewAccount#' },
        response: { 201: answer('Account', 'The account.'), ...problems },
      },
    },
    async ({ body }, reply) => {
      const account = { ...body, id: body.id ?? randomUUID() };
      const made = await inTransaction(store, async database => {
        if (await findAccount(database, account.id)) {
          throw new ProblemError('name_in_use', `There is an account ${account.id} already.`);
        }
        await writeAccounts(database, [account]);
        return requireAccount(database, account.id);
      });
      return reply
        .code(201)
        .header('location', `/v1/accounts/${encodeURIComponent(account.id)}`)
        .send(made);
    },
  );

  app.post<{
    Body: { items: { id: string; name: string; domainId: string; kind: AccountKind }[] };
  }>(
    '/v1/accounts/import',
    {
      schema: {
        summary: 'Make and change many accounts, all or none',
        tags,
        body: { $ref: 'AccountImport#' },
        response: { 200: answer('Imported', 'What was done.'), ...problems },
      },
    },
    async ({ body: { items } }) => {
      const done = await inTransaction(store, database => writeAccounts(database, items));
      return { ...done, unchanged: items.length - done.created - done.updated };
    },
  );
}

const isRoot = ({ name, parentId }: ImportedDomain): boolean =>
  typeof parentId !== 'string' && name.toUpperCase() === 'ROOT';

async function writeDomains(
  database: Database,
  ordered: readonly ImportedDomain[],
): Promise<Upserted> {
  const root = ordered.find(isRoot);
  const adopted = root ? await adoptRootDomain(database, root) : { created: 0, updated: 0 };
  const top = root ?? (await findRootDomain(database));
  if (!top)
    throw new ProblemError('domain_invalid', 'There is no root yet: make the domain ROOT first.');
  const below = ordered
    .filter(domain => domain !== root)
    .map(({ id, name, parentId }) => ({
      id,
      name,
      parentId: id === top.id ? null : (parentId ?? top.id),
    }));
  const known = new Set(ordered.map(({ id }) => id));
  await refuseMissing(
    database,
    below.flatMap(({ parentId }) => (parentId === null || known.has(parentId) ? [] : parentId)),
  );
  const written = await upsertDomains(database, below);
  return {
    created: adopted.created + written.created,
    updated: adopted.updated + written.updated,
  };
}

async function writeAccounts(
  database: Database,
  accounts: readonly AccountValues[],
): Promise<Upserted> {
  if (new Set(accounts.map(({ id }) => id)).size < accounts.length) {
    throw new ProblemError('request_invalid', 'An account is given twice.');
  }
  await refuseMissing(
    database,
    accounts.map(({ domainId }) => domainId),
  );
  return upsertAccounts(database, accounts);
}

async function refuseMissing(database: Database, domainIds: readonly string[]): Promise<void> {
  const missing = await missingDomains(database, domainIds);
  if (missing.length === 0) return;
  const shown = missing.slice(0, 5).join(', ');
  throw new ProblemError(
    'domain_invalid',
    `There is no domain ${shown}${missing.length > 5 ? ` and ${missing.length - 5} more` : ''}.`,
  );
}

async function requireDomain(database: Database, id: string) {
  const domain = await findDomain(database, id);
  if (!domain) throw new ProblemError('not_found', `There is no domain ${id}.`);
  return domain;
}

async function requireAccount(database: Database, id: string): Promise<AccountFacts> {
  const account = await findAccount(database, id);
  if (!account) throw new ProblemError('not_found', `There is no account ${id}.`);
  return account;
}
