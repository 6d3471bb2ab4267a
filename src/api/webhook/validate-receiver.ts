/** A webhook that is to be enabled asks its receiver first, where it or its format says so. */
import type { Webhook, WebhookSecret } from '../../webhook/webhook.ts';
import type { Formats } from '../../format/formats.ts';
import type { WebhookFacts, WebhookValues } from '../../store/webhook/query-webhook.ts';
import type { ChangeBody } from './webhook-rules.ts';
import type { ApiOptions } from '../context.ts';
import { toDispatchWebhook } from './draft-webhook.ts';
import { ProblemError } from '../http/problem.ts';

/** How the receiver is asked. */
export function validationOf(
  formats: Formats,
  { validation, format }: Pick<WebhookValues, 'validation' | 'format'>,
): NonNullable<Webhook['validation']> {
  return validation ?? formats.get(format)?.validation ?? 'none';
}

/** What a change must touch for the answer of before not to hold any more. */
const asked = [
  'payloadUrl',
  'sslVerification',
  'caCertificate',
  'headers',
  'format',
  'body',
  'msgKey',
  'template',
  'validation',
] as const satisfies (keyof ChangeBody)[];

export function isToBeAsked(
  current: Pick<WebhookFacts, 'state'>,
  { state = current.state, secretKey, ...change }: ChangeBody,
): boolean {
  if (state !== 'Enabled') return false;
  return (
    current.state !== 'Enabled' ||
    secretKey !== undefined ||
    asked.some(field => change[field] !== undefined)
  );
}

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
  const refusal = await validate({ ...toDispatchWebhook(values), secrets, validation });
  if (refusal === undefined) return;
  throw new ProblemError(
    'receiver_not_validated',
    `${refusal} Nothing was changed; with state Disabled the receiver is not asked.`,
  );
}
