/** A webhook as dispatch sees it, of what its row would be: for what is tried before it is saved. */
import { randomUUID } from 'node:crypto';

import { seal } from '../../access/secret/seal.ts';
import type { Webhook, WebhookSecret } from '../../webhook/webhook.ts';
import type { WebhookValues } from '../../store/webhook/query-webhook.ts';

/** What a webhook would sign with if it had this secret alone. */
export const secretsOf = (key: Buffer, secretKey: string | null | undefined): WebhookSecret[] =>
  secretKey ? [{ sealed: seal(key, secretKey) }] : [];

export function toDispatchWebhook({
  description: _description,
  ...values
}: WebhookValues): Webhook {
  const { caCertificate, headers, body, msgKey, template, batch, ...others } = values;
  const { tries, timeoutMs, concurrencyMax, ratePerSecondMax, validation, ...plain } = others;
  return {
    ...plain,
    id: randomUUID(),
    filters: [],
    ...(caCertificate !== null && { caCertificate }),
    ...(headers !== null && { headers }),
    ...(body !== null && { body }),
    ...(msgKey !== null && { msgKey }),
    ...(template !== null && { template }),
    ...(batch !== null && { batch }),
    ...(tries !== null && { tries }),
    ...(timeoutMs !== null && { timeoutMs }),
    ...(concurrencyMax !== null && { concurrencyMax }),
    ...(ratePerSecondMax !== null && { ratePerSecondMax }),
    ...(validation !== null && { validation }),
  };
}
