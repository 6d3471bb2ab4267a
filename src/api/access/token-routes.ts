/** The tokens a user creates for programs: list, create, delete. */
import { Type } from 'typebox';

import { createToken, hashToken } from '../../access/token.ts';
import { arrayOf, uuid, instant, line, nullable, oneOf, text, whole } from '../../event/schema.ts';
import { fullScopes, tokenScopes } from '../../store/schema/access-words.ts';
import { databaseOf } from '../../store/database.ts';
import { deleteToken, insertToken, listTokens } from '../../store/access/token.ts';
import { callerOf } from '../http/authenticate.ts';
import type { Caller } from '../http/authenticate.ts';
import { changing } from '../http/changing.ts';
import type { ApiOptions, RouteGroup } from '../context.ts';
import { byId, listPage } from '../http/page.ts';
import { ProblemError } from '../http/problem.ts';
import {
  answer,
  closed,
  defaulted,
  idParams,
  listAnswer,
  noContent,
  pageQuery,
  problems,
  ref,
} from '../http/schema.ts';
import type { Routes } from '../http/schema.ts';
import { refuseEscalation } from './escalation.ts';

export const scopes = arrayOf(oneOf(tokenScopes), {
  minItems: 1,
  uniqueItems: true,
  description:
    '`read` allows GET requests, `write` all requests that change something, `ingest` only POST /v1/events.',
});

const tokenFields = {
  id: uuid(),
  name: line(),
  scopes,
  created: instant(),
  expiresAt: nullable(instant()),
  lastUsedAt: nullable(instant({ description: 'Accurate to the minute.' })),
};

const token = Type.Object(tokenFields, {
  $id: 'Token',
  description: 'A token of a user, without its value.',
});

const newToken = closed(
  {
    name: line(),
    scopes: defaulted(scopes, fullScopes),
    expiresInDays: Type.Optional(
      whole({ minimum: 1, maximum: 3_650, description: 'Never expires when absent.' }),
    ),
  },
  { $id: 'NewToken', description: 'A token to create.' },
);

const createdToken = Type.Object(
  { ...tokenFields, token: text({ description: 'Shown only once.' }) },
  { $id: 'MadeToken', description: 'A token that was just created, with its value.' },
);

const DAY_MS = 86_400_000;
const tags = ['access'];

const schemas = {
  list: {
    operationId: 'listTokens',
    summary: 'List your tokens',
    description: 'Your own tokens only, without their secret values.',
    tags,
    querystring: closed(pageQuery),
    response: { 200: listAnswer(token, 'Tokens, without their secrets.'), ...problems },
  },
  create: {
    operationId: 'createToken',
    summary: 'Create a token for a program that acts on your behalf',
    description: 'The answer shows the token once; it cannot be read again.',
    tags,
    body: ref(newToken),
    response: { 201: answer(createdToken, 'The token; it is shown only once.'), ...problems },
  },
  delete: {
    operationId: 'revokeToken',
    summary: 'Revoke one of your tokens',
    description: 'It stops working at once.',
    tags,
    params: idParams,
    response: { 204: noContent, ...problems },
  },
};

export const tokenRoutes: RouteGroup = {
  schemas: [token, newToken, createdToken],
  register: registerTokenRoutes,
};

function registerTokenRoutes(app: Routes, { store, now }: ApiOptions): void {
  app.get('/v1/tokens', { schema: schemas.list }, async request => {
    const { userId } = callerOf(request).principal;
    return listPage(request.query, byId, page => listTokens(databaseOf(store), userId, page));
  });

  app.post('/v1/tokens', { schema: schemas.create }, async (request, reply) => {
    const { expiresInDays: days, ...wanted } = request.body;
    const caller = callerOf(request);
    const expiresAt = days === undefined ? undefined : new Date(now() + days * DAY_MS);
    refuseEscalation(caller.principal, { ...wanted, expiresAt });
    const secret = createToken();
    const { after } = await changing(store, caller, 'token.created', async database => {
      const created = await insertToken(database, {
        ...wanted,
        userId: caller.principal.userId,
        kind: 'token',
        tokenHash: hashToken(secret),
        expiresAt,
      });
      return { ...ofToken(caller, created.id), after: created };
    });
    return reply.code(201).send({ ...after, token: secret });
  });

  app.delete('/v1/tokens/:id', { schema: schemas.delete }, async (request, reply) => {
    const caller = callerOf(request);
    const { id: tokenId } = request.params;
    await changing(store, caller, 'token.deleted', async database => {
      const before = await deleteToken(database, caller.principal.userId, tokenId);
      if (!before) throw new ProblemError('not_found', `You have no token ${tokenId}.`);
      return { ...ofToken(caller, tokenId), before };
    });
    return reply.code(204).send();
  });
}

/** The object of a change and its owner, for the audit. */
const ofToken = ({ principal: { accountId } }: Caller, tokenId: string) => ({
  objectId: tokenId,
  accountId,
});
