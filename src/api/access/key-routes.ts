/** Pairs of API key and secret key of a user: list, make, take back. */
import type { FastifyInstance } from 'fastify';

import { makeApiKey } from '../../access/api-key.ts';
import { deleteApiKey, listApiKeys } from '../../store/access/api-key.ts';
import { databaseOf, inTransaction } from '../../store/database.ts';
import { callerOf } from '../http/authenticate.ts';
import type { ApiOptions } from '../context.ts';
import { writeAudit } from '../setting/write-audit.ts';
import { decodeCursor, listOf, pageQuery, toPage, uuidKey } from '../http/page.ts';
import type { PageQuery } from '../http/page.ts';
import { ProblemError } from '../http/problem.ts';
import { requireEverything } from './require-lasting.ts';
import { answer, noContent, problems } from '../http/route.ts';
import { ofUser, requireUser } from './user-routes.ts';

interface OfUser {
  readonly username: string;
}

const tags = ['access'];
const username = { type: 'string', maxLength: 255 } as const;
const userParams = { type: 'object', required: ['username'], properties: { username } } as const;
const keyParams = {
  type: 'object',
  required: ['username', 'id'],
  properties: { username, id: { type: 'string', format: 'uuid' } },
} as const;

const schemas = {
  list: {
    summary: "List a user's API keys",
    tags,
    params: userParams,
    querystring: { type: 'object', additionalProperties: false, properties: pageQuery },
    response: { 200: listOf('ApiKey', 'API keys, without their secrets.'), ...problems },
  },
  make: {
    summary: 'Make a pair of API key and secret key',
    description: "For requests that are signed as CloudStack's are.",
    tags,
    params: userParams,
    response: {
      201: answer('MadeApiKey', 'The pair; the secret is shown this once.'),
      ...problems,
    },
  },
  remove: {
    summary: 'Take back an API key',
    tags,
    params: keyParams,
    response: { 204: noContent, ...problems },
  },
};

export function registerKeyRoutes(app: FastifyInstance, options: ApiOptions): void {
  registerMaking(app, options);
  registerRemoving(app, options);
  const { store } = options;
  app.get<{ Params: OfUser; Querystring: PageQuery }>(
    '/v1/users/:username/keys',
    { schema: schemas.list },
    async request => {
      const { limit } = request.query;
      const database = databaseOf(store);
      const user = await requireUser(
        database,
        request.params.username,
        callerOf(request).visibility,
      );
      const cursor = decodeCursor(request.query, uuidKey);
      const rows = await listApiKeys(database, user.id, { limit: limit + 1, ...cursor });
      return toPage(
        rows,
        limit,
        ({ id }) => id,
        row => row,
      );
    },
  );
}

function registerMaking(app: FastifyInstance, { store, secretKey: key }: ApiOptions): void {
  app.post<{ Params: OfUser }>(
    '/v1/users/:username/keys',
    { schema: schemas.make },
    async (request, reply) => {
      const made = await inTransaction(store, async database => {
        const caller = callerOf(request);
        requireEverything(caller.principal);
        const user = await requireUser(database, request.params.username, caller.visibility);
        const pair = await makeApiKey(database, { userId: user.id, key });
        const { id, apiKey } = pair;
        await writeAudit(database, caller, {
          action: 'key.created',
          ...ofUser(user),
          after: { id, apiKey },
        });
        return pair;
      });
      return reply.code(201).send(made);
    },
  );
}

function registerRemoving(app: FastifyInstance, { store }: ApiOptions): void {
  app.delete<{ Params: OfUser & { id: string } }>(
    '/v1/users/:username/keys/:id',
    { schema: schemas.remove },
    async (request, reply) => {
      const { username: name, id } = request.params;
      await inTransaction(store, async database => {
        const caller = callerOf(request);
        const user = await requireUser(database, name, caller.visibility);
        const before = await deleteApiKey(database, user.id, id);
        if (!before) throw new ProblemError('not_found', `${name} has no API key ${id}.`);
        await writeAudit(database, caller, { action: 'key.deleted', ...ofUser(user), before });
      });
      return reply.code(204).send();
    },
  );
}
