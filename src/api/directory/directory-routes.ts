/** Domains and accounts: list, show, make, import. */
import { randomUUID } from 'node:crypto';

import type { FastifyInstance } from 'fastify';

import { databaseOf, inTransaction } from '../../store/database.ts';
import type { Database, Store } from '../../store/database.ts';
import {
  findAccount,
  findDomain,
  listAccounts,
  listDomains,
} from '../../store/directory/query-directory.ts';
import type { AccountFacts, AccountValues } from '../../store/directory/query-directory.ts';
import type { AccountKind } from '../../store/schema/directory.ts';
import { everything } from '../../store/sql/visibility.ts';
import type { Visibility } from '../../store/sql/visibility.ts';
import { callerOf } from '../http/authenticate.ts';
import type { ApiOptions } from '../context.ts';
import { orderDomains } from './directory-import.ts';
import type { ImportedDomain } from './directory-import.ts';
import { decodeCursor, listOf, pageQuery, textKey, toPage } from '../http/page.ts';
import type { PageQuery } from '../http/page.ts';
import { noteImport, writeAccounts, writeDomains } from './directory-write.ts';
import { writeAudit } from '../setting/write-audit.ts';
import { ProblemError } from '../http/problem.ts';
import { answer, largeBodyBytesMax, problems } from '../http/route.ts';

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
    async request => {
      const { query: wanted } = request;
      const { visibility } = callerOf(request);
      const { limit } = wanted;
      const key = decodeCursor(wanted, textKey);
      const { cursor: _, ...rest } = wanted;
      const rows = await listDomains(databaseOf(store), visibility, {
        ...rest,
        ...key,
        limit: limit + 1,
      });
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
    async request =>
      requireDomain(databaseOf(store), request.params.id, callerOf(request).visibility),
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
    async (request, reply) => {
      const { body } = request;
      const id = body.id ?? randomUUID();
      const made = await inTransaction(store, async database => {
        if (await findDomain(database, id, everything))
          throw new ProblemError('name_in_use', `There is a domain ${id} already.`);
        await writeDomains(database, [{ ...body, id }]);
        const after = await requireDomain(database, id, everything);
        await writeAudit(database, callerOf(request), {
          action: 'domain.created',
          objectId: id,
          domainId: id,
          after,
        });
        return after;
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
      bodyLimit: largeBodyBytesMax,
      schema: {
        summary: 'Make and change many domains, all or none',
        tags,
        body: { $ref: 'DomainImport#' },
        response: { 200: answer('Imported', 'What was done.'), ...problems },
      },
    },
    async request => {
      const { items } = request.body;
      const { domains, faults } = orderDomains(items);
      if (faults.length > 0)
        throw new ProblemError('request_invalid', 'The domains are no tree.', faults);
      const done = await inTransaction(store, async database => {
        const written = await writeDomains(database, domains);
        await noteImport(database, callerOf(request), { kind: 'domain', items, written });
        return written;
      });
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
    async request => {
      const { query: wanted } = request;
      const { visibility } = callerOf(request);
      const { limit } = wanted;
      const key = decodeCursor(wanted, textKey);
      const { cursor: _, ...rest } = wanted;
      const rows = await listAccounts(databaseOf(store), visibility, {
        ...rest,
        ...key,
        limit: limit + 1,
      });
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
    async request =>
      requireAccount(databaseOf(store), request.params.id, callerOf(request).visibility),
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
    async (request, reply) => {
      const { body } = request;
      const account = { ...body, id: body.id ?? randomUUID() };
      const made = await inTransaction(store, async database => {
        if (await findAccount(database, account.id, everything)) {
          throw new ProblemError('name_in_use', `There is an account ${account.id} already.`);
        }
        await writeAccounts(database, [account]);
        const after = await requireAccount(database, account.id, everything);
        await writeAudit(database, callerOf(request), {
          action: 'account.created',
          objectId: account.id,
          accountId: account.id,
          domainId: account.domainId,
          after,
        });
        return after;
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
      bodyLimit: largeBodyBytesMax,
      schema: {
        summary: 'Make and change many accounts, all or none',
        tags,
        body: { $ref: 'AccountImport#' },
        response: { 200: answer('Imported', 'What was done.'), ...problems },
      },
    },
    async request => {
      const { items } = request.body;
      const done = await inTransaction(store, async database => {
        const written = await writeAccounts(database, items);
        await noteImport(database, callerOf(request), { kind: 'account', items, written });
        return written;
      });
      return { ...done, unchanged: items.length - done.created - done.updated };
    },
  );
}

async function requireDomain(database: Database, id: string, visibility: Visibility) {
  const domain = await findDomain(database, id, visibility);
  if (!domain) throw new ProblemError('not_found', `There is no domain ${id}.`);
  return domain;
}

async function requireAccount(
  database: Database,
  id: string,
  visibility: Visibility,
): Promise<AccountFacts> {
  const account = await findAccount(database, id, visibility);
  if (!account) throw new ProblemError('not_found', `There is no account ${id}.`);
  return account;
}
