/** Plans test deliveries for REST and for CloudStack's API, to webhooks saved or not, and writes them to the audit. */
import { randomUUID } from 'node:crypto';

import { databaseOf } from '../../store/database.ts';
import { everything } from '../../store/sql/visibility.ts';
import { loadWebhooksById } from '../../store/webhook/load.ts';
import { planNewWebhook, planWebhookChange } from '../../webhook/plan-webhook.ts';
import { toDispatchWebhook } from '../../webhook/webhook.ts';
import type { Webhook } from '../../webhook/webhook.ts';
import type { ApiOptions } from '../context.ts';
import type { Caller } from '../http/authenticate.ts';
import { changing } from '../http/changing.ts';
import { ProblemError } from '../http/problem.ts';
import { findOwner, requireAccount } from './owner.ts';
import { ofWebhook, requireTimeout, requireWebhook } from './require-webhook.ts';
import type { UnsavedTestBody, WebhookTestBody } from './schema-webhook.ts';
import { secretsOf } from './secret.ts';

type Deps = Pick<ApiOptions, 'store' | 'secretKey' | 'now' | 'timeoutMsMax'>;

/**
 * The saved webhook, with the values of the request in place of its own.
 *
 * @throws {ProblemError} not_found, account_invalid. @throws {WebhookError}
 */
export async function planSaved(
  options: Deps,
  caller: Caller,
  { id, secretKey, ...wanted }: Omit<WebhookTestBody, 'payload'> & { readonly id: string },
): Promise<Webhook> {
  const { store, now } = options;
  const database = databaseOf(store);
  const current = await requireWebhook(database, id, caller.visibility);
  const owner = await requireAccount(database, current.accountId, everything);
  const { payloadUrl, sslVerification } = planWebhookChange(owner, current, wanted, now());
  const [saved] = await loadWebhooksById(store, [id]);
  if (!saved) throw new ProblemError('not_found', 'The webhook was deleted at the same moment.');
  // The audit comes first, so that no test is made without a trace.
  await changing(store, caller, 'webhook.tested', async () => ({
    ...ofWebhook(current),
    after: { payloadUrl },
  }));
  const secrets = secretKey === undefined ? saved.secrets : secretsOf(options, secretKey);
  return { ...saved, payloadUrl, sslVerification, secrets };
}

/** @throws {ProblemError} account_invalid. @throws {WebhookError} */
export async function planUnsaved(
  options: Deps,
  caller: Caller,
  { secretKey, accountId, ...wanted }: Omit<UnsavedTestBody, 'payload'>,
): Promise<Webhook> {
  requireTimeout(options, wanted);
  const database = databaseOf(options.store);
  const owner = await findOwner(database, caller, accountId);
  const values = planNewWebhook(owner, { ...wanted, name: 'test' }, options.now());
  await changing(options.store, caller, 'url.tested', async () => ({
    objectId: values.payloadUrl,
    accountId: owner.id,
    domainId: owner.domainId,
  }));
  return toDispatchWebhook(values, { id: randomUUID(), secrets: secretsOf(options, secretKey) });
}
