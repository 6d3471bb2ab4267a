/** The tokens a user makes for programs. */
import type { FastifyInstance } from 'fastify';

import { createToken, hashToken } from '../../access/token.ts';
import type { TokenScope } from '../../store/schema/access.ts';
import { databaseOf, inTransaction } from '../../store/database.ts';
import { deleteToken, insertToken, listTokens } from '../../store/access/query-user.ts';
import { callerOf } from '../http/authenticate.ts';
import type { Caller } from '../http/authenticate.ts';
import type { ApiOptions } from '../context.ts';
import { writeAudit } from '../setting/write-audit.ts';
import { decodeCursor, listOf, pageQuery, toPage, uuidKey } from '../http/page.ts';
import type { PageQuery } from '../http/page.ts';
import { ProblemError } from '../http/problem.ts';
import { requireLasting } from './require-lasting.ts';
import { answer, idParams, noContent, problems } from '../http/route.ts';
import type { IdParams } from '../http/route.ts';

interface NewToken {
  readonly name: string;
  readonly scopes: readonly TokenScope[];
  readonly expiresInDays?: number;
}

const DAY_MS = 86_400_000;
const tags = ['access'];

const schemas = {
  list: {
    summary: 'List your tokens',
    tags,
    querystring: { type: 'object', additionalProperties: false, properties: pageQuery },
    response: { 200: listOf('Token', 'Tokens, without what proves them.'), ...problems },
  },
  make: {
    summary: 'Make a token for a program that acts for you',
    tags,
    body: { $ref: 'NewToken#' },
    response: { 201: answer('MadeToken', 'The token; it is shown this once.'), ...problems },
  },
  remove: {
    summary: 'Take back one of your tokens',
    tags,
    params: idParams,
    response: { 204: noContent, ...problems },
  },
};

export function registerTokenRoutes(app: FastifyInstance, options: ApiOptions): void {
  registerMaking(app, options);
  const { store } = options;
  app.get<{ Querystring: PageQuery }>('/v1/tokens', { schema: schemas.list }, async request => {
    const { query } = request;
    const cursor = decodeCursor(query, uuidKey);
    const { userId } = callerOf(request).principal;
    const rows = await listTokens(databaseOf(store), userId, {
      limit: query.limit + 1,
      ...cursor,
    });
    return toPage(
      rows,
      query.limit,
      ({ id }) => id,
      row => row,
    );
  });

  app.delete<{ Params: IdParams }>(
    '/v1/tokens/:id',
    { schema: schemas.remove },
    async (request, reply) => {
      const { id } = request.params;
      const caller = callerOf(request);
      await inTransaction(store, async database => {
        const before = await deleteToken(database, caller.principal.userId, id);
        if (!before) throw new ProblemError('not_found', `You have no token ${id}.`);
        await writeAudit(database, caller, {
          action: 'token.deleted',
          ...ofToken(caller, id),
          before,
        });
      });
      return reply.code(204).send();
    },
  );
}

function registerMaking(app: FastifyInstance, { store, now }: ApiOptions): void {
  app.post<{ Body: NewToken }>('/v1/tokens', { schema: schemas.make }, async (request, reply) => {
    const { name, expiresInDays, scopes } = request.body;
    const caller = callerOf(request);
    const { userId } = caller.principal;
    const expiresAt =
      expiresInDays === undefined ? {} : { expiresAt: new Date(now() + expiresInDays * DAY_MS) };
    requireLasting(caller.principal, { scopes, ...expiresAt });
    const token = createToken();
    const made = await inTransaction(store, async database => {
      const row = await insertToken(database, {
        userId,
        kind: 'token',
        name,
        scopes,
        tokenHash: hashToken(token),
        ...expiresAt,
      });
      await writeAudit(database, caller, {
        action: 'token.created',
        ...ofToken(caller, row.id),
        after: row,
      });
      return row;
    });
    return reply.code(201).send({ ...made, token });
  });
}

const ofToken = ({ principal }: Caller, id: string) => ({
  objectId: id,
  ...(principal.accountId !== undefined && { accountId: principal.accountId }),
});
