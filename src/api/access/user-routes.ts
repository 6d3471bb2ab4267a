/** Users: list, create, update, delete. */
import { Type } from 'typebox';
import type { Static } from 'typebox';

import { hashPassword, passwordLengthMin } from '../../access/password.ts';
import { cloudId, instant, line, nullable, oneOf, text } from '../../event/schema.ts';
import { roles } from '../../store/schema/access-words.ts';
import { databaseOf } from '../../store/database.ts';
import type { Database, Store } from '../../store/database.ts';
import { findAccount } from '../../store/directory/account.ts';
import { deleteUser, insertUser, listUsers } from '../../store/access/user.ts';
import type { UserRow } from '../../store/access/user.ts';
import { callerOf } from '../http/authenticate.ts';
import type { Caller } from '../http/authenticate.ts';
import { changing } from '../http/changing.ts';
import type { ApiOptions, RouteGroup } from '../context.ts';
import { listPage, textKey } from '../http/page.ts';
import { ProblemError } from '../http/problem.ts';
import {
  answer,
  closed,
  defaulted,
  listAnswer,
  noContent,
  pageQuery,
  problems,
  ref,
} from '../http/schema.ts';
import type { Routes } from '../http/schema.ts';
import { changeUser } from './change-user.ts';
import { requireFullAccess } from './escalation.ts';
import { noUser, ofUser, requireUser } from './require-user.ts';

export const username = line({ pattern: String.raw`^[^\u0000\s/][^\u0000/]*$` });
const password = text({ minLength: passwordLengthMin, maxLength: 1_024 });
const role = oneOf(roles);

const user = Type.Object(
  {
    username,
    role,
    accountId: nullable(text()),
    issuer: nullable(
      text({
        description:
          'OpenID provider that the user logs in with; null for a user with a password here.',
      }),
    ),
    created: instant(),
  },
  { $id: 'User', description: 'A user.' },
);

const newUser = closed(
  {
    username,
    password,
    role: defaulted(
      oneOf(roles, {
        description: 'DomainAdmin and User need an account; only an Admin can create an Admin.',
      }),
      'User',
    ),
    accountId: Type.Optional(
      cloudId({
        description: 'Account that owns what the user creates. Your own when absent.',
      }),
    ),
  },
  { $id: 'NewUser', description: 'A user to create.' },
);

const userChange = closed(
  {
    password: Type.Optional(password),
    role: Type.Optional(oneOf(roles, { description: 'Only an Admin can make an Admin.' })),
    accountId: Type.Optional(cloudId({ description: 'Account that owns what the user creates.' })),
  },
  { $id: 'UserChange', minProperties: 1, description: 'What changes about a user.' },
);

export const userParams = Type.Object({
  username: text({ maxLength: 255, description: 'The name that the user logs in with.' }),
});

const tags = ['access'];

const schemas = {
  list: {
    operationId: 'listUsers',
    summary: 'List users, by name',
    description:
      'The users that you may see: all for an Admin, those of the domain and below for a DomainAdmin, those of the account for a User.',
    tags,
    querystring: closed(pageQuery),
    response: { 200: listAnswer(user, 'Users.'), ...problems },
  },
  create: {
    operationId: 'createUser',
    summary: 'Create a user',
    description:
      'A user with a password here; whoever logs in with an OpenID provider is created by that.',
    tags,
    body: ref(newUser),
    response: { 201: answer(user, 'The user.'), ...problems },
  },
  update: {
    operationId: 'updateUser',
    summary: 'Update a user: password, role, account',
    description:
      'A new password revokes their tokens, keys and sessions; a new role or account holds for these from the next request on. Users may set their own password, admins all of it for their users, but for nobody their own role or account. Whoever logs in with an OpenID provider is changed there.',
    tags,
    params: userParams,
    body: ref(userChange),
    response: { 204: noContent, ...problems },
  },
  delete: {
    operationId: 'deleteUser',
    summary: 'Delete a user and their tokens',
    description:
      'Their sessions, tokens and API keys stop working at once; webhooks belong to the account and stay.',
    tags,
    params: userParams,
    response: { 204: noContent, ...problems },
  },
};

const byName = { shape: textKey, of: (row: UserRow) => row.username };

export const userRoutes: RouteGroup = {
  schemas: [user, newUser, userChange],
  register: registerUserRoutes,
};

function registerUserRoutes(app: Routes, { store }: ApiOptions): void {
  app.get('/v1/users', { schema: schemas.list }, async request => {
    const { visibility } = callerOf(request);
    return listPage(request.query, byName, page => listUsers(databaseOf(store), visibility, page));
  });

  app.post('/v1/users', { schema: schemas.create }, async (request, reply) =>
    reply.code(201).send(await createUser(store, callerOf(request), request.body)),
  );

  app.patch('/v1/users/:username', { schema: schemas.update }, async (request, reply) => {
    await changeUser(store, callerOf(request), request.params.username, request.body);
    return reply.code(204).send();
  });

  app.delete('/v1/users/:username', { schema: schemas.delete }, async (request, reply) => {
    const caller = callerOf(request);
    await changing(store, caller, 'user.deleted', async database => {
      const before = await requireUser(database, request.params.username, caller.visibility);
      const done = await deleteUser(database, before.username);
      if (done === 'unknown') throw noUser(before.username);
      if (done === 'last-admin')
        throw new ProblemError('last_admin', 'Create another admin first.');
      return { ...ofUser(before), before };
    });
    return reply.code(204).send();
  });
}

async function createUser(
  store: Store,
  caller: Caller,
  { password: chosen, ...wanted }: Static<typeof newUser>,
): Promise<UserRow> {
  const { principal } = caller;
  requireFullAccess(principal);
  if (wanted.role === 'Admin' && principal.role !== 'Admin') {
    throw new ProblemError(
      'forbidden',
      `${principal.role} may not create a user with the role Admin`,
    );
  }
  const accountId = await requireOwnAccount(databaseOf(store), caller, wanted);
  const passwordHash = await hashPassword(chosen);
  const { after } = await changing(store, caller, 'user.created', async database => {
    const created = await insertUser(database, { ...wanted, passwordHash, accountId });
    if (!created) {
      throw new ProblemError('name_in_use', `There is a user ${wanted.username} already.`);
    }
    return { ...ofUser(created), after: created };
  });
  return after;
}

/** The account of a new user; undefined for an Admin without one. @throws {ProblemError} account_invalid */
async function requireOwnAccount(
  database: Database,
  { principal, visibility }: Caller,
  { role: wanted, accountId = principal.accountId }: Omit<Static<typeof newUser>, 'password'>,
): Promise<string | undefined> {
  if (accountId === undefined) {
    if (wanted === 'Admin') return undefined;
    throw new ProblemError('account_invalid', `A user with the role ${wanted} needs an account.`);
  }
  if (await findAccount(database, accountId, visibility)) return accountId;
  throw new ProblemError('account_invalid', `There is no account ${accountId}.`);
}
