/** Events: list and show. */
import type { FastifyInstance } from 'fastify';

import { timeOf } from '../../event/id.ts';
import { databaseOf } from '../../store/database.ts';
import { findEvent, listEvents } from '../../store/event/query-flow.ts';
import type { EventFacts } from '../../store/event/query-flow.ts';
import { callerOf } from '../http/authenticate.ts';
import type { ApiOptions } from '../context.ts';
import { decodeCursor, encodeCursor, listOf, pageQuery, uuidKey } from '../http/page.ts';
import type { PageQuery } from '../http/page.ts';
import { ProblemError } from '../http/problem.ts';
import { answer, idParams, instantQuery, problems, withoutNulls } from '../http/route.ts';
import type { IdParams } from '../http/route.ts';

interface ListQuery extends PageQuery {
  readonly from?: string;
  readonly to?: string;
  readonly eventType?: string;
  readonly entityUuid?: string;
  readonly account?: string;
  readonly source?: string;
}

const listQuery = {
  type: 'object',
  additionalProperties: false,
  properties: {
    ...pageQuery,
    from: instantQuery('Recorded at or after this instant.'),
    to: instantQuery('Recorded before this instant.'),
    eventType: { type: 'string', example: 'VM.START' },
    entityUuid: { type: 'string' },
    account: { type: 'string' },
    source: { type: 'string', description: 'The configured source it came by.' },
  },
} as const;

export function registerEventRoutes(app: FastifyInstance, { store }: ApiOptions): void {
  app.get<{ Querystring: ListQuery }>(
    '/v1/events',
    {
      schema: {
        summary: 'List events, newest first',
        description:
          'A page may hold fewer items than `limit` and still have a `nextCursor`: rare events are looked for a stretch at a time.',
        tags: ['events'],
        querystring: listQuery,
        response: { 200: listOf('Event', 'Events.'), ...problems },
      },
    },
    async request => {
      const { query } = request;
      const { cursor: _, from, to, ...wanted } = query;
      const { items, next } = await listEvents(databaseOf(store), callerOf(request).visibility, {
        ...wanted,
        ...decodeCursor(query, uuidKey),
        ...(from !== undefined && { from: new Date(from) }),
        ...(to !== undefined && { to: new Date(to) }),
      });
      return { items: items.map(presentEvent), nextCursor: next && encodeCursor(next) };
    },
  );

  app.get<{ Params: IdParams }>(
    '/v1/events/:id',
    {
      schema: {
        summary: 'Show an event, its body included',
        tags: ['events'],
        params: idParams,
        response: { 200: answer('EventDetail', 'The event.'), ...problems },
      },
    },
    async request => {
      const { id } = request.params;
      const event = await findEvent(databaseOf(store), id, callerOf(request).visibility);
      if (!event) throw new ProblemError('not_found', `There is no event ${id}.`);
      return { ...presentEvent(event), body: event.body };
    },
  );
}

function presentEvent(event: EventFacts) {
  return { ...withoutNulls(event), recordedAt: timeOf(event.id) };
}
