/** Creates, updates and deletes webhooks: the rules, the rows and the audit, in one transaction each. */
import { databaseOf } from '../../store/database.ts';
import type { Database } from '../../store/database.ts';
import { everything } from '../../store/sql/visibility.ts';
import { findDomainPaths } from '../../store/directory/domain.ts';
import { lockAccount, lockAccountOf } from '../../store/directory/account.ts';
import { loadWebhooksById } from '../../store/webhook/load.ts';
import {
  deleteWebhookRow,
  insertWebhook,
  lockWebhook,
  updateWebhookRow,
} from '../../store/webhook/webhook.ts';
import { insertFilter } from '../../store/webhook/filter.ts';
import type { WebhookRow } from '../../store/webhook/webhook.ts';
import { chooseFormat } from '../../webhook/choose-format.ts';
import { isToBeAsked, validationOf } from '../../webhook/consent.ts';
import { numbered } from '../../webhook/filter/filter-rules.ts';
import { planNewWebhook, planWebhookChange } from '../../webhook/plan-webhook.ts';
import { initialValues } from '../../webhook/values.ts';
import { scopes } from '../../webhook/words.ts';
import type { WebhookValues } from '../../webhook/values.ts';
import type { ApiOptions } from '../context.ts';
import { checkFormat } from '../format/check-format.ts';
import type { Caller } from '../http/authenticate.ts';
import { changing } from '../http/changing.ts';
import { etagOf, requireMatch } from '../http/etag.ts';
import type { Preconditions } from '../http/etag.ts';
import { ProblemError } from '../http/problem.ts';
import { findOwner, requireAccount, requireScope } from './owner.ts';
import {
  ofWebhook,
  requireMoreFilters,
  requireRoom,
  requireTimeout,
  requireWebhook,
} from './require-webhook.ts';
import type { NewWebhookBody, WebhookChangeBody } from './schema-webhook.ts';
import { replaceSecretKey, requireSecret, secretsOf } from './secret.ts';
import { requireConsent } from './validate-receiver.ts';

/** Id of a webhook, and the state in which the request expects it. */
export interface Target extends Preconditions {
  readonly id: string;
}

/** @throws {ProblemError} receiver_not_validated, webhook_limit, and others. @throws {WebhookError} */
export async function createWebhook(
  options: ApiOptions,
  caller: Caller,
  body: NewWebhookBody,
): Promise<WebhookRow> {
  const { store, newId } = options;
  const { secretKey, filters = [] } = body;
  requireTimeout(options, body);
  requireSecret(secretKey);
  await checkFormat(options, caller, { ...initialValues, ...body });
  await askAboutNew(options, caller, body);
  const { created } = await changing(store, caller, 'webhook.created', async database => {
    const { accountId = caller.principal.accountId } = body;
    // What is decided by the account's domain is decided once no move of the account is under way.
    if (accountId !== undefined) await lockAccount(database, accountId);
    const values = await planNew(database, { options, caller }, body);
    const id = newId();
    await requireRoom(
      database,
      options,
      await requireAccount(database, values.accountId, everything),
    );
    if (!(await insertWebhook(database, id, values))) throw urlInUse(values);
    await replaceSecretKey(database, options, { id, secretKey });
    await requireMoreFilters(
      database,
      { accountId: values.accountId, filters: [] },
      numbered(filters),
    );
    for (const filter of filters) await insertFilter(database, id, { ...filter, id: newId() });
    const webhook = await requireWebhook(database, id, everything);
    return { ...ofWebhook(webhook), after: { ...webhook, secretKey }, created: webhook };
  });
  return created;
}

/** @throws {ProblemError} precondition_failed, receiver_not_validated, and others. @throws {WebhookError} */
export async function updateWebhook(
  options: ApiOptions,
  caller: Caller,
  { body, ...target }: Target & { readonly body: WebhookChangeBody },
): Promise<WebhookRow> {
  const { id } = target;
  requireTimeout(options, body);
  requireSecret(body.secretKey);
  await tryChange(options, caller, { id, body });
  const { updated } = await changing(options.store, caller, 'webhook.updated', async database => {
    const { secretKey } = body;
    await lockAccountOf(database, id);
    const current = await takeWebhook(database, caller, target);
    const { owner, values } = await planChange(database, options, { current, body });
    chooseFormat(options.formats, values, isSigned(current, body));
    // A scope that stays is not judged: an owner whose role was lowered can still disable the webhook.
    if (values.scope !== current.scope || values.domainId !== current.domainId) {
      await requireScope(database, caller, { owner, values });
    }
    const stateReason =
      values.state === current.state ? null : reasonOf(values, caller.principal.username);
    if (!(await updateWebhookRow(database, id, { ...values, stateReason }))) throw urlInUse(values);
    await replaceSecretKey(database, options, { id, secretKey });
    const webhook = await requireWebhook(database, id, everything);
    const owners = await ofChange(database, current, webhook);
    return { ...owners, before: current, after: { ...webhook, secretKey }, updated: webhook };
  });
  return updated;
}

/** The owner of the audit's row of a change, which shows the former values, too: only who may see both sees the row. */
async function ofChange(database: Database, former: WebhookRow, present: WebhookRow) {
  const wider = scopes.indexOf(former.scope) > scopes.indexOf(present.scope) ? former : present;
  const isOfDomains = former.scope === 'Domain' && present.scope === 'Domain';
  if (!isOfDomains || former.domainId === present.domainId) return ofWebhook(wider);
  const ids = [former.domainId, present.domainId];
  const paths = await findDomainPaths(database, ids);
  const domainId = ids.find(id => ids.every(other => paths.get(other)?.includes(id)));
  return ofWebhook(domainId === undefined ? { ...wider, scope: 'Global' } : { ...wider, domainId });
}

/** @throws {ProblemError} not_found, precondition_failed */
export async function deleteWebhook(
  { store }: ApiOptions,
  caller: Caller,
  target: Target,
): Promise<void> {
  await changing(store, caller, 'webhook.deleted', async database => {
    const before = await takeWebhook(database, caller, target);
    await deleteWebhookRow(database, target.id);
    return { ...ofWebhook(before), before };
  });
}

/** Asks the receiver of a webhook that is to be created, before anything is locked. */
async function askAboutNew(
  options: ApiOptions,
  caller: Caller,
  body: NewWebhookBody,
): Promise<void> {
  const { store, formats } = options;
  const wanted = { ...initialValues, ...body };
  if (wanted.state === 'Disabled' || validationOf(formats, wanted) === 'none') return;
  const values = await planNew(databaseOf(store), { options, caller }, body);
  await requireConsent(options, values, secretsOf(options, body.secretKey), caller.signal);
}

async function planNew(
  database: Database,
  { options, caller }: { readonly options: ApiOptions; readonly caller: Caller },
  { secretKey, filters: _filters, accountId, ...wish }: NewWebhookBody,
): Promise<WebhookValues> {
  const owner = await findOwner(database, caller, accountId);
  const values = planNewWebhook(owner, wish, options.now());
  chooseFormat(options.formats, values, Boolean(secretKey));
  await requireScope(database, caller, { owner, values });
  return values;
}

/** Tries the template and asks the receiver where necessary, before the transaction: both may take seconds. */
async function tryChange(
  options: ApiOptions,
  caller: Caller,
  { id, body }: { readonly id: string; readonly body: WebhookChangeBody },
): Promise<void> {
  const { store, formats } = options;
  const database = databaseOf(store);
  const current = await requireWebhook(database, id, caller.visibility);
  if (body.format !== undefined || body.template !== undefined) {
    await checkFormat(options, caller, { ...current, ...body });
  }
  const { secretKey } = body;
  if (!isToBeAsked(current, body, secretKey !== undefined)) return;
  const { values } = await planChange(database, options, { current, body });
  if (validationOf(formats, values) === 'none') return;
  chooseFormat(formats, values, isSigned(current, body));
  const [saved] = secretKey === undefined ? await loadWebhooksById(store, [id]) : [];
  await requireConsent(
    options,
    values,
    saved?.secrets ?? secretsOf(options, secretKey),
    caller.signal,
  );
}

async function planChange(
  database: Database,
  { now }: ApiOptions,
  { current, body }: { readonly current: WebhookRow; readonly body: WebhookChangeBody },
) {
  const { secretKey: _secret, ...change } = body;
  const owner = await requireAccount(database, current.accountId, everything);
  return { owner, values: planWebhookChange(owner, current, change, now()) };
}

/** The webhook, which nobody else can change until the transaction ends. */
async function takeWebhook(
  database: Database,
  { visibility }: Caller,
  { id, ifMatch }: Target,
): Promise<WebhookRow> {
  await lockWebhook(database, id);
  const current = await requireWebhook(database, id, visibility);
  requireMatch(etagOf(current), ifMatch);
  return current;
}

/** Shown in the webhook's health while it is not enabled. */
const reasonOf = ({ state }: WebhookValues, username: string): string =>
  `${state.toLowerCase()} by ${username}`;

const urlInUse = ({ payloadUrl }: WebhookValues): ProblemError =>
  new ProblemError(
    'payload_url_in_use',
    `Payload URL: ${payloadUrl} is already in use by another webhook`,
  );

const isSigned = ({ hasSecret }: WebhookRow, { secretKey }: WebhookChangeBody): boolean =>
  secretKey === undefined ? hasSecret : Boolean(secretKey);
