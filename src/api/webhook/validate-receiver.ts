/** Asks a webhook's receiver for its consent, where the webhook or its format requires it. */
import { randomUUID } from 'node:crypto';

import { validationOf } from '../../webhook/consent.ts';
import type { WebhookValues } from '../../webhook/values.ts';
import { toDispatchWebhook } from '../../webhook/webhook.ts';
import type { WebhookSecret } from '../../webhook/webhook.ts';
import type { ApiOptions } from '../context.ts';
import { ProblemError } from '../http/problem.ts';

/**
 * Takes as long as a delivery may take; nothing must be locked meanwhile.
 *
 * @throws {ProblemError} receiver_not_validated
 */
export async function requireConsent(
  { formats, validate }: ApiOptions,
  values: WebhookValues,
  secrets: readonly WebhookSecret[],
): Promise<void> {
  const validation = validationOf(formats, values);
  if (validation === 'none') return;
  const webhook = toDispatchWebhook(values, { id: randomUUID(), secrets });
  const refusal = await validate({ ...webhook, validation });
  if (refusal === undefined) return;
  throw new ProblemError(
    'receiver_not_validated',
    `${refusal} Nothing was changed; with state Disabled the receiver is not asked.`,
  );
}
