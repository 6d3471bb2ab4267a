/** Delivers any event in the database to a webhook whose scope covers it, whether or not it was ever owed to it. */
import type { Static } from 'typebox';

import { isAbout } from '../../event/event.ts';
import { flag, uuid } from '../../event/schema.ts';
import { explainConditions } from '../../match/explain.ts';
import { Subject } from '../../match/subject.ts';
import { databaseOf } from '../../store/database.ts';
import type { DeliveryRow } from '../../store/delivery/delivery.ts';
import { envelopeOf, findEvent } from '../../store/event/event.ts';
import type { WebhookRow } from '../../store/webhook/webhook.ts';
import type { ApiOptions, RouteGroup } from '../context.ts';
import { callerOf } from '../http/authenticate.ts';
import type { Caller } from '../http/authenticate.ts';
import { changing } from '../http/changing.ts';
import { ProblemError } from '../http/problem.ts';
import { answer, closed, defaulted, idParams, problems, ref } from '../http/schema.ts';
import type { Routes } from '../http/schema.ts';
import { ofWebhook, requireWebhook } from '../webhook/require-webhook.ts';
import { delivery } from './delivery-routes.ts';
import { insertFurther, requireDeliverable } from './redeliver.ts';

const eventDelivery = closed(
  {
    webhookId: uuid({ description: 'The webhook to deliver to.' }),
    ignoreFilters: defaulted(
      flag({
        description:
          "Whether to deliver the event even if the webhook's categories or filters leave it out.",
      }),
      false,
    ),
  },
  { $id: 'EventDelivery', description: 'Where to deliver an event.' },
);

const schema = {
  operationId: 'deliverEvent',
  summary: 'Deliver an event to a webhook',
  description:
    "Creates a delivery of the event, due immediately, whether or not the webhook has or had one. Its present scope has to cover the event (409 `event_out_of_scope`), and its categories and filters have to match unless `ignoreFilters` is set (409 `event_not_wanted`). The receiver gets the event's own id, as with a redelivery. A paused webhook gets it once it is resumed; for a disabled one the request is refused (409).",
  tags: ['events'],
  params: idParams,
  body: ref(eventDelivery),
  response: { 202: answer(delivery, 'The new delivery.'), ...problems },
};

export const deliverEventRoutes: RouteGroup = {
  schemas: [eventDelivery],
  register: registerDeliverEvent,
};

function registerDeliverEvent(app: Routes, options: ApiOptions): void {
  app.post('/v1/events/:id/deliver', { schema }, async (request, reply) => {
    const { params, body } = request;
    const created = await deliverEvent(options, callerOf(request), { ...body, eventId: params.id });
    return reply.code(202).header('location', `/v1/deliveries/${created.id}`).send(created);
  });
}

type Choice = Static<typeof eventDelivery> & { readonly eventId: string };

/** @throws {ProblemError} not_found, webhook_disabled, event_out_of_scope, event_not_wanted. */
async function deliverEvent(
  { store, randomBytes }: ApiOptions,
  caller: Caller,
  { eventId, webhookId, ignoreFilters }: Choice,
): Promise<DeliveryRow> {
  const { visibility } = caller;
  const event = await findEvent(databaseOf(store), eventId, visibility);
  if (!event) throw new ProblemError('not_found', `There is no event ${eventId}.`);
  const subject = new Subject(envelopeOf(event), event.body);
  const { created } = await changing(store, caller, 'event.delivered', async database => {
    const webhook = await requireWebhook(database, webhookId, visibility);
    await requireDeliverable(database, { eventId, webhookId });
    requireWanted(webhook, subject, ignoreFilters);
    const made = await insertFurther(database, { randomBytes }, { eventId, webhookId });
    const after = { deliveryId: made.id, eventId, webhookId, ignoreFilters };
    return { ...ofWebhook(webhook), objectId: eventId, after, created: made };
  });
  return created;
}

/** @throws {ProblemError} event_out_of_scope, event_not_wanted. */
function requireWanted(webhook: WebhookRow, subject: Subject, ignoreFilters: boolean): void {
  if (isAbout(subject.envelope, webhook.id)) {
    throw new ProblemError('event_out_of_scope', 'No webhook gets events about itself.');
  }
  if (ignoreFilters) return;
  const explained = explainConditions(webhook, subject);
  if (explained.matched) return;
  throw new ProblemError(
    'event_not_wanted',
    `The webhook leaves the event out: ${explained.detail}. With \`ignoreFilters\` it is delivered all the same.`,
  );
}
