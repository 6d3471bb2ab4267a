/** The filters of a webhook. */
import { Type } from 'typebox';

import { uuid } from '../../event/schema.ts';
import { databaseOf } from '../../store/database.ts';
import { callerOf } from '../http/authenticate.ts';
import { newFilter, savedFilter, shownFilter } from './schema-filter.ts';
import { createFilter, deleteFilter, noFilter } from './write-filter.ts';
import type { ApiOptions } from '../context.ts';
import { requireWebhook } from '../webhook/require-webhook.ts';
import { warnOfFilters } from '../webhook/warn.ts';
import { answer, idParams, listAnswer, noContent, problems, ref } from '../http/schema.ts';
import type { Routes } from '../http/schema.ts';

const tags = ['webhooks'];

const filterParams = Type.Object({
  ...idParams.properties,
  filterId: uuid({ description: 'The id of the filter.' }),
});

const schemas = {
  list: {
    operationId: 'listFilters',
    summary: 'List all filters of a webhook',
    description: 'A webhook without filters gets every event of its scope and categories.',
    tags,
    params: idParams,
    response: { 200: listAnswer(shownFilter, 'Filters.'), ...problems },
  },
  show: {
    operationId: 'showFilter',
    summary: 'Show a filter',
    description: 'A filter of the webhook, by its id.',
    tags,
    params: filterParams,
    response: { 200: answer(shownFilter, 'The filter.'), ...problems },
  },
  create: {
    operationId: 'createFilter',
    summary: 'Create a filter',
    description: 'It holds for events that are recorded from now on.',
    tags,
    params: idParams,
    body: ref(newFilter),
    response: { 201: answer(savedFilter, 'The filter.'), ...problems },
  },
  delete: {
    operationId: 'deleteFilter',
    summary: 'Delete a filter',
    description: 'Without any filter the webhook gets every event of its scope and categories.',
    tags,
    params: filterParams,
    response: { 204: noContent, ...problems },
  },
};

export function registerFilterRoutes(app: Routes, options: ApiOptions): void {
  registerReading(app, options);
  registerWriting(app, options);
}

function registerReading(app: Routes, { store }: ApiOptions): void {
  app.get('/v1/webhooks/:id/filters', { schema: schemas.list }, async request => ({
    items: (
      await requireWebhook(databaseOf(store), request.params.id, callerOf(request).visibility)
    ).filters,
    nextCursor: null,
  }));

  app.get('/v1/webhooks/:id/filters/:filterId', { schema: schemas.show }, async request => {
    const { id, filterId } = request.params;
    const { filters } = await requireWebhook(databaseOf(store), id, callerOf(request).visibility);
    const filter = filters.find(one => one.id === filterId);
    if (filter) return filter;
    throw noFilter();
  });
}

function registerWriting(app: Routes, options: ApiOptions): void {
  app.post('/v1/webhooks/:id/filters', { schema: schemas.create }, async (request, reply) => {
    const { id } = request.params;
    const caller = callerOf(request);
    const created = await createFilter(options, caller, { id, filter: request.body });
    const webhook = await requireWebhook(databaseOf(options.store), id, caller.visibility);
    const warnings = await warnOfFilters(options, caller, { webhook, filters: [created] });
    return reply
      .code(201)
      .header('location', `/v1/webhooks/${id}/filters/${created.id}`)
      .send({ ...created, warnings });
  });

  app.delete(
    '/v1/webhooks/:id/filters/:filterId',
    { schema: schemas.delete },
    async (request, reply) => {
      await deleteFilter(options, callerOf(request), request.params);
      return reply.code(204).send();
    },
  );
}
