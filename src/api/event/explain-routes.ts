/** Explains which webhooks an event matches, and why others do not get it. */
import { Type } from 'typebox';
import type { Static } from 'typebox';

import { deliveryStates } from '../../event/delivery.ts';
import { deliveryId } from '../../event/id.ts';
import type { Webhook } from '../../webhook/webhook.ts';
import { coverages, explainWebhook } from '../../match/explain.ts';
import { Subject } from '../../match/subject.ts';
import { loadWebhooksById } from '../../store/webhook/load.ts';
import { databaseOf } from '../../store/database.ts';
import type { Database } from '../../store/database.ts';
import { envelopeOf, findEvent } from '../../store/event/event.ts';
import { findStates } from '../../store/delivery/delivery.ts';
import type { EventRow } from '../../store/event/event.ts';
import { listWebhooks } from '../../store/webhook/webhook.ts';
import { toProven } from '../../store/event/envelope.ts';
import { findTenant } from '../../store/event/tenant.ts';
import type { EventTenant } from '../../store/event/tenant.ts';
import { callerOf } from '../http/authenticate.ts';
import type { Caller } from '../http/authenticate.ts';
import type { ApiOptions, RouteGroup } from '../context.ts';
import { readCursor, toPage, uuidKey } from '../http/page.ts';
import { ProblemError } from '../http/problem.ts';
import { requireWebhook } from '../webhook/require-webhook.ts';
import { closed, idParams, listAnswer, pageQuery, problems } from '../http/schema.ts';
import type { Routes } from '../http/schema.ts';
import { arrayOf, flag, uuid, nullable, oneOf, text } from '../../event/schema.ts';
import { scopes } from '../../webhook/words.ts';

const explanation = Type.Object(
  {
    webhookId: uuid(),
    name: text(),
    scope: oneOf(scopes),
    accountId: text(),
    matched: flag({ description: 'Whether it matches with the current settings.' }),
    coveredBy: Type.Optional(
      oneOf(coverages, {
        description:
          'Rule by which its scope covers the event: it is Global; the account that the event belongs to, or the domain of that account; the user whom the event proves to concern, or their domain; or the domain that it proves to concern. Absent when it does not cover it.',
      }),
    ),
    reason: Type.Optional(
      text({ description: 'First reason why it does not match.', example: 'scope' }),
    ),
    detail: text({
      description:
        'The reason in a sentence, or for a webhook that matches the rule by which it is covered.',
    }),
    unanswered: Type.Optional(
      arrayOf(text(), {
        description:
          'Expressions that cannot be evaluated for the event, which counts as no match.',
      }),
    ),
    owed: flag({ description: 'Whether it matched when the event was recorded.' }),
    delivery: nullable(
      Type.Object(
        { id: uuid(), state: oneOf(deliveryStates) },
        {
          description:
            'Null when there is none in the database: not owed, deleted, or still in its first attempt.',
        },
      ),
    ),
  },
  { $id: 'Explanation', description: 'Why a webhook gets an event, or does not.' },
);

const query = closed({
  ...pageQuery,
  webhookId: Type.Optional(uuid({ description: 'Only this webhook.' })),
  matched: Type.Optional(
    flag({ description: 'Only webhooks that match (`true`) or do not match (`false`).' }),
  ),
});

/** Maximum number of webhooks examined for one page when only some of them are wanted. */
const webhooksMax = 2_000;

const schema = {
  operationId: 'explainEvent',
  summary: 'Explain which webhooks an event matches, and why others do not get it',
  description:
    '`matched` and its reason follow the current webhook, filters and directory; `owed` tells whether the webhook matched when the event was recorded. With `matched` a page may contain fewer than `limit` items and still have a `nextCursor`.',
  tags: ['events'],
  params: idParams,
  querystring: query,
  response: {
    200: listAnswer(explanation, 'One explanation for each webhook that you may see.'),
    ...problems,
  },
};

export const explainRoutes: RouteGroup = {
  schemas: [explanation],
  register: registerExplainRoutes,
};

function registerExplainRoutes(app: Routes, { store }: ApiOptions): void {
  app.get('/v1/events/:id/explain', { schema }, async request => {
    const { id: eventId } = request.params;
    const { limit, matched } = request.query;
    const database = databaseOf(store);
    const caller = callerOf(request);
    const event = await findEvent(database, eventId, caller.visibility);
    if (!event) throw new ProblemError('not_found', `There is no event ${eventId}.`);
    const ids = await selectWebhooks(database, caller, request.query);
    const examined = toPage(
      ids,
      matched === undefined ? limit : webhooksMax,
      webhookId => webhookId,
    );
    const explained = await explain(database, event, await loadWebhooksById(store, examined.items));
    const wanted = explained.filter(one => matched === undefined || one.matched === matched);
    // Webhooks that were examined and do not fit the page are examined again for the next page.
    return wanted.length > limit
      ? toPage(wanted, limit, ({ webhookId }) => webhookId)
      : { ...examined, items: wanted };
  });
}

/** Ids of the webhooks to explain, one more than the page examines. */
async function selectWebhooks(
  database: Database,
  { visibility }: Caller,
  { webhookId, matched, limit, cursor }: Static<typeof query>,
): Promise<readonly string[]> {
  if (webhookId !== undefined) {
    return [(await requireWebhook(database, webhookId, visibility)).id];
  }
  const rows = await listWebhooks(database, visibility, {
    cursor: readCursor(cursor, uuidKey),
    limit: (matched === undefined ? limit : webhooksMax) + 1,
  });
  return rows.map(({ id }) => id);
}

async function explain(
  database: Database,
  { body, ...event }: EventRow & { readonly body: string },
  webhooks: readonly Webhook[],
): Promise<readonly Static<typeof explanation>[]> {
  const envelope = envelopeOf(event);
  const proven = toProven(event);
  const tenant: EventTenant = await findTenant(database, envelope, proven);
  const explained = { subject: new Subject(envelope, body), proven, tenant };
  const idOf = (webhookId: string): string => deliveryId(event.id, webhookId);
  const states = await findStates(
    database,
    webhooks.map(({ id }) => idOf(id)),
  );
  return webhooks
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .map(webhook => {
      const { webhook: _, ...result } = explainWebhook(webhook, explained);
      const { id, name, scope, accountId } = webhook;
      const state = states.get(idOf(id));
      return {
        webhookId: id,
        name,
        scope,
        accountId,
        ...result,
        owed: event.owed.includes(id),
        delivery: state === undefined ? null : { id: idOf(id), state },
      };
    });
}
