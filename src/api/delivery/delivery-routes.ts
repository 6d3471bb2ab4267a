/** Deliveries: list, show, redeliver. */
import { Type } from 'typebox';

import { deliveryKinds, deliveryStates } from '../../event/delivery.ts';
import { arrayOf, uuid, instant, mapOf, nullable, oneOf, text, whole } from '../../event/schema.ts';
import { databaseOf } from '../../store/database.ts';
import { findDelivery, listDeliveries } from '../../store/delivery/delivery.ts';
import { callerOf } from '../http/authenticate.ts';
import type { ApiOptions, RouteGroup } from '../context.ts';
import { scanPage } from '../http/page.ts';
import { answer, closed, idParams, listAnswer, pageQuery, problems, ref } from '../http/schema.ts';
import type { Routes } from '../http/schema.ts';
import { describeDelivery } from './describe-request.ts';
import { noDelivery, redeliver } from './redeliver.ts';

const attempt = Type.Object(
  {
    number: whole({ description: 'Counted from 1.' }),
    startedAt: instant(),
    durationMs: whole(),
    status: Type.Optional(
      whole({ description: "The response's status; absent when none arrived." }),
    ),
    error: Type.Optional(text({ description: 'Why there was no usable response.' })),
    responseBody: Type.Optional(text({ description: 'The first bytes of the response.' })),
  },
  { $id: 'Attempt', description: 'An HTTP request of a delivery, and its answer.' },
);

const deliveryFields = {
  id: uuid(),
  eventId: uuid(),
  eventType: text({ example: 'VM.START' }),
  entityUuid: nullable(text()),
  webhookId: uuid(),
  kind: oneOf(deliveryKinds),
  state: oneOf(deliveryStates),
  tries: whole({ description: 'Number of attempts made so far.' }),
  nextAttemptAt: nullable(
    instant({ description: 'Not before the next probe of a receiver that does not respond.' }),
  ),
  attempts: arrayOf(ref(attempt)),
  createdAt: instant(),
  finishedAt: nullable(instant()),
};

export const delivery = Type.Object(deliveryFields, {
  $id: 'Delivery',
  description: 'An event that is owed to a webhook, and what became of it.',
});

const deliveryDetail = Type.Object(
  {
    ...deliveryFields,
    requestHeaders: nullable(
      mapOf(text(), {
        description:
          'Headers of the last attempt, without the signatures. Null when the format cannot render the event.',
      }),
    ),
    requestBody: nullable(text()),
  },
  { $id: 'DeliveryDetail', description: 'A delivery with its request and its attempts.' },
);

/** The time range of a list or a bulk deletion. */
export const eventRange = {
  from: Type.Optional(
    instant({ description: 'Only deliveries of events recorded at or after this instant.' }),
  ),
  to: Type.Optional(
    instant({ description: 'Only deliveries of events recorded before this instant.' }),
  ),
};

const tags = ['deliveries'];

const schemas = {
  list: {
    operationId: 'listDeliveries',
    summary: 'List deliveries, newest event first',
    description:
      'A delivery is listed once its first attempt has ended or it has to wait. A page may contain fewer than `limit` items and still have a `nextCursor`, because each request searches a limited number of rows.',
    tags,
    querystring: closed({
      ...pageQuery,
      ...eventRange,
      webhookId: Type.Optional(uuid({ description: 'Only deliveries to this webhook.' })),
      eventId: Type.Optional(uuid({ description: 'Only deliveries of this event.' })),
      state: Type.Optional(
        oneOf(deliveryStates, { description: 'Only deliveries in this state.' }),
      ),
      eventType: Type.Optional(
        text({ description: 'Only events of exactly this type.', example: 'VM.START' }),
      ),
      entityUuid: Type.Optional(
        text({ description: 'Only events of this entity, such as a virtual machine.' }),
      ),
    }),
    response: { 200: listAnswer(delivery, 'Deliveries.'), ...problems },
  },
  show: {
    operationId: 'showDelivery',
    summary: 'Show a delivery with its request and every attempt',
    description:
      'The request is rendered again with the present settings of the webhook, without signatures and without the values of its own headers.',
    tags,
    params: idParams,
    response: { 200: answer(deliveryDetail, 'The delivery.'), ...problems },
  },
  redeliver: {
    operationId: 'redeliverDelivery',
    summary: 'Redeliver a delivery',
    description:
      "Creates a new delivery of the same event and body to the webhook's current URL, signed with its current secret. A paused webhook gets it once it is resumed; for a disabled one the request is refused (409).",
    tags,
    params: idParams,
    response: { 202: answer(delivery, 'The new delivery.'), ...problems },
  },
};

export const deliveryRoutes: RouteGroup = {
  schemas: [attempt, delivery, deliveryDetail],
  register: registerDeliveryRoutes,
};

function registerDeliveryRoutes(app: Routes, options: ApiOptions): void {
  const { store } = options;
  app.get('/v1/deliveries', { schema: schemas.list }, async request =>
    scanPage(request.query, query =>
      listDeliveries(databaseOf(store), callerOf(request).visibility, query),
    ),
  );

  app.get('/v1/deliveries/:id', { schema: schemas.show }, async request => {
    const { id: deliveryId } = request.params;
    const { visibility } = callerOf(request);
    const found = await findDelivery(databaseOf(store), deliveryId, visibility);
    if (!found) throw noDelivery(deliveryId);
    return { ...found, ...(await describeDelivery(options, found)) };
  });

  app.post(
    '/v1/deliveries/:id/redeliver',
    { schema: schemas.redeliver },
    async (request, reply) => {
      const created = await redeliver(options, request.params.id, callerOf(request));
      return reply.code(202).header('location', `/v1/deliveries/${created.id}`).send(created);
    },
  );
}
