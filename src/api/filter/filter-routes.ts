/** The filters of a webhook. */
import type { FastifyInstance } from 'fastify';

import type { WebhookFilter } from '../../webhook/webhook.ts';
import { databaseOf } from '../../store/database.ts';
import { callerOf } from '../http/authenticate.ts';
import { addFilter, noFilter, removeFilter } from './change-filter.ts';
import type { ApiOptions } from '../context.ts';
import { listOf } from '../http/page.ts';
import { requireWebhook } from '../webhook/require-webhook.ts';
import { answer, idParams, noContent, problems } from '../http/route.ts';
import type { IdParams } from '../http/route.ts';

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

export function registerFilterRoutes(app: FastifyInstance, options: ApiOptions): void {
  registerReading(app, options);
  registerChanging(app, options);
}

function registerReading(app: FastifyInstance, { store }: ApiOptions): void {
  app.get<{ Params: IdParams }>(
    '/v1/webhooks/:id/filters',
    { schema: schemas.list },
    async request => ({
      items: (
        await requireWebhook(databaseOf(store), request.params.id, callerOf(request).visibility)
      ).filters,
      nextCursor: null,
    }),
  );

  app.get<{ Params: FilterParams }>(
    '/v1/webhooks/:id/filters/:filterId',
    { schema: schemas.show },
    async request => {
      const { id, filterId } = request.params;
      const { filters } = await requireWebhook(databaseOf(store), id, callerOf(request).visibility);
      const filter = filters.find(one => one.id === filterId);
      if (filter) return filter;
      throw noFilter();
    },
  );
}

function registerChanging(app: FastifyInstance, options: ApiOptions): void {
  app.post<{ Params: IdParams; Body: WebhookFilter }>(
    '/v1/webhooks/:id/filters',
    { schema: schemas.add },
    async (request, reply) => {
      const { id } = request.params;
      const made = await addFilter(options, callerOf(request), { id, filter: request.body });
      return reply.code(201).header('location', `/v1/webhooks/${id}/filters/${made.id}`).send(made);
    },
  );

  app.delete<{ Params: FilterParams }>(
    '/v1/webhooks/:id/filters/:filterId',
    { schema: schemas.remove },
    async (request, reply) => {
      await removeFilter(options, callerOf(request), request.params);
      return reply.code(204).send();
    },
  );
}
