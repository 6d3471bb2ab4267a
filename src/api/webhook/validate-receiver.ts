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
 * @param signal aborts when the client has hung up.
 * @throws {ProblemError} receiver_not_validated, busy
 */
export async function requireConsent(
  { formats, validate }: ApiOptions,
  values: WebhookValues,
  secrets: readonly WebhookSecret[],
  signal: AbortSignal,
): Promise<void> {
  const validation = validationOf(formats, values);
  if (validation === 'none') return;
  const webhook = toDispatchWebhook(values, { id: randomUUID(), secrets });
  const refusal = await validate({ ...webhook, validation }, signal);
  if (refusal === undefined) return;
  const { text, isBusy } = refusal;
  if (isBusy) {
    throw new ProblemError('busy', `The receiver was not asked: ${text} Nothing was changed.`);
  }
  throw new ProblemError(
    'receiver_not_validated',
    `${text} Nothing was changed; with state Disabled the receiver is not asked.`,
  );
}
