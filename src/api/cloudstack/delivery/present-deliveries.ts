/** Deliveries as answers show them. Their requests are rendered again, because only the event is stored. */
import { RenderError } from '../../../event/errors.ts';
import { defaultFormat } from '../../../format/format.ts';
import type { NamedDelivery } from '../../../store/delivery/list-by-page.ts';
import { databaseOf } from '../../../store/database.ts';
import { findWebhooks } from '../../../store/webhook/webhook.ts';
import type { ApiOptions } from '../../context.ts';
import { describeRequest, shapeOf } from '../../delivery/describe-request.ts';
import type { DescribedRequest, RequestShape } from '../../delivery/describe-request.ts';
import type { Fields } from '../request/answer.ts';
import { deliveryFields } from '../webhook/objects.ts';

/** Describes deliveries, in the same order. */
export async function presentDeliveries(
  { store, formats }: Pick<ApiOptions, 'store' | 'formats'>,
  deliveries: readonly NamedDelivery[],
): Promise<readonly Fields[]> {
  const ids = new Set(deliveries.map(({ webhookId }) => webhookId));
  const webhooks = await findWebhooks(databaseOf(store), [...ids]);
  const shapes = new Map(webhooks.map(webhook => [webhook.id, shapeOf(formats, webhook)]));
  const format = formats.get(defaultFormat);
  return Promise.all(
    deliveries.map(async delivery => {
      // The format of a deleted webhook is lost.
      const shape = shapes.get(delivery.webhookId) ?? (format && { format, options: {} });
      return deliveryFields(delivery, shape && (await describe(delivery, shape)));
    }),
  );
}

async function describe(
  { eventId, envelope, body, createdAt, startedAt }: NamedDelivery,
  shape: RequestShape,
): Promise<DescribedRequest | undefined> {
  const sentAtMs = Date.parse(startedAt ?? createdAt);
  try {
    return await describeRequest({ id: eventId, envelope, body }, shape, sentAtMs);
  } catch (error) {
    if (!(error instanceof RenderError)) throw error;
    return undefined;
  }
}
