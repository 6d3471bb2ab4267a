/** Messages that could not be understood: list, show, read again, delete. */
import type { FastifyInstance } from 'fastify';

import { databaseOf, inTransaction } from '../../store/database.ts';
import type { Store } from '../../store/database.ts';
import {
  deleteQuarantined,
  findQuarantined,
  listQuarantined,
} from '../../store/event/query-quarantine.ts';
import { callerOf } from '../http/authenticate.ts';
import type { ApiOptions, RedriveControl } from '../context.ts';
import { decodeCursor, listOf, pageQuery, toPage, uuidKey } from '../http/page.ts';
import type { PageQuery } from '../http/page.ts';
import { writeAudit } from '../setting/write-audit.ts';
import { ProblemError } from '../http/problem.ts';
import { answer, idParams, noContent, problems } from '../http/route.ts';
import type { IdParams } from '../http/route.ts';

const tags = ['quarantine'];

const listQuery = {
  type: 'object',
  additionalProperties: false,
  properties: {
    ...pageQuery,
    source: { type: 'string', description: 'The configured source it came by.' },
  },
} as const;

export function registerQuarantineRoutes(app: FastifyInstance, options: ApiOptions): void {
  const { store } = options;
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
  registerRetry(app, options);
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
        await writeAudit(database, callerOf(request), {
          action: 'quarantined.deleted',
          objectId: id,
          before: { source, position, reason },
        });
      });
      return reply.code(204).send();
    },
  );
}

function registerRetry(app: FastifyInstance, { store, retry }: ApiOptions): void {
  app.post<{ Params: IdParams }>(
    '/v1/quarantine/:id/retry',
    {
      schema: {
        summary: 'Read such a message again',
        description:
          "The source's present decoder reads it and its events are recorded and delivered like any others, with the time of now. When it cannot be understood again it stays, with the new reason.",
        tags,
        params: idParams,
        response: { 200: answer('Retried', 'What became of it.'), ...problems },
      },
    },
    async request => {
      const { id } = request.params;
      const before = await findQuarantined(databaseOf(store), id);
      if (!before) throw noMessage(id);
      const { source, position, reason } = before;
      // Recording is a transaction of its own. It is noted before, so that nothing is recorded without a trace.
      await writeAudit(databaseOf(store), callerOf(request), {
        action: 'quarantined.retried',
        objectId: id,
        before: { source, position, reason },
      });
      return presentRetry(id, await retry(id));
    },
  );
}

function presentRetry(id: string, result: Awaited<ReturnType<RedriveControl>>) {
  switch (result.kind) {
    case 'recorded':
      return { outcome: 'recorded', eventIds: result.eventIds, reason: null };
    case 'quarantined':
      return { outcome: 'quarantined', eventIds: [], reason: result.reason };
    case 'missing':
      throw noMessage(id);
    case 'unknown-source':
      throw new ProblemError(
        'source_unknown',
        `The message came by ${result.source}, and no source of that name is configured here to read it.`,
      );
    case 'busy':
      throw new ProblemError('intake_busy', 'Nothing was changed. Try again in a moment.');
  }
}

const noMessage = (id: string): ProblemError =>
  new ProblemError('not_found', `There is no message ${id} in the quarantine.`);
