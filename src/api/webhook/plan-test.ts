/** The webhook of a test delivery, saved or not: one way for REST and for CloudStack's API. Who asked is noted. */
import type { Webhook } from '../../webhook/webhook.ts';
import { loadWebhooksById } from '../../store/webhook/load.ts';
import { databaseOf } from '../../store/database.ts';
import { everything } from '../../store/sql/visibility.ts';
import type { Caller } from '../http/authenticate.ts';
import { findOwner, requireAccount, valuesOf } from './change-webhook.ts';
import type { ApiOptions } from '../context.ts';
import { writeAudit } from '../setting/write-audit.ts';
import { toDispatchWebhook, secretsOf } from './draft-webhook.ts';
import { ProblemError } from '../http/problem.ts';
import { ofWebhook, requireWebhook } from './require-webhook.ts';
import type { IdParams } from '../http/route.ts';
import { planNewWebhook, planWebhookChange } from './webhook-rules.ts';
import type { WebhookChange } from './webhook-rules.ts';

interface Signed {
  readonly payload?: string;
  readonly secretKey?: string | null;
}
export type SavedBody = Signed & Pick<WebhookChange, 'payloadUrl' | 'sslVerification'>;
export type UnsavedBody = Signed &
  Omit<WebhookChange, 'payloadUrl'> & { readonly payloadUrl: string; readonly accountId?: string };

/** With what the request says instead of what is saved. @throws {ProblemError} */
export async function planSaved(
  { store, secretKey: key }: Pick<ApiOptions, 'store' | 'secretKey'>,
  caller: Caller,
  { id, secretKey, payloadUrl: wantedUrl, sslVerification: wanted }: SavedBody & IdParams,
): Promise<Webhook> {
  const database = databaseOf(store);
  const current = await requireWebhook(database, id, caller.visibility);
  const owner = await requireAccount(database, current.accountId, everything);
  const { payloadUrl, sslVerification } = planWebhookChange(owner, valuesOf(current), {
    ...(wantedUrl !== undefined && { payloadUrl: wantedUrl }),
    ...(wanted !== undefined && { sslVerification: wanted }),
  });
  const [saved] = await loadWebhooksById(store, [id]);
  if (!saved) throw new ProblemError('not_found', 'The webhook was deleted at the same moment.');
  // A test is no change of a row. It is noted before it is made, so that none is made without a trace.
  await writeAudit(database, caller, {
    action: 'webhook.tested',
    ...ofWebhook(current),
    after: { payloadUrl },
  });
  const secrets = secretKey === undefined ? (saved.secrets ?? []) : secretsOf(key, secretKey);
  return { ...saved, payloadUrl, sslVerification, secrets };
}

/** @throws {ProblemError} */
export async function planUnsaved(
  { store, secretKey: key }: Pick<ApiOptions, 'store' | 'secretKey'>,
  caller: Caller,
  { secretKey, accountId, ...wanted }: Omit<UnsavedBody, 'payload'>,
): Promise<Webhook> {
  const database = databaseOf(store);
  const owner = await findOwner(database, caller, accountId);
  const values = planNewWebhook(owner, { ...wanted, name: 'test' });
  await writeAudit(database, caller, {
    action: 'url.tested',
    objectId: values.payloadUrl,
    accountId: owner.id,
    domainId: owner.domainId,
  });
  return { ...toDispatchWebhook(values), secrets: secretsOf(key, secretKey) };
}
