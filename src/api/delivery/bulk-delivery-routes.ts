/** Deliveries in bulk: redeliver or delete those of a webhook; and delete a single one. */
import { Type } from 'typebox';
import type { Static } from 'typebox';

import { arrayOf, flag, uuid, instant, nullable, oneOf, text, whole } from '../../event/schema.ts';
import { deleteDeliveries, deleteDelivery } from '../../store/delivery/delete-delivery.ts';
import { databaseOf } from '../../store/database.ts';
import type { Database } from '../../store/database.ts';
import { findDelivery } from '../../store/delivery/delivery.ts';
import { findWebhook } from '../../store/webhook/webhook.ts';
import { findRedeliverable, insertRedeliveries } from '../../store/delivery/redeliver.ts';
import type { Sweep } from '../../store/delivery/sweep.ts';
import { everything } from '../../store/sql/visibility.ts';
import { callerOf } from '../http/authenticate.ts';
import type { Caller } from '../http/authenticate.ts';
import type { ApiOptions, RouteGroup } from '../context.ts';
import { changing } from '../http/changing.ts';
import { datesOf, encodeCursor, readCursor, uuidKey } from '../http/page.ts';
import { ProblemError } from '../http/problem.ts';
import { ofWebhook, requireWebhook } from '../webhook/require-webhook.ts';
import {
  answer,
  closed,
  defaulted,
  idParams,
  noContent,
  pageQuery,
  problems,
  ref,
} from '../http/schema.ts';
import type { Routes } from '../http/schema.ts';
import { eventRange } from './delivery-routes.ts';
import { noDelivery, requireReceiving } from './redeliver.ts';

const redeliveredStates = ['delivered', 'failed', 'cancelled'] as const;
const deletedStates = ['pending', 'delivered', 'failed', 'cancelled'] as const;

const bulkRedelivery = closed(
  {
    from: instant({ description: 'Events recorded at or after this instant.' }),
    to: Type.Optional(
      instant({ description: 'Events recorded before this instant; now when absent.' }),
    ),
    state: defaulted(
      oneOf(redeliveredStates, { description: 'Redeliver deliveries that ended in this state.' }),
      'failed',
    ),
    eventType: Type.Optional(
      text({
        maxLength: 255,
        description: 'Only events of exactly this type.',
        example: 'VM.START',
      }),
    ),
    dryRun: defaulted(flag({ description: 'Only report what would be done.' }), false),
    cursor: Type.Optional(
      text({ maxLength: 1_000, description: '`nextCursor` of the previous answer.' }),
    ),
  },
  { $id: 'BulkRedelivery', description: 'Which events to deliver again.' },
);

const bulkCount = {
  count: whole({ description: 'Number of deliveries handled by this request.' }),
  nextCursor: nullable(
    text({ description: 'Pass as `cursor` to continue; null when everything is done.' }),
  ),
};

const bulkRedelivered = Type.Object(
  {
    dryRun: flag(),
    ...bulkCount,
    samples: Type.Optional(
      arrayOf(
        Type.Object({
          id: uuid(),
          eventId: uuid(),
          eventType: text(),
          entityUuid: nullable(text()),
        }),
        {
          description: 'In a dry run: the first hundred deliveries that would be redelivered.',
        },
      ),
    ),
  },
  { $id: 'BulkRedelivered', description: 'What was created by this request.' },
);

const bulkDeleted = Type.Object(bulkCount, {
  $id: 'BulkDeleted',
  description: 'What was deleted by this request.',
});

const deletion = closed({
  cursor: pageQuery.cursor,
  webhookId: uuid({ description: 'The webhook whose deliveries are deleted.' }),
  state: Type.Optional(oneOf(deletedStates, { description: 'Only deliveries in this state.' })),
  eventType: Type.Optional(
    text({ description: 'Only events of exactly this type.', example: 'VM.START' }),
  ),
  ...eventRange,
});

/** Maximum number of deliveries that a dry run shows. */
const samplesMax = 100;
const bounded =
  'One request handles at most 20,000 deliveries; pass its `nextCursor` as `cursor` to continue with the rest.';

const schemas = {
  redeliver: {
    operationId: 'redeliverEvents',
    summary: "Redeliver a webhook's past events",
    description: `Creates one new delivery for each event, oldest first, due immediately. Events that have been delivered since or are already waiting are left out. A paused webhook gets them once it is resumed; for a disabled one the request is refused (409). ${bounded}`,
    tags: ['webhooks'],
    params: idParams,
    body: ref(bulkRedelivery),
    response: { 202: answer(bulkRedelivered, 'What was or would be done.'), ...problems },
  },
  delete: {
    operationId: 'deleteDelivery',
    summary: 'Delete a delivery with its attempts',
    description: 'A waiting delivery is dropped. A delivery in progress is kept (409).',
    tags: ['deliveries'],
    params: idParams,
    response: { 204: noContent, ...problems },
  },
  deleteMany: {
    operationId: 'deleteDeliveries',
    summary: "Delete a webhook's deliveries, oldest event first",
    description: `Waiting deliveries are dropped; deliveries in progress are kept. ${bounded}`,
    tags: ['deliveries'],
    querystring: deletion,
    response: { 200: answer(bulkDeleted, 'The result.'), ...problems },
  },
};

export const bulkDeliveryRoutes: RouteGroup = {
  schemas: [bulkRedelivery, bulkRedelivered, bulkDeleted],
  register: registerBulkDeliveryRoutes,
};

function registerBulkDeliveryRoutes(app: Routes, options: ApiOptions): void {
  app.post('/v1/webhooks/:id/redeliver', { schema: schemas.redeliver }, async (request, reply) => {
    const wanted = { ...request.body, webhookId: request.params.id };
    return reply.code(202).send(await redeliver(options, callerOf(request), wanted));
  });

  app.delete('/v1/deliveries/:id', { schema: schemas.delete }, async (request, reply) => {
    await deleteOne(options, callerOf(request), request.params.id);
    return reply.code(204).send();
  });

  app.delete('/v1/deliveries', { schema: schemas.deleteMany }, async request =>
    deleteMany(options, callerOf(request), request.query),
  );
}

type Redelivery = Static<typeof bulkRedelivery> & { readonly webhookId: string };

async function redeliver(
  { store }: ApiOptions,
  caller: Caller,
  { webhookId, dryRun, ...choice }: Redelivery,
): Promise<Static<typeof bulkRedelivered>> {
  const sweep = { ...sweepOf(caller, { webhookId, ...choice }), state: choice.state };
  if (dryRun) {
    const database = databaseOf(store);
    await requireWebhook(database, webhookId, caller.visibility);
    await requireReceiving(database, webhookId);
    const { samples, ...found } = await findRedeliverable(database, sweep, samplesMax);
    return { dryRun, ...countOf(found), samples };
  }
  const { counted } = await changing(store, caller, 'webhook.redelivered', async database => {
    const webhook = await requireWebhook(database, webhookId, caller.visibility);
    await requireReceiving(database, webhookId);
    const result = countOf(await insertRedeliveries(database, sweep));
    return { ...ofWebhook(webhook), after: { ...choice, ...result }, counted: result };
  });
  return { dryRun, ...counted };
}

async function deleteOne({ store }: ApiOptions, caller: Caller, deliveryId: string): Promise<void> {
  await changing(store, caller, 'delivery.deleted', async database => {
    const found = await findDelivery(database, deliveryId, caller.visibility);
    const done = found ? await deleteDelivery(database, deliveryId) : 'missing';
    if (!found || done === 'missing') throw noDelivery(deliveryId);
    if (done === 'delivering') {
      throw new ProblemError(
        'delivery_in_flight',
        'It is being delivered at the moment. Try again once its attempt has ended.',
      );
    }
    const { eventId, eventType, webhookId, kind, state, tries } = found;
    return {
      objectId: deliveryId,
      ...(await ownerOf(database, webhookId)),
      before: { eventId, eventType, webhookId, kind, state, tries },
    };
  });
}

async function deleteMany(
  { store }: ApiOptions,
  caller: Caller,
  { webhookId, ...choice }: Static<typeof deletion>,
): Promise<Static<typeof bulkDeleted>> {
  const { counted } = await changing(store, caller, 'deliveries.deleted', async database => {
    // Deliveries of a deleted webhook belong to nobody; only the operator may delete them.
    if (caller.visibility.kind !== 'everything') {
      await requireWebhook(database, webhookId, caller.visibility);
    }
    const deleted = await deleteDeliveries(database, sweepOf(caller, { webhookId, ...choice }));
    const result = countOf(deleted);
    return {
      objectId: webhookId,
      ...(await ownerOf(database, webhookId)),
      after: { ...choice, ...result },
      counted: result,
    };
  });
  return counted;
}

/** The owner of a webhook, for the audit; nobody when the webhook was deleted. */
async function ownerOf(
  database: Database,
  webhookId: string,
): Promise<{ accountId?: string; domainId?: string }> {
  const webhook = await findWebhook(database, webhookId, everything);
  if (!webhook) return {};
  const { objectId: _, ...owner } = ofWebhook(webhook);
  return owner;
}

function sweepOf(
  { visibility }: Caller,
  { webhookId, state, eventType, cursor, ...range }: Static<typeof deletion>,
): Sweep {
  return {
    webhookId,
    visibility,
    ...datesOf(range),
    state,
    eventType,
    cursor: readCursor(cursor, uuidKey),
  };
}

const countOf = ({ count, next }: { count: number; next: string | null }) => ({
  count,
  nextCursor: next && encodeCursor(next),
});
