/** What people changed: list. */
import type { FastifyInstance } from 'fastify';

import { listAudit } from '../../store/audit.ts';
import { databaseOf } from '../../store/database.ts';
import { callerOf } from '../http/authenticate.ts';
import type { ApiOptions } from '../context.ts';
import { decodeCursor, encodeCursor, listOf, pageQuery, uuidKey } from '../http/page.ts';
import type { PageQuery } from '../http/page.ts';
import { instantQuery, problems } from '../http/route.ts';

interface ListQuery extends PageQuery {
  readonly from?: string;
  readonly to?: string;
  readonly username?: string;
  readonly action?: string;
  readonly objectId?: string;
}

const schema = {
  summary: 'List what was changed, newest first',
  description:
    'Tenants see what was done to what is theirs, whoever did it. A page may hold fewer items than `limit` and still have a `nextCursor`.',
  tags: ['access'],
  querystring: {
    type: 'object',
    additionalProperties: false,
    properties: {
      ...pageQuery,
      from: instantQuery('At or after this instant.'),
      to: instantQuery('Before this instant.'),
      username: { type: 'string', description: 'Who did it.' },
      action: { type: 'string', example: 'webhook.updated' },
      objectId: { type: 'string', description: 'To what.' },
    },
  },
  response: { 200: listOf('Audit', 'Changes.'), ...problems },
};

export function registerAuditRoutes(app: FastifyInstance, { store }: ApiOptions): void {
  app.get<{ Querystring: ListQuery }>('/v1/audit', { schema }, async request => {
    const { cursor: _, from, to, ...wanted } = request.query;
    const { items, next } = await listAudit(databaseOf(store), callerOf(request).visibility, {
      ...wanted,
      ...decodeCursor(request.query, uuidKey),
      ...(from !== undefined && { from: new Date(from) }),
      ...(to !== undefined && { to: new Date(to) }),
    });
    return { items, nextCursor: next && encodeCursor(next) };
  });
}
