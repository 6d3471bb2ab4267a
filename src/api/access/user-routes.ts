/** Users: list, make, new password, delete. */
import type { FastifyInstance } from 'fastify';

import { hashPassword } from '../../access/password.ts';
import type { Role } from '../../store/schema/access.ts';
import { databaseOf, inTransaction } from '../../store/database.ts';
import type { Database, Store } from '../../store/database.ts';
import { findAccount } from '../../store/directory/query-directory.ts';
import {
  deleteUser,
  findUserWithin,
  insertUser,
  listUsers,
  replacePassword,
} from '../../store/access/query-user.ts';
import type { UserFacts } from '../../store/access/query-user.ts';
import type { Visibility } from '../../store/sql/visibility.ts';
import { callerOf } from '../http/authenticate.ts';
import type { Caller } from '../http/authenticate.ts';
import type { ApiOptions } from '../context.ts';
import { writeAudit } from '../setting/write-audit.ts';
import { decodeCursor, listOf, pageQuery, textKey, toPage } from '../http/page.ts';
import type { PageQuery } from '../http/page.ts';
import { ProblemError } from '../http/problem.ts';
import { requireEverything } from './require-lasting.ts';
import { answer, noContent, problems } from '../http/route.ts';

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
  app.get<{ Querystring: PageQuery }>('/v1/users', { schema: schemas.list }, async request => {
    const { query } = request;
    const { visibility } = callerOf(request);
    const cursor = decodeCursor(query, textKey);
    const rows = await listUsers(databaseOf(store), visibility, {
      limit: query.limit + 1,
      ...cursor,
    });
    return toPage(rows, query.limit, ({ username }) => username, present);
  });

  app.post<{ Body: NewUser }>('/v1/users', { schema: schemas.make }, async (request, reply) => {
    const caller = callerOf(request);
    requireEverything(caller.principal);
    const made = await makeUser(store, caller, request.body);
    return reply.code(201).send(present(made));
  });

  app.patch<{ Params: { username: string }; Body: { password: string } }>(
    '/v1/users/:username',
    { schema: schemas.change },
    async (request, reply) => {
      const { username } = request.params;
      const caller = callerOf(request);
      requireEverything(caller.principal);
      const hash = await hashPassword(request.body.password);
      await inTransaction(store, async database => {
        const user = await requireUser(database, username, caller.visibility);
        if (user.issuer !== null) {
          throw new ProblemError('user_external', `${username} logs in at ${user.issuer}.`);
        }
        await replacePassword(database, username, hash);
        await writeAudit(database, caller, { action: 'user.password_changed', ...ofUser(user) });
      });
      return reply.code(204).send();
    },
  );

  app.delete<{ Params: { username: string } }>(
    '/v1/users/:username',
    { schema: schemas.remove },
    async (request, reply) => {
      const { username } = request.params;
      const outcome = await inTransaction(store, async database => {
        const caller = callerOf(request);
        const before = await requireUser(database, username, caller.visibility);
        const done = await deleteUser(database, username);
        if (done === 'deleted') {
          await writeAudit(database, caller, { action: 'user.deleted', ...ofUser(before), before });
        }
        return done;
      });
      if (outcome === 'unknown') throw noUser(username);
      if (outcome === 'last-admin') throw new ProblemError('last_admin', 'Make another one first.');
      return reply.code(204).send();
    },
  );
}

async function makeUser(
  store: Store,
  caller: Caller,
  { password, ...wanted }: NewUser,
): Promise<UserFacts> {
  const { principal, visibility } = caller;
  const { role } = wanted;
  if (role === 'Admin' && principal.role !== 'Admin') {
    throw new ProblemError('forbidden', `${principal.role} may not make a user with role Admin`);
  }
  const accountId = wanted.accountId ?? principal.accountId;
  const database = databaseOf(store);
  if (accountId === undefined && role !== 'Admin') {
    throw new ProblemError('account_invalid', `A user with role ${role} needs an account.`);
  }
  if (accountId !== undefined && !(await findAccount(database, accountId, visibility))) {
    throw new ProblemError('account_invalid', `There is no account ${accountId}.`);
  }
  const passwordHash = await hashPassword(password);
  return inTransaction(store, async within => {
    const values = { ...wanted, passwordHash, ...(accountId !== undefined && { accountId }) };
    const made = await insertUser(within, values);
    if (!made) {
      throw new ProblemError('name_in_use', `There is a user ${wanted.username} already.`);
    }
    await writeAudit(within, caller, { action: 'user.created', ...ofUser(made), after: made });
    return made;
  });
}

/** @throws {ProblemError} not_found */
export async function requireUser(
  database: Database,
  username: string,
  visibility: Visibility,
): Promise<UserFacts> {
  const user = await findUserWithin(database, username, visibility);
  if (!user) throw noUser(username);
  return user;
}

/** Whose change it is, for the audit. An Admin is nobody's but the Admins'. */
export const ofUser = ({ username, accountId, role }: UserFacts) => ({
  objectId: username,
  ...(role !== 'Admin' && { accountId }),
});

const noUser = (username: string): ProblemError =>
  new ProblemError('not_found', `There is no user ${username}.`);

function present({ username, role, accountId, issuer, created }: UserFacts) {
  return { username, role, accountId, issuer, created };
}
