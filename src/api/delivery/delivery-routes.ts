/** Deliveries: list, show, deliver once more. */
import type { FastifyInstance } from 'fastify';

import type { DeliveryState } from '../../event/delivery.ts';
import { deliveryStates } from '../../event/delivery.ts';
import { databaseOf } from '../../store/database.ts';
import { findDelivery, listDeliveries } from '../../store/event/query-flow.ts';
import { callerOf } from '../http/authenticate.ts';
import type { ApiOptions } from '../context.ts';
import { describeDelivery } from './describe-request.ts';
import { decodeCursor, encodeCursor, listOf, pageQuery, uuidKey } from '../http/page.ts';
import type { PageQuery } from '../http/page.ts';
import { noDelivery, redeliver } from './redeliver.ts';
import { answer, idParams, instantQuery, problems } from '../http/route.ts';
import type { IdParams } from '../http/route.ts';

interface ListQuery extends PageQuery {
  readonly from?: string;
  readonly to?: string;
  readonly webhookId?: string;
  readonly eventId?: string;
  readonly state?: DeliveryState;
  readonly eventType?: string;
  readonly entityUuid?: string;
}

const tags = ['deliveries'];

const listQuery = {
  type: 'object',
  additionalProperties: false,
  properties: {
    ...pageQuery,
    from: instantQuery('Whose event was recorded at or after this instant.'),
    to: instantQuery('Whose event was recorded before this instant.'),
    webhookId: { type: 'string', format: 'uuid' },
    eventId: { type: 'string', format: 'uuid' },
    state: { type: 'string', enum: deliveryStates },
    eventType: { type: 'string', example: 'VM.START' },
    entityUuid: { type: 'string' },
  },
} as const;

const schemas = {
  list: {
    summary: 'List deliveries, those of the newest events first',
    description:
      'A delivery is listed once its first attempt has ended, or once it has to wait. A page may hold fewer items than `limit` and still have a `nextCursor`: what is rare is looked for a stretch at a time.',
    tags,
    querystring: listQuery,
    response: { 200: listOf('Delivery', 'Deliveries.'), ...problems },
  },
  show: {
    summary: 'Show a delivery with its request and every attempt',
    tags,
    params: idParams,
    response: { 200: answer('DeliveryDetail', 'The delivery.'), ...problems },
  },
  redeliver: {
    summary: 'Deliver once more',
    description:
      "The same event and body go to the webhook's present URL, signed with its present secret, also when it is disabled. It is a delivery of its own.",
    tags,
    params: idParams,
    response: { 202: answer('Delivery', 'The new delivery.'), ...problems },
  },
};

export function registerDeliveryRoutes(app: FastifyInstance, options: ApiOptions): void {
  const { store } = options;
  app.get<{ Querystring: ListQuery }>('/v1/deliveries', { schema: schemas.list }, async request => {
    const { query } = request;
    const { cursor: _, from, to, ...wanted } = query;
    const { items, next } = await listDeliveries(databaseOf(store), callerOf(request).visibility, {
      ...wanted,
      ...decodeCursor(query, uuidKey),
      ...(from !== undefined && { from: new Date(from) }),
      ...(to !== undefined && { to: new Date(to) }),
    });
    return { items, nextCursor: next && encodeCursor(next) };
  });

  app.get<{ Params: IdParams }>('/v1/deliveries/:id', { schema: schemas.show }, async request => {
    const { id } = request.params;
    const delivery = await findDelivery(databaseOf(store), id, callerOf(request).visibility);
    if (!delivery) throw noDelivery(id);
    return { ...delivery, ...(await describeDelivery(options, delivery)) };
  });

  app.post<{ Params: IdParams }>(
    '/v1/deliveries/:id/redeliver',
    { schema: schemas.redeliver },
    async (request, reply) => {
      const made = await redeliver(options, request.params.id, callerOf(request));
      return reply.code(202).header('location', `/v1/deliveries/${made.id}`).send(made);
    },
  );
}
