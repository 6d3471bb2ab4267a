/** Webhooks: list, make, show, change, delete. */
import type { FastifyInstance } from 'fastify';

import { seal } from '../access/seal.ts';
import type { Scope, WebhookFilter, WebhookState } from '../event/webhook.ts';
import { databaseOf, inTransaction } from '../store/open.ts';
import type { Database } from '../store/open.ts';
import { findAccount, findDomain } from '../store/query-directory.ts';
import type { AccountFacts } from '../store/query-directory.ts';
import { replaceSecret } from '../store/query-secret.ts';
import {
  deleteWebhook,
  insertFilter,
  insertWebhook,
  listWebhooks,
  lockWebhook,
  updateWebhook,
} from '../store/query-webhook.ts';
import type { FilterFacts, WebhookFacts, WebhookValues } from '../store/query-webhook.ts';
import { highestRole } from '../store/query-user.ts';
import { everything } from '../store/territory.ts';
import type { Territory } from '../store/territory.ts';
import { callerOf } from './authenticate.ts';
import type { Caller } from './authenticate.ts';
import { noteChange } from './note-change.ts';
import type { ApiOptions } from './context.ts';
import { decodeCursor, listOf, pageQuery, toPage, uuidKey } from './page.ts';
import type { PageQuery } from './page.ts';
import { ProblemError } from './problem.ts';
import { ofWebhook, refuseConflict, requireWebhook } from './require-webhook.ts';
import { answer, idParams, noContent, problems } from './route.ts';
import type { IdParams } from './route.ts';
import { maySpecify, planNewWebhook, planWebhookChange } from './webhook-rules.ts';
import type { WebhookChange } from './webhook-rules.ts';

type ChangeBody = WebhookChange & { readonly secretKey?: string | null };
type NewBody = ChangeBody & {
  readonly name: string;
  readonly payloadUrl: string;
  readonly accountId?: string;
  readonly filters?: readonly WebhookFilter[];
};

interface ListQuery extends PageQuery {
  readonly name?: string;
  readonly state?: WebhookState;
  readonly scope?: Scope;
  readonly accountId?: string;
  readonly domainId?: string;
}

const tags = ['webhooks'];

const listQuery = {
  type: 'object',
  additionalProperties: false,
  properties: {
    ...pageQuery,
    name: { type: 'string', description: 'Exactly this name.' },
    state: { type: 'string', enum: ['Enabled', 'Disabled'] },
    scope: { type: 'string', enum: ['Local', 'Domain', 'Global'] },
    accountId: { type: 'string' },
    domainId: { type: 'string' },
  },
} as const;

const schemas = {
  list: {
    summary: 'List webhooks, oldest first',
    tags,
    querystring: listQuery,
    response: { 200: listOf('Webhook', 'Webhooks.'), ...problems },
  },
  make: {
    summary: 'Make a webhook',
    tags,
    body: { $ref: 'NewWebhook#' },
    response: { 201: answer('Webhook', 'The webhook.'), ...problems },
  },
  show: {
    summary: 'Show a webhook',
    tags,
    params: idParams,
    response: { 200: answer('Webhook', 'The webhook.'), ...problems },
  },
  change: {
    summary: 'Change a webhook: enable and disable it with `state`',
    tags,
    params: idParams,
    body: { $ref: 'WebhookChange#' },
    response: { 200: answer('Webhook', 'The webhook as it is now.'), ...problems },
  },
  remove: {
    summary: 'Delete a webhook; deliveries still owed to it are cancelled',
    tags,
    params: idParams,
    response: { 204: noContent, ...problems },
  },
};

export function registerWebhookRoutes(app: FastifyInstance, options: ApiOptions): void {
  const { store } = options;

  app.get<{ Querystring: ListQuery }>('/v1/webhooks', { schema: schemas.list }, async request => {
    const { query } = request;
    const { territory } = callerOf(request);
    const { limit, cursor: _, ...wanted } = query;
    const from = decodeCursor(query, uuidKey);
    const rows = await listWebhooks(databaseOf(store), territory, {
      ...wanted,
      ...from,
      limit: limit + 1,
    });
    return toPage(
      rows,
      limit,
      ({ id }) => id,
      row => row,
    );
  });

  app.post<{ Body: NewBody }>('/v1/webhooks', { schema: schemas.make }, async (request, reply) => {
    const made = await makeWebhook(options, callerOf(request), request.body);
    return reply.code(201).header('location', `/v1/webhooks/${made.id}`).send(made);
  });

  app.get<{ Params: IdParams }>('/v1/webhooks/:id', { schema: schemas.show }, async request =>
    requireWebhook(databaseOf(store), request.params.id, callerOf(request).territory),
  );

  app.patch<{ Params: IdParams; Body: ChangeBody }>(
    '/v1/webhooks/:id',
    { schema: schemas.change },
    async request => changeWebhook(options, callerOf(request), request),
  );

  app.delete<{ Params: IdParams }>(
    '/v1/webhooks/:id',
    { schema: schemas.remove },
    async (request, reply) => {
      const { id } = request.params;
      await inTransaction(store, async database => {
        await lockWebhook(database, id);
        const caller = callerOf(request);
        const before = await requireWebhook(database, id, caller.territory);
        await deleteWebhook(database, id);
        await noteChange(database, caller, {
          action: 'webhook.deleted',
          ...ofWebhook(before),
          before,
        });
      });
      return reply.code(204).send();
    },
  );
}

async function makeWebhook(
  { store, secretKey: key, newId }: ApiOptions,
  caller: Caller,
  { secretKey, filters, accountId, ...wanted }: NewBody,
): Promise<WebhookFacts> {
  return inTransaction(store, async database => {
    const owner = await findOwner(database, caller, accountId);
    const values = planNewWebhook(owner, wanted);
    await requireScope(database, caller, { owner, values });
    const id = newId();
    if (!(await insertWebhook(database, id, values))) throw urlInUse(values);
    await keepSecret(database, { webhookId: id, key }, secretKey);
    const added: FilterFacts[] = [];
    for (const filter of filters ?? []) {
      refuseConflict(added, filter);
      added.push(await insertFilter(database, id, { ...filter, id: newId() }));
    }
    const made = await requireWebhook(database, id, everything);
    const after = { ...made, secretKey };
    await noteChange(database, caller, { action: 'webhook.created', ...ofWebhook(made), after });
    return made;
  });
}

async function changeWebhook(
  { store, secretKey: key }: ApiOptions,
  caller: Caller,
  { params: { id }, body }: { params: IdParams; body: ChangeBody },
): Promise<WebhookFacts> {
  return inTransaction(store, async database => {
    const { secretKey, ...change } = body;
    await lockWebhook(database, id);
    const current = await requireWebhook(database, id, caller.territory);
    const owner = await requireAccount(database, current.accountId, everything);
    const values = planWebhookChange(owner, valuesOf(current), change);
    // What is not touched is not judged: an owner whose role was lowered can still be told to stop.
    if (values.scope !== current.scope || values.domainId !== current.domainId) {
      await requireScope(database, caller, { owner, values });
    }
    if (!(await updateWebhook(database, id, values))) throw urlInUse(values);
    await keepSecret(database, { webhookId: id, key }, secretKey);
    const now = await requireWebhook(database, id, everything);
    await noteChange(database, caller, {
      action: 'webhook.updated',
      // Its former facts are told, too: to those who might have seen them.
      ...ofWebhook(current.scope === 'Global' ? current : now),
      before: current,
      after: { ...now, secretKey },
    });
    return now;
  });
}

async function findOwner(
  database: Database,
  { principal, territory }: Caller,
  accountId = principal.accountId,
): Promise<AccountFacts> {
  if (accountId === undefined) {
    throw new ProblemError('account_invalid', 'You have no account of your own: say accountId.');
  }
  const owner = await requireAccount(database, accountId, territory);
  if (owner.removedAt === null) return owner;
  throw new ProblemError('account_invalid', `The account ${accountId} is gone from the cloud.`);
}

async function requireAccount(
  database: Database,
  id: string,
  territory: Territory,
): Promise<AccountFacts> {
  const account = await findAccount(database, id, territory);
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
  { principal, territory }: Caller,
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
  if (!(await findDomain(database, domainId, territory))) {
    throw new ProblemError('domain_invalid', `There is no domain ${domainId}.`);
  }
}

async function keepSecret(
  database: Database,
  { webhookId, key }: { webhookId: string; key: Buffer },
  secretKey: string | null | undefined,
): Promise<void> {
  if (secretKey === undefined) return;
  const isGiven = secretKey !== null && secretKey !== '';
  await replaceSecret(database, webhookId, isGiven ? seal(key, secretKey) : null);
}

const urlInUse = ({ payloadUrl }: WebhookValues): ProblemError =>
  new ProblemError(
    'payload_url_in_use',
    `Payload URL: ${payloadUrl} is already in use by another webhook`,
  );

function valuesOf(webhook: WebhookFacts): WebhookValues {
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
