/** A user's pairs of API key and secret key: list, create, delete. */
import { Type } from 'typebox';

import { createApiKey } from '../../access/api-key.ts';
import { uuid, instant, nullable, text } from '../../event/schema.ts';
import { deleteApiKey, listApiKeys } from '../../store/access/api-key.ts';
import { databaseOf } from '../../store/database.ts';
import { callerOf } from '../http/authenticate.ts';
import { changing } from '../http/changing.ts';
import type { ApiOptions, RouteGroup } from '../context.ts';
import { byId, listPage } from '../http/page.ts';
import { ProblemError } from '../http/problem.ts';
import { answer, closed, listAnswer, noContent, pageQuery, problems } from '../http/schema.ts';
import type { Routes } from '../http/schema.ts';
import { requireFullAccess } from './escalation.ts';
import { ofUser, requireUser } from './require-user.ts';
import { userParams } from './user-routes.ts';

const keyFields = {
  id: uuid(),
  apiKey: text(),
  created: instant(),
  lastUsedAt: nullable(instant({ description: 'Accurate to the minute.' })),
};

const apiKey = Type.Object(keyFields, {
  $id: 'ApiKey',
  description: 'An API key, without its secret key.',
});

const createdApiKey = Type.Object(
  { ...keyFields, secretKey: text({ description: 'Shown only once.' }) },
  { $id: 'MadeApiKey', description: 'An API key that was just created, with its secret key.' },
);

const tags = ['access'];

const schemas = {
  list: {
    operationId: 'listKeys',
    summary: "List a user's API keys",
    description: 'Without their secret keys.',
    tags,
    params: userParams,
    querystring: closed(pageQuery),
    response: { 200: listAnswer(apiKey, 'API keys, without their secrets.'), ...problems },
  },
  create: {
    operationId: 'createKey',
    summary: 'Create an API key with its secret key',
    description: "For requests that are signed like those to CloudStack's API.",
    tags,
    params: userParams,
    response: {
      201: answer(createdApiKey, 'The API key and its secret key, which is shown only once.'),
      ...problems,
    },
  },
  delete: {
    operationId: 'revokeKey',
    summary: 'Revoke an API key',
    description: 'It stops working at once.',
    tags,
    params: Type.Object({
      ...userParams.properties,
      id: uuid({ description: 'The id of the key, which is not the key.' }),
    }),
    response: { 204: noContent, ...problems },
  },
};

export const keyRoutes: RouteGroup = {
  schemas: [apiKey, createdApiKey],
  register: registerKeyRoutes,
};

function registerKeyRoutes(app: Routes, { store, secretKey: key }: ApiOptions): void {
  app.get('/v1/users/:username/keys', { schema: schemas.list }, async request => {
    const { params, query } = request;
    const database = databaseOf(store);
    const user = await requireUser(database, params.username, callerOf(request).visibility);
    return listPage(query, byId, page => listApiKeys(database, user.id, page));
  });

  app.post('/v1/users/:username/keys', { schema: schemas.create }, async (request, reply) => {
    const caller = callerOf(request);
    requireFullAccess(caller.principal);
    const { pair } = await changing(store, caller, 'key.created', async database => {
      const user = await requireUser(database, request.params.username, caller.visibility);
      const created = await createApiKey(database, { userId: user.id, key });
      const after = { id: created.id, apiKey: created.apiKey };
      return { ...ofUser(user), after, pair: created };
    });
    return reply.code(201).send(pair);
  });

  app.delete('/v1/users/:username/keys/:id', { schema: schemas.delete }, async (request, reply) => {
    const caller = callerOf(request);
    const { username, id: keyId } = request.params;
    await changing(store, caller, 'key.deleted', async database => {
      const user = await requireUser(database, username, caller.visibility);
      const before = await deleteApiKey(database, user.id, keyId);
      if (!before) throw new ProblemError('not_found', `${username} has no API key ${keyId}.`);
      return { ...ofUser(user), before };
    });
    return reply.code(204).send();
  });
}
