/** Which webhooks an event matches, and why the others do not get it. */
import type { FastifyInstance } from 'fastify';

import type { DeliveryState } from '../../event/delivery.ts';
import type { Envelope } from '../../event/envelope.ts';
import { deliveryId } from '../../event/id.ts';
import type { Webhook } from '../../webhook/webhook.ts';
import { explainWebhook } from '../../match/explain.ts';
import { Subject } from '../../match/subject.ts';
import { loadWebhooksById } from '../../store/webhook/load.ts';
import { databaseOf } from '../../store/database.ts';
import type { Database } from '../../store/database.ts';
import { findEvent, statesOf } from '../../store/event/query-flow.ts';
import type { EventFacts } from '../../store/event/query-flow.ts';
import { listWebhooks } from '../../store/webhook/query-webhook.ts';
import { toEnvelope } from '../../store/event/envelope.ts';
import { findTenant } from '../../store/event/tenant.ts';
import type { EventTenant } from '../../store/event/tenant.ts';
import { callerOf } from '../http/authenticate.ts';
import type { Caller } from '../http/authenticate.ts';
import type { ApiOptions } from '../context.ts';
import { decodeCursor, listOf, pageQuery, toPage, uuidKey } from '../http/page.ts';
import type { PageQuery } from '../http/page.ts';
import { ProblemError } from '../http/problem.ts';
import { requireWebhook } from '../webhook/require-webhook.ts';
import { idParams, problems } from '../http/route.ts';
import type { IdParams } from '../http/route.ts';

interface ExplainQuery extends PageQuery {
  readonly webhookId?: string;
  readonly matched?: boolean;
}

/** Looked at for one page, where not all of them are wanted. */
const webhooksMax = 2_000;

const schema = {
  summary: 'Say of each webhook whether an event matches it, and if not why',
  description:
    '`matched` and its reason go by what the webhook, its filters and the directory are now; `owed` says whether it matched when the event was recorded. With `matched` a page may hold fewer items than `limit` and still have a `nextCursor`.',
  tags: ['events'],
  params: idParams,
  querystring: {
    type: 'object',
    additionalProperties: false,
    properties: {
      ...pageQuery,
      webhookId: { type: 'string', format: 'uuid', description: 'This one alone.' },
      matched: { type: 'boolean', description: 'Those that match, or those that do not.' },
    },
  },
  response: { 200: listOf('Explanation', 'One of each webhook you may see.'), ...problems },
};

export function registerExplainRoutes(app: FastifyInstance, { store }: ApiOptions): void {
  app.get<{ Params: IdParams; Querystring: ExplainQuery }>(
    '/v1/events/:id/explain',
    { schema },
    async request => {
      const { id } = request.params;
      const { query } = request;
      const { limit, matched } = query;
      const database = databaseOf(store);
      const caller = callerOf(request);
      const event = await findEvent(database, id, caller.visibility);
      if (!event) throw new ProblemError('not_found', `There is no event ${id}.`);
      const ids = await choose(database, caller, query);
      const { items, nextCursor } = toPage(
        ids,
        matched === undefined ? limit : webhooksMax,
        webhookId => webhookId,
        webhookId => webhookId,
      );
      const webhooks = await loadWebhooksById(store, items);
      const told = await explain(database, event, webhooks);
      const wanted = told.filter(one => matched === undefined || one.matched === matched);
      // What was looked at and does not fit the page is looked at again for the next one.
      const full = wanted.length > limit;
      return full
        ? toPage(
            wanted,
            limit,
            ({ webhookId }) => webhookId,
            one => one,
          )
        : { items: wanted, nextCursor };
    },
  );
}

/** Ids of the webhooks to speak of, one more than fit a page. */
async function choose(
  database: Database,
  { visibility }: Caller,
  { webhookId, matched, limit, ...page }: ExplainQuery,
): Promise<readonly string[]> {
  if (webhookId !== undefined) {
    return [(await requireWebhook(database, webhookId, visibility)).id];
  }
  const rows = await listWebhooks(database, visibility, {
    ...decodeCursor({ limit, ...page }, uuidKey),
    limit: (matched === undefined ? limit : webhooksMax) + 1,
  });
  return rows.map(({ id }) => id);
}

async function explain(
  database: Database,
  { body, ...event }: EventFacts & { readonly body: string },
  webhooks: readonly Webhook[],
): Promise<readonly Told[]> {
  const envelope = envelopeOf(event);
  const subject = new Subject(envelope, body);
  const tenant: EventTenant = await findTenant(database, envelope);
  const idOf = (webhookId: string): string => deliveryId(event.id, webhookId);
  const states = await statesOf(
    database,
    webhooks.map(({ id }) => idOf(id)),
  );
  return webhooks
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .map(webhook => {
      const { webhook: _, ...said } = explainWebhook(webhook, subject, tenant);
      const { id, name, scope, accountId } = webhook;
      const state = states.get(idOf(id));
      return {
        webhookId: id,
        name,
        scope,
        accountId,
        ...said,
        owed: event.owed.includes(id),
        delivery: state === undefined ? null : { id: idOf(id), state },
      };
    });
}

interface Told {
  readonly webhookId: string;
  readonly matched: boolean;
  readonly owed: boolean;
  readonly delivery: { readonly id: string; readonly state: DeliveryState } | null;
}

function envelopeOf(row: EventFacts): Envelope {
  const { id: _id, sourceName: _source, owed: _owed, ...envelope } = row;
  return toEnvelope(envelope);
}
