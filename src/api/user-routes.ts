/** Users: list, make, new password, delete. */
import type { FastifyInstance } from 'fastify';

import { hashPassword } from '../access/password.ts';
import type { Principal } from '../access/session.ts';
import type { Role } from '../store/app-user.ts';
import { databaseOf, inTransaction } from '../store/open.ts';
import type { Store } from '../store/open.ts';
import { findAccount } from '../store/query-directory.ts';
import { deleteUser, insertUser, listUsers, replacePassword } from '../store/query-user.ts';
import type { UserFacts } from '../store/query-user.ts';
import { principalOf } from './authenticate.ts';
import type { ApiOptions } from './context.ts';
import { decodeCursor, listOf, pageQuery, textKey, toPage } from './page.ts';
import type { PageQuery } from './page.ts';
import { ProblemError } from './problem.ts';
import { answer, noContent, problems } from './route.ts';

interface NewUser {
  readonly username: string;
  readonly password: string;
  readonly role: Role;
  readonly accountId?: string;
}

const tags = ['access'];
const params = {
  type: 'object',
  required: ['username'],
  properties: { username: { type: 'string', maxLength: 255 } },
} as const;

const schemas = {
  list: {
    summary: 'List users, by name',
    tags,
    querystring: { type: 'object', additionalProperties: false, properties: pageQuery },
    response: { 200: listOf('User', 'Users.'), ...problems },
  },
  make: {
    summary: 'Make a user',
    tags,
    body: { $ref: 'NewUser#' },
    response: { 201: answer('User', 'The user.'), ...problems },
  },
  change: {
    summary: 'Give a user a new password; their tokens and sessions end',
    tags,
    params,
    body: { $ref: 'UserChange#' },
    response: { 204: noContent, ...problems },
  },
  remove: {
    summary: 'Delete a user and their tokens',
    tags,
    params,
    response: { 204: noContent, ...problems },
  },
};

export function registerUserRoutes(app: FastifyInstance, { store }: ApiOptions): void {
  app.get<{ Querystring: PageQuery }>('/v1/users', { schema: schemas.list }, async ({ query }) => {
    const cursor = decodeCursor(query, textKey);
    const rows = await listUsers(databaseOf(store), { limit: query.limit + 1, ...cursor });
    return toPage(rows, query.limit, ({ username }) => username, present);
  });

  app.post<{ Body: NewUser }>(
    '/v1/users',
    { schema: schemas.make },
    async ({ body, principal }, reply) => {
      const made = await makeUser(store, principalOf(principal), body);
      return reply.code(201).send(present(made));
    },
  );

  app.patch<{ Params: { username: string }; Body: { password: string } }>(
    '/v1/users/:username',
    { schema: schemas.change },
    async ({ params: { username }, body }, reply) => {
      const hash = await hashPassword(body.password);
      if (!(await replacePassword(databaseOf(store), username, hash))) throw noUser(username);
      return reply.code(204).send();
    },
  );

  app.delete<{ Params: { username: string } }>(
    '/v1/users/:username',
    { schema: schemas.remove },
    async ({ params: { username } }, reply) => {
      const outcome = await inTransaction(store, database => deleteUser(database, username));
      if (outcome === 'unknown') throw noUser(username);
      if (outcome === 'last-admin') throw new ProblemError('last_admin', 'Make another one first.');
      return reply.code(204).send();
    },
  );
}

async function makeUser(
  store: Store,
  principal: Principal,
  { password, ...wanted }: NewUser,
): Promise<UserFacts> {
  const accountId = wanted.accountId ?? principal.accountId;
  const database = databaseOf(store);
  if (accountId !== undefined && !(await findAccount(database, accountId))) {
    throw new ProblemError('account_invalid', `There is no account ${accountId}.`);
  }
  const made = await insertUser(database, {
    ...wanted,
    passwordHash: await hashPassword(password),
    ...(accountId !== undefined && { accountId }),
  });
  if (made) return made;
  throw new ProblemError('name_in_use', `There is a user ${wanted.username} already.`);
}

const noUser = (username: string): ProblemError =>
  new ProblemError('not_found', `There is no user ${username}.`);

function present({ username, role, accountId, created }: UserFacts) {
  return { username, role, accountId, created };
}
