/** Messages that could not be understood: list, show, delete. */
import type { FastifyInstance } from 'fastify';

import { databaseOf, inTransaction } from '../store/open.ts';
import type { Store } from '../store/open.ts';
import { deleteQuarantined, findQuarantined, listQuarantined } from '../store/query-quarantine.ts';
import { callerOf } from './authenticate.ts';
import type { ApiOptions } from './context.ts';
import { decodeCursor, listOf, pageQuery, toPage, uuidKey } from './page.ts';
import type { PageQuery } from './page.ts';
import { noteChange } from './note-change.ts';
import { ProblemError } from './problem.ts';
import { answer, idParams, noContent, problems } from './route.ts';
import type { IdParams } from './route.ts';

const tags = ['quarantine'];

const listQuery = {
  type: 'object',
  additionalProperties: false,
  properties: {
    ...pageQuery,
    source: { type: 'string', description: 'The configured source it came by.' },
  },
} as const;

export function registerQuarantineRoutes(app: FastifyInstance, { store }: ApiOptions): void {
  app.get<{ Querystring: PageQuery & { source?: string } }>(
    '/v1/quarantine',
    {
      schema: {
        summary: 'List messages that could not be understood, newest first',
        tags,
        querystring: listQuery,
        response: { 200: listOf('Quarantined', 'Messages.'), ...problems },
      },
    },
    async ({ query }) => {
      const { limit, source } = query;
      const rows = await listQuarantined(databaseOf(store), {
        limit: limit + 1,
        ...(source !== undefined && { source }),
        ...decodeCursor(query, uuidKey),
      });
      return toPage(
        rows,
        limit,
        ({ id }) => id,
        row => row,
      );
    },
  );

  app.get<{ Params: IdParams }>(
    '/v1/quarantine/:id',
    {
      schema: {
        summary: 'Show such a message with its bytes',
        tags,
        params: idParams,
        response: { 200: answer('QuarantinedDetail', 'The message.'), ...problems },
      },
    },
    async ({ params: { id } }) => {
      const message = await findQuarantined(databaseOf(store), id);
      if (!message) throw noMessage(id);
      return { ...message, body: message.body?.toString('base64') ?? null };
    },
  );

  registerDeleting(app, store);
}

function registerDeleting(app: FastifyInstance, store: Store): void {
  app.delete<{ Params: IdParams }>(
    '/v1/quarantine/:id',
    {
      schema: {
        summary: 'Delete such a message for good',
        tags,
        params: idParams,
        response: { 204: noContent, ...problems },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      await inTransaction(store, async database => {
        const before = await findQuarantined(database, id);
        if (!before || !(await deleteQuarantined(database, id))) throw noMessage(id);
        const { source, position, reason } = before;
        await noteChange(database, callerOf(request), {
          action: 'quarantined.deleted',
          objectId: id,
          before: { source, position, reason },
        });
      });
      return reply.code(204).send();
    },
  );
}

const noMessage = (id: string): ProblemError =>
  new ProblemError('not_found', `There is no message ${id} in the quarantine.`);
