/** Makes, changes and deletes webhooks: the rules, the rows and the audit, in one transaction each. */
import { seal } from '../../access/secret/seal.ts';
import { defaultFormat } from '../../format/formats.ts';
import { loadWebhooksById } from '../../store/webhook/load.ts';
import { databaseOf, inTransaction } from '../../store/database.ts';
import type { Database } from '../../store/database.ts';
import { findAccount, findDomain } from '../../store/directory/query-directory.ts';
import type { AccountFacts } from '../../store/directory/query-directory.ts';
import { replaceSecret } from '../../store/webhook/query-secret.ts';
import {
  deleteWebhook,
  insertFilter,
  insertWebhook,
  lockWebhook,
  updateWebhook,
} from '../../store/webhook/query-webhook.ts';
import type { WebhookFacts, WebhookValues } from '../../store/webhook/query-webhook.ts';
import { highestRole } from '../../store/access/query-user.ts';
import { everything } from '../../store/sql/visibility.ts';
import type { Visibility } from '../../store/sql/visibility.ts';
import type { Caller } from '../http/authenticate.ts';
import type { ApiOptions } from '../context.ts';
import { checkFormat } from '../format/check-format.ts';
import { etagOf, requireMatch } from '../http/etag.ts';
import type { Conditions } from '../http/etag.ts';
import { writeAudit } from '../setting/write-audit.ts';
import { secretsOf } from './draft-webhook.ts';
import { ProblemError } from '../http/problem.ts';
import { numbered, ofWebhook, requireFilters, requireWebhook } from './require-webhook.ts';
import { bareFormat, requireFormat } from '../format/require-format.ts';
import { isToBeAsked, requireConsent, validationOf } from './validate-receiver.ts';
import { maySpecify, planNewWebhook, planWebhookChange } from './webhook-rules.ts';
import type { ChangeBody, NewBody } from './webhook-rules.ts';

/** A webhook, and what the request says of its state that must hold. */
export interface Aim extends Conditions {
  readonly id: string;
}

/** @throws {ProblemError} receiver_not_validated, and what the rules refuse. */
export async function makeWebhook(
  options: ApiOptions,
  caller: Caller,
  body: NewBody,
): Promise<WebhookFacts> {
  const { store, secretKey: key, newId, formats } = options;
  const { secretKey, filters = [], accountId, ...wanted } = body;
  await checkFormat(options, caller, { ...bareFormat, ...wanted });
  await askAboutNew(options, caller, body);
  return inTransaction(store, async database => {
    const owner = await findOwner(database, caller, accountId);
    const values = planNewWebhook(owner, wanted);
    requireFormat(formats, values, isGiven(secretKey));
    await requireScope(database, caller, { owner, values });
    const id = newId();
    if (!(await insertWebhook(database, id, values))) throw urlInUse(values);
    await keepSecret(database, { webhookId: id, key }, secretKey);
    await requireFilters(database, { accountId: owner.id, filters: [] }, numbered(filters));
    for (const filter of filters) await insertFilter(database, id, { ...filter, id: newId() });
    const made = await requireWebhook(database, id, everything);
    const after = { ...made, secretKey };
    await writeAudit(database, caller, { action: 'webhook.created', ...ofWebhook(made), after });
    return made;
  });
}

/** @throws {ProblemError} precondition_failed, receiver_not_validated, and what the rules refuse. */
export async function changeWebhook(
  options: ApiOptions,
  caller: Caller,
  { body, ...aim }: Aim & { readonly body: ChangeBody },
): Promise<WebhookFacts> {
  const { store, secretKey: key, formats } = options;
  await tryChange(options, caller, { id: aim.id, body });
  return inTransaction(store, async database => {
    const { secretKey, ...change } = body;
    const { id } = aim;
    const current = await takeWebhook(database, caller, aim);
    const owner = await requireAccount(database, current.accountId, everything);
    const values = planWebhookChange(owner, valuesOf(current), change);
    requireFormat(
      formats,
      values,
      secretKey === undefined ? current.hasSecret : isGiven(secretKey),
    );
    // What is not touched is not judged: an owner whose role was lowered can still be told to stop.
    if (values.scope !== current.scope || values.domainId !== current.domainId) {
      await requireScope(database, caller, { owner, values });
    }
    if (!(await updateWebhook(database, id, values))) throw urlInUse(values);
    await keepSecret(database, { webhookId: id, key }, secretKey);
    const now = await requireWebhook(database, id, everything);
    await writeAudit(database, caller, {
      action: 'webhook.updated',
      // Its former facts are told, too: to those who might have seen them.
      ...ofWebhook(current.scope === 'Global' ? current : now),
      before: current,
      after: { ...now, secretKey },
    });
    return now;
  });
}

/** @throws {ProblemError} not_found, precondition_failed */
export async function removeWebhook(
  { store }: ApiOptions,
  caller: Caller,
  aim: Aim,
): Promise<void> {
  await inTransaction(store, async database => {
    const before = await takeWebhook(database, caller, aim);
    await deleteWebhook(database, aim.id);
    await writeAudit(database, caller, {
      action: 'webhook.deleted',
      ...ofWebhook(before),
      before,
    });
  });
}

/** Asks the receiver of a webhook that is to be made, before anything is locked. */
async function askAboutNew(
  options: ApiOptions,
  caller: Caller,
  { secretKey, filters: _filters, accountId, ...wanted }: NewBody,
): Promise<void> {
  const { store, secretKey: key, formats } = options;
  const { format = defaultFormat, validation = null, state = 'Enabled' } = wanted;
  if (state !== 'Enabled' || validationOf(formats, { format, validation }) === 'none') return;
  const database = databaseOf(store);
  const owner = await findOwner(database, caller, accountId);
  const values = planNewWebhook(owner, wanted);
  requireFormat(formats, values, isGiven(secretKey));
  await requireScope(database, caller, { owner, values });
  await requireConsent(options, values, secretsOf(key, secretKey));
}

/** What takes its time, before the transaction: the template is tried, and the receiver asked, where that is necessary. */
async function tryChange(
  options: ApiOptions,
  caller: Caller,
  { id, body }: { readonly id: string; readonly body: ChangeBody },
): Promise<void> {
  const current = await requireWebhook(databaseOf(options.store), id, caller.visibility);
  if (body.format !== undefined || body.template !== undefined) {
    await checkFormat(options, caller, { ...current, ...body });
  }
  if (isToBeAsked(current, body)) await askAboutChange(options, current, body);
}

/** Asks the receiver of a webhook as it is to be. */
async function askAboutChange(
  options: ApiOptions,
  current: WebhookFacts,
  { secretKey, ...change }: ChangeBody,
): Promise<void> {
  const { store, secretKey: key, formats } = options;
  const owner = await requireAccount(databaseOf(store), current.accountId, everything);
  const values = planWebhookChange(owner, valuesOf(current), change);
  if (validationOf(formats, values) === 'none') return;
  requireFormat(formats, values, secretKey === undefined ? current.hasSecret : isGiven(secretKey));
  const [saved] = secretKey === undefined ? await loadWebhooksById(store, [current.id]) : [];
  await requireConsent(options, values, saved?.secrets ?? secretsOf(key, secretKey));
}

/** The webhook as nobody else changes it until the transaction ends. */
async function takeWebhook(
  database: Database,
  { visibility }: Caller,
  { id, ifMatch }: Aim,
): Promise<WebhookFacts> {
  await lockWebhook(database, id);
  const current = await requireWebhook(database, id, visibility);
  requireMatch(etagOf(current), ifMatch);
  return current;
}

export async function findOwner(
  database: Database,
  { principal, visibility }: Caller,
  accountId = principal.accountId,
): Promise<AccountFacts> {
  if (accountId === undefined) {
    throw new ProblemError('account_invalid', 'You have no account of your own: say accountId.');
  }
  const owner = await requireAccount(database, accountId, visibility);
  if (owner.removedAt === null) return owner;
  throw new ProblemError('account_invalid', `The account ${accountId} is gone from the cloud.`);
}

export async function requireAccount(
  database: Database,
  id: string,
  visibility: Visibility,
): Promise<AccountFacts> {
  const account = await findAccount(database, id, visibility);
  if (!account) throw new ProblemError('account_invalid', `There is no account ${id}.`);
  return account;
}

/**
 * The scope must lie within what the caller reaches, and be one that the owner may have.
 *
 * @throws {ProblemError} scope_invalid, domain_invalid.
 */
async function requireScope(
  database: Database,
  { principal, visibility }: Caller,
  { owner, values }: { owner: AccountFacts; values: WebhookValues },
): Promise<void> {
  const { scope, domainId } = values;
  const ownerRole = await highestRole(database, owner.id);
  if (!maySpecify(principal.role, scope) || (ownerRole && !maySpecify(ownerRole, scope))) {
    throw new ProblemError(
      'scope_invalid',
      `Scope ${scope} can not be specified for owner ${owner.name}`,
    );
  }
  if (!(await findDomain(database, domainId, visibility))) {
    throw new ProblemError('domain_invalid', `There is no domain ${domainId}.`);
  }
}

async function keepSecret(
  database: Database,
  { webhookId, key }: { webhookId: string; key: Buffer },
  secretKey: string | null | undefined,
): Promise<void> {
  if (secretKey === undefined) return;
  await replaceSecret(database, webhookId, isGiven(secretKey) ? seal(key, secretKey) : null);
}

const isGiven = (secretKey: string | null | undefined): secretKey is string =>
  secretKey !== undefined && secretKey !== null && secretKey !== '';

const urlInUse = ({ payloadUrl }: WebhookValues): ProblemError =>
  new ProblemError(
    'payload_url_in_use',
    `Payload URL: ${payloadUrl} is already in use by another webhook`,
  );

export function valuesOf(webhook: WebhookFacts): WebhookValues {
  const {
    id: _id,
    hasSecret: _has,
    filters: _filters,
    created: _c,
    updated: _u,
    ...values
  } = webhook;
  return values;
}
