/** How far the directory is in step with the cloud, syncing it now, and the accounts nobody knows. */
import type { FastifyInstance } from 'fastify';

import { unknownAccountsMax } from '../../directory/unknown.ts';
import { databaseOf, inTransaction } from '../../store/database.ts';
import type { Store } from '../../store/database.ts';
import { listUnknown } from '../../store/directory/query-unknown.ts';
import { findDirectoryStatus, requestSync } from '../../store/directory/sync-state.ts';
import type { DirectoryStatus } from '../../store/directory/sync-state.ts';
import { callerOf } from '../http/authenticate.ts';
import type { ApiOptions } from '../context.ts';
import { writeAudit } from '../setting/write-audit.ts';
import { listOf } from '../http/page.ts';
import { ProblemError } from '../http/problem.ts';
import { answer, problems } from '../http/route.ts';

const tags = ['directory'];

const schemas = {
  status: {
    summary: 'How far the directory is in step with the cloud',
    tags,
    response: { 200: answer('DirectoryStatus', 'How it stands.'), ...problems },
  },
  sync: {
    summary: 'Read the directory anew from the cloud, within seconds',
    tags,
    body: { $ref: 'SyncRequest#' },
    response: { 202: answer('DirectoryStatus', 'How it stood when this was asked.'), ...problems },
  },
  unknown: {
    summary: 'List accounts that events belong to and the directory does not know, last seen first',
    description: `Their events reach Global webhooks only. The last ${unknownAccountsMax} are kept.`,
    tags,
    querystring: {
      type: 'object',
      additionalProperties: false,
      properties: {
        limit: { type: 'integer', minimum: 1, maximum: unknownAccountsMax, default: 50 },
      },
    },
    response: { 200: listOf('UnknownAccount', 'Unknown accounts, on one page.'), ...problems },
  },
};

export function registerDirectorySyncRoutes(app: FastifyInstance, { store }: ApiOptions): void {
  app.get('/v1/directory', { schema: schemas.status }, async () => requireStatus(store));

  app.post<{ Body: { acceptRemovals?: boolean; adoptLocal?: boolean } }>(
    '/v1/directory/sync',
    { schema: schemas.sync },
    async (request, reply) => {
      const { acceptRemovals = false, adoptLocal = false } = request.body;
      const asked = { acceptRemovals, adoptLocal };
      const status = await requireStatus(store);
      await inTransaction(store, async database => {
        await requestSync(database, asked);
        await writeAudit(database, callerOf(request), {
          action: 'directory.sync_requested',
          objectId: status.kind,
          after: asked,
        });
      });
      return reply.code(202).send(status);
    },
  );

  app.get<{ Querystring: { limit: number } }>(
    '/v1/directory/unknown',
    { schema: schemas.unknown },
    async ({ query: { limit } }) => ({
      items: await listUnknown(databaseOf(store), limit),
      nextCursor: null,
    }),
  );
}

async function requireStatus(store: Store): Promise<DirectoryStatus> {
  const status = await findDirectoryStatus(databaseOf(store));
  if (status) return status;
  throw new ProblemError(
    'not_found',
    'The directory is not read from a cloud: directory.kind is not set, or no process with the role janitor has run since.',
  );
}
