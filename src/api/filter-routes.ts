/** The filters of a webhook. */
import type { FastifyInstance } from 'fastify';

import type { WebhookFilter } from '../event/webhook.ts';
import { databaseOf, inTransaction } from '../store/open.ts';
import type { Database } from '../store/open.ts';
import { deleteFilter, findWebhook, insertFilter, lockWebhook } from '../store/query-webhook.ts';
import type { FilterFacts } from '../store/query-webhook.ts';
import type { Territory } from '../store/territory.ts';
import { callerOf } from './authenticate.ts';
import type { ApiOptions } from './context.ts';
import { findConflict } from './filter-conflict.ts';
import { listOf } from './page.ts';
import { ProblemError } from './problem.ts';
import { answer, idParams, noContent, problems } from './route.ts';
import type { IdParams } from './route.ts';

interface FilterParams extends IdParams {
  readonly filterId: string;
}

const tags = ['webhooks'];

const filterParams = {
  type: 'object',
  required: ['id', 'filterId'],
  properties: { ...idParams.properties, filterId: { type: 'string', format: 'uuid' } },
} as const;

const schemas = {
  list: {
    summary: "List a webhook's filters, all of them",
    tags,
    params: idParams,
    response: { 200: listOf('Filter', 'Filters.'), ...problems },
  },
  show: {
    summary: 'Show a filter',
    tags,
    params: filterParams,
    response: { 200: answer('Filter', 'The filter.'), ...problems },
  },
  add: {
    summary: 'Add a filter',
    tags,
    params: idParams,
    body: { $ref: 'NewFilter#' },
    response: { 201: answer('Filter', 'The filter.'), ...problems },
  },
  remove: {
    summary: 'Remove a filter',
    tags,
    params: filterParams,
    response: { 204: noContent, ...problems },
  },
};

export function registerFilterRoutes(app: FastifyInstance, { store, newId }: ApiOptions): void {
  app.get<{ Params: IdParams }>(
    '/v1/webhooks/:id/filters',
    { schema: schemas.list },
    async request => ({
      items: await filtersOf(databaseOf(store), request.params.id, callerOf(request).territory),
      nextCursor: null,
    }),
  );

  app.get<{ Params: FilterParams }>(
    '/v1/webhooks/:id/filters/:filterId',
    { schema: schemas.show },
    async request => {
      const { id, filterId } = request.params;
      const filters = await filtersOf(databaseOf(store), id, callerOf(request).territory);
      const filter = filters.find(one => one.id === filterId);
      if (filter) return filter;
      throw noFilter();
    },
  );

  app.post<{ Params: IdParams; Body: WebhookFilter }>(
    '/v1/webhooks/:id/filters',
    { schema: schemas.add },
    async (request, reply) => {
      const { id } = request.params;
      const { body } = request;
      const made = await inTransaction(store, async database => {
        await lockWebhook(database, id);
        refuseConflict(await filtersOf(database, id, callerOf(request).territory), body);
        return insertFilter(database, id, { ...body, id: newId() });
      });
      return reply.code(201).header('location', `/v1/webhooks/${id}/filters/${made.id}`).send(made);
    },
  );

  app.delete<{ Params: FilterParams }>(
    '/v1/webhooks/:id/filters/:filterId',
    { schema: schemas.remove },
    async (request, reply) => {
      const { id, filterId } = request.params;
      await inTransaction(store, async database => {
        await filtersOf(database, id, callerOf(request).territory);
        if (!(await deleteFilter(database, id, filterId))) throw noFilter();
      });
      return reply.code(204).send();
    },
  );
}

async function filtersOf(
  database: Database,
  id: string,
  territory: Territory,
): Promise<readonly FilterFacts[]> {
  const webhook = await findWebhook(database, id, territory);
  if (webhook) return webhook.filters;
  throw new ProblemError('not_found', 'Unable to find the webhook with the specified ID');
}

/** @throws {ProblemError} filter_conflict */
export function refuseConflict(existing: readonly FilterFacts[], added: WebhookFilter): void {
  const conflict = findConflict(existing, added);
  if (conflict) {
    throw new ProblemError(
      'filter_conflict',
      `Conflicting Webhook filter exists ID: ${conflict.id}`,
    );
  }
}

const noFilter = (): ProblemError =>
  new ProblemError('not_found', 'The webhook has no filter with this id.');
