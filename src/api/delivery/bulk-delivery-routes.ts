/** Deliveries many at once: deliver a webhook's past once more, delete it. And one alone: delete it. */
import type { FastifyInstance } from 'fastify';

import type { DeliveryState } from '../../event/delivery.ts';
import { deleteDeliveries, deleteDelivery } from '../../store/delivery/delete-delivery.ts';
import { inTransaction } from '../../store/database.ts';
import type { Database } from '../../store/database.ts';
import { findDelivery } from '../../store/event/query-flow.ts';
import { findWebhook } from '../../store/webhook/query-webhook.ts';
import { findRedeliverable, insertRedeliveries } from '../../store/delivery/redeliver.ts';
import type { Redeliverable } from '../../store/delivery/redeliver.ts';
import type { Sweep } from '../../store/delivery/sweep.ts';
import { everything } from '../../store/sql/visibility.ts';
import { callerOf } from '../http/authenticate.ts';
import type { Caller } from '../http/authenticate.ts';
import type { ApiOptions } from '../context.ts';
import { writeAudit } from '../setting/write-audit.ts';
import { decodeCursor, encodeCursor, pageQuery, uuidKey } from '../http/page.ts';
import { ProblemError } from '../http/problem.ts';
import { ofWebhook, requireWebhook } from '../webhook/require-webhook.ts';
import { answer, idParams, instantQuery, noContent, problems } from '../http/route.ts';
import type { IdParams } from '../http/route.ts';

interface Choice<State extends DeliveryState = DeliveryState> {
  readonly from?: string;
  readonly to?: string;
  readonly state?: State;
  readonly eventType?: string;
  readonly cursor?: string;
}
type RedeliverBody = Choice & {
  readonly from: string;
  readonly state: DeliveryState;
  readonly dryRun: boolean;
};
type DeleteQuery = Choice & { readonly webhookId: string };

/** Shown of a dry run. */
const samplesMax = 100;
const bounded =
  'One request looks at 20,000 deliveries at most; `nextCursor`, given as `cursor`, goes on with the rest.';

const schemas = {
  redeliver: {
    summary: "Deliver a webhook's past events once more",
    description: `Each event once, oldest first, as new deliveries that are due at once. Events that were delivered since, or wait already, are left out. ${bounded}`,
    tags: ['webhooks'],
    params: idParams,
    body: { $ref: 'BulkRedelivery#' },
    response: { 202: answer('BulkRedelivered', 'What was, or would be, done.'), ...problems },
  },
  remove: {
    summary: 'Delete a delivery with its attempts',
    description: 'One that waits is not made any more. One that is just being made is kept (409).',
    tags: ['deliveries'],
    params: idParams,
    response: { 204: noContent, ...problems },
  },
  removeMany: {
    summary: "Delete a webhook's deliveries, oldest event first",
    description: `Those that wait are not made any more; those that are just being made are kept. ${bounded}`,
    tags: ['deliveries'],
    querystring: {
      type: 'object',
      additionalProperties: false,
      required: ['webhookId'],
      properties: {
        cursor: pageQuery.cursor,
        webhookId: { type: 'string', format: 'uuid' },
        state: { type: 'string', enum: ['pending', 'delivered', 'failed', 'cancelled'] },
        eventType: { type: 'string', example: 'VM.START' },
        from: instantQuery('Whose event was recorded at or after this instant.'),
        to: instantQuery('Whose event was recorded before this instant.'),
      },
    },
    response: { 200: answer('BulkDeleted', 'What was done.'), ...problems },
  },
};

export function registerBulkDeliveryRoutes(app: FastifyInstance, options: ApiOptions): void {
  app.post<{ Params: IdParams; Body: RedeliverBody }>(
    '/v1/webhooks/:id/redeliver',
    { schema: schemas.redeliver },
    async (request, reply) => {
      const { params, body } = request;
      const done = await redeliver(options, callerOf(request), { ...params, ...body });
      return reply.code(202).send(done);
    },
  );

  app.delete<{ Params: IdParams }>(
    '/v1/deliveries/:id',
    { schema: schemas.remove },
    async (request, reply) => {
      await remove(options, callerOf(request), request.params.id);
      return reply.code(204).send();
    },
  );

  app.delete<{ Querystring: DeleteQuery }>(
    '/v1/deliveries',
    { schema: schemas.removeMany },
    async request => removeMany(options, callerOf(request), request.query),
  );
}

async function redeliver(
  { store }: ApiOptions,
  caller: Caller,
  { id, dryRun, ...choice }: RedeliverBody & IdParams,
): Promise<{
  dryRun: boolean;
  count: number;
  nextCursor: string | null;
  samples?: readonly Redeliverable[];
}> {
  const sweep = { ...sweepOf(caller, id, choice), state: choice.state };
  return inTransaction(store, async database => {
    const webhook = await requireWebhook(database, id, caller.visibility);
    if (dryRun) {
      const { samples, ...found } = await findRedeliverable(database, sweep, samplesMax);
      return { dryRun, ...told(found), samples };
    }
    const made = told(await insertRedeliveries(database, sweep));
    await writeAudit(database, caller, {
      action: 'webhook.redelivered',
      ...ofWebhook(webhook),
      after: { ...choice, ...made },
    });
    return { dryRun, ...made };
  });
}

async function remove({ store }: ApiOptions, caller: Caller, id: string): Promise<void> {
  await inTransaction(store, async database => {
    const before = await findDelivery(database, id, caller.visibility);
    const done = before ? await deleteDelivery(database, id) : 'missing';
    if (!before || done === 'missing') {
      throw new ProblemError('not_found', `There is no delivery ${id}.`);
    }
    if (done === 'delivering') {
      throw new ProblemError(
        'delivery_in_flight',
        'It is being delivered at this moment. Try again once its attempt has ended.',
      );
    }
    const { eventId, eventType, webhookId, kind, state, tries } = before;
    await writeAudit(database, caller, {
      action: 'delivery.deleted',
      objectId: id,
      ...(await ownerOf(database, webhookId)),
      before: { eventId, eventType, webhookId, kind, state, tries },
    });
  });
}

async function removeMany(
  { store }: ApiOptions,
  caller: Caller,
  { webhookId, ...choice }: DeleteQuery,
): Promise<{ count: number; nextCursor: string | null }> {
  return inTransaction(store, async database => {
    // What is left of a deleted webhook is nobody's but the operator's.
    if (caller.visibility.kind !== 'everything') {
      await requireWebhook(database, webhookId, caller.visibility);
    }
    const done = told(await deleteDeliveries(database, sweepOf(caller, webhookId, choice)));
    await writeAudit(database, caller, {
      action: 'deliveries.deleted',
      objectId: webhookId,
      ...(await ownerOf(database, webhookId)),
      after: { ...choice, ...done },
    });
    return done;
  });
}

/** Whose it is, for the audit; nobody's when the webhook was deleted. */
async function ownerOf(
  database: Database,
  webhookId: string,
): Promise<{ accountId?: string; domainId?: string }> {
  const webhook = await findWebhook(database, webhookId, everything);
  if (!webhook) return {};
  const { objectId: _, ...owner } = ofWebhook(webhook);
  return owner;
}

function sweepOf({ visibility }: Caller, webhookId: string, choice: Choice): Sweep {
  const { from, to, state, eventType, cursor } = choice;
  return {
    webhookId,
    visibility,
    ...(from !== undefined && { from: new Date(from) }),
    ...(to !== undefined && { to: new Date(to) }),
    ...(state !== undefined && { state }),
    ...(eventType !== undefined && { eventType }),
    ...(cursor !== undefined && decodeCursor({ limit: 1, cursor }, uuidKey)),
  };
}

const told = ({ count, next }: { count: number; next: string | null }) => ({
  count,
  nextCursor: next && encodeCursor(next),
});
