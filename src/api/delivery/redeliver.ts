/** Redelivers a delivery, for REST and for CloudStack's API. */
import { redeliveryId } from '../../event/id.ts';
import { insertRedelivery, isInScope } from '../../store/delivery/redeliver.ts';
import { findDelivery } from '../../store/delivery/delivery.ts';
import type { DeliveryRow } from '../../store/delivery/delivery.ts';
import { findWebhook } from '../../store/webhook/webhook.ts';
import { everything } from '../../store/sql/visibility.ts';
import type { Caller } from '../http/authenticate.ts';
import type { ApiOptions } from '../context.ts';
import { changing } from '../http/changing.ts';
import { ProblemError } from '../http/problem.ts';
import { ofWebhook } from '../webhook/require-webhook.ts';

/**
 * Creates a new delivery of the same event to the webhook with its current settings, due immediately.
 *
 * @throws {ProblemError} not_found, webhook_deleted, event_out_of_scope.
 */
export async function redeliver(
  { store, randomBytes }: Pick<ApiOptions, 'store' | 'randomBytes'>,
  id: string,
  caller: Caller,
): Promise<DeliveryRow> {
  const { visibility } = caller;
  const { created } = await changing(store, caller, 'delivery.redelivered', async database => {
    const past = await findDelivery(database, id, visibility);
    if (!past) throw noDelivery(id);
    const { eventId, webhookId } = past;
    const webhook = await findWebhook(database, webhookId, visibility);
    if (!webhook) {
      throw new ProblemError('webhook_deleted', 'There is no webhook to deliver to any more.');
    }
    if (!(await isInScope(database, { eventId, webhookId }))) {
      throw new ProblemError(
        'event_out_of_scope',
        "The event is outside of the webhook's present scope, so that it cannot be delivered again.",
      );
    }
    const newId = redeliveryId(eventId, randomBytes(16).toString('hex'));
    await insertRedelivery(database, { id: newId, eventId, webhookId });
    const found = await findDelivery(database, newId, everything);
    if (!found) throw new RangeError('the delivery just inserted is not there');
    const after = { deliveryId: newId, eventId, webhookId };
    return { ...ofWebhook(webhook), objectId: id, after, created: found };
  });
  return created;
}

export const noDelivery = (id: string): ProblemError =>
  new ProblemError('not_found', `There is no delivery ${id}.`);
