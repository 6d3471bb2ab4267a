/** Redelivers a delivery, for REST and for CloudStack's API. */
import { redeliveryId } from '../../event/id.ts';
import { insertRedelivery, isDisabled, isInScope } from '../../store/delivery/redeliver.ts';
import { findDelivery } from '../../store/delivery/delivery.ts';
import type { DeliveryRow } from '../../store/delivery/delivery.ts';
import type { Database } from '../../store/database.ts';
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
 * @throws {ProblemError} not_found, webhook_deleted, webhook_disabled, event_out_of_scope.
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
    await requireDeliverable(database, { eventId, webhookId });
    const made = await insertFurther(database, { randomBytes }, { eventId, webhookId });
    const after = { deliveryId: made.id, eventId, webhookId };
    return { ...ofWebhook(webhook), objectId: id, after, created: made };
  });
  return created;
}

type Owed = Pick<DeliveryRow, 'eventId' | 'webhookId'>;

/** Requires that the webhook may get the event as things are now. @throws {ProblemError} webhook_disabled, event_out_of_scope. */
export async function requireDeliverable(database: Database, owed: Owed): Promise<void> {
  await requireReceiving(database, owed.webhookId);
  if (await isInScope(database, owed)) return;
  throw new ProblemError(
    'event_out_of_scope',
    "The event is outside of the webhook's present scope, so that it cannot be delivered to it.",
  );
}

/** Inserts a delivery of any event in the database, due immediately. */
export async function insertFurther(
  database: Database,
  { randomBytes }: Pick<ApiOptions, 'randomBytes'>,
  { eventId, webhookId }: Owed,
): Promise<DeliveryRow> {
  const id = redeliveryId(eventId, randomBytes(16).toString('hex'));
  await insertRedelivery(database, { id, eventId, webhookId });
  const made = await findDelivery(database, id, everything);
  if (!made) throw new RangeError('the delivery just inserted is not there');
  return made;
}

/** Requires that what the webhook is owed is sent now or once it is resumed. @throws {ProblemError} webhook_disabled. */
export async function requireReceiving(database: Database, webhookId: string): Promise<void> {
  if (!(await isDisabled(database, webhookId))) return;
  throw new ProblemError(
    'webhook_disabled',
    'Nothing is delivered to a webhook that is disabled or whose account is gone from the cloud. Enable it first.',
  );
}

export const noDelivery = (id: string): ProblemError =>
  new ProblemError('not_found', `There is no delivery ${id}.`);
