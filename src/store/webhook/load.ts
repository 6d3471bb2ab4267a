/** Reads what matching needs, in pages, so that a hundred thousand webhooks never hold up the event loop. */
import { readBatching } from '../../webhook/batching.ts';
import type { Webhook, WebhookSecret } from '../../webhook/webhook.ts';
import { Account } from '../schema/account.ts';
import { AppUser } from '../schema/app-user.ts';
import { Domain } from '../schema/domain.ts';
import type { Store } from '../database.ts';
import { WebhookRow } from '../schema/webhook.ts';

const pageSize = 500;

/** Every webhook, by id. */
export async function* loadWebhooks(store: Store): AsyncGenerator<readonly Webhook[]> {
  let cursor: string | undefined;
  for (;;) {
    const rows = await store.em
      .fork()
      .find(WebhookRow, cursor === undefined ? {} : { id: { $gt: cursor } }, {
        orderBy: { id: 'asc' },
        limit: pageSize,
        populate: ['filters', 'secrets'],
      });
    if (rows.length > 0) yield await toWebhooks(store, rows);
    cursor = rows.at(-1)?.id;
    if (rows.length < pageSize) return;
  }
}

/** The webhooks with these ids, as far as they exist. */
export async function loadWebhooksById(
  store: Store,
  ids: readonly string[],
): Promise<readonly Webhook[]> {
  const rows = await store.em
    .fork()
    .find(WebhookRow, { id: { $in: [...ids] } }, { populate: ['filters', 'secrets'] });
  return toWebhooks(store, rows);
}

export interface DomainNode {
  readonly id: string;
  readonly parentId?: string;
}

/** Domains; all of them, or those with these ids. */
export async function loadDomains(
  store: Store,
  ids?: readonly string[],
): Promise<readonly DomainNode[]> {
  const rows = await store.em.fork().find(Domain, ids ? { id: { $in: [...ids] } } : {});
  return rows.map(({ id, parentId }) => ({
    id,
    ...(typeof parentId === 'string' && { parentId }),
  }));
}

export interface AccountNode {
  readonly id: string;
  readonly domainId: string;
  /** It has users here, and none of them is an Admin. */
  readonly isTenant?: true;
  /** Another id that events name it by. */
  readonly alias?: string;
}

/** Every account, by id; also those gone from the cloud: events of theirs may still be on their way. */
export async function* loadAccounts(store: Store): AsyncGenerator<readonly AccountNode[]> {
  let cursor: string | undefined;
  for (;;) {
    const rows = await store.em
      .fork()
      .find(Account, cursor === undefined ? {} : { id: { $gt: cursor } }, {
        orderBy: { id: 'asc' },
        limit: pageSize,
      });
    if (rows.length > 0) yield await toAccounts(store, rows);
    cursor = rows.at(-1)?.id;
    if (rows.length < pageSize) return;
  }
}

/** The accounts with these ids, as far as they exist. */
export async function loadAccountsById(
  store: Store,
  ids: readonly string[],
): Promise<readonly AccountNode[]> {
  const rows = await store.em.fork().find(Account, { id: { $in: [...ids] } });
  return toAccounts(store, rows);
}

async function toAccounts(store: Store, rows: readonly Account[]): Promise<readonly AccountNode[]> {
  const users = await store.em
    .fork()
    .find(
      AppUser,
      { accountId: { $in: rows.map(({ id }) => id) } },
      { fields: ['accountId', 'role'] },
    );
  const ofAdmins = new Set(
    users.filter(({ role }) => role === 'Admin').map(user => user.accountId),
  );
  const ofUsers = new Set(users.map(user => user.accountId));
  return rows.map(({ id, domainId, alias }) => ({
    id,
    domainId,
    ...(ofUsers.has(id) && !ofAdmins.has(id) && { isTenant: true as const }),
    ...(typeof alias === 'string' && { alias }),
  }));
}

/** An account that is gone wants nothing any more; what its webhooks are set to stays for when it comes back. */
async function toWebhooks(store: Store, rows: readonly WebhookRow[]): Promise<readonly Webhook[]> {
  const owners = new Set(rows.map(({ accountId }) => accountId));
  const gone = await store.em
    .fork()
    .find(Account, { id: { $in: [...owners] }, removedAt: { $ne: null } }, { fields: ['id'] });
  const goneIds = new Set(gone.map(({ id }) => id));
  return rows.map(row => {
    const webhook = toWebhook(row);
    return goneIds.has(row.accountId)
      ? { ...webhook, state: 'Disabled', ownerGone: true }
      : webhook;
  });
}

function toWebhook(row: WebhookRow): Webhook {
  const secrets = secretsOf(row);
  return {
    id: row.id,
    name: row.name,
    state: row.state,
    scope: row.scope,
    accountId: row.accountId,
    domainId: row.domainId,
    payloadUrl: row.payloadUrl,
    sslVerification: row.sslVerification,
    format: row.format,
    categories: row.categories,
    ordering: row.ordering,
    filters: row.filters
      .getItems()
      .map(({ type, mode, matchType, value }) => ({ type, mode, matchType, value })),
    ...(typeof row.caCertificate === 'string' && { caCertificate: row.caCertificate }),
    ...(row.headers && { headers: row.headers }),
    ...(row.body && { body: row.body }),
    ...(typeof row.msgKey === 'string' && { msgKey: row.msgKey }),
    ...(typeof row.template === 'string' && { template: row.template }),
    ...(typeof row.validation === 'string' && { validation: row.validation }),
    ...(typeof row.tries === 'number' && { tries: row.tries }),
    ...(typeof row.timeoutMs === 'number' && { timeoutMs: row.timeoutMs }),
    ...(typeof row.concurrencyMax === 'number' && { concurrencyMax: row.concurrencyMax }),
    ...(row.batch && { batch: readBatching(row.batch) }),
    ...(typeof row.ratePerSecondMax === 'number' && { ratePerSecondMax: row.ratePerSecondMax }),
    ...(secrets.length > 0 && { secrets }),
  };
}

/** The current one, then those it replaced, the newest first. */
function secretsOf(row: WebhookRow): readonly WebhookSecret[] {
  return row.secrets
    .getItems()
    .map(({ sealed, created, expiresAt }) => ({
      sealed,
      createdMs: created.getTime(),
      expiresAtMs: expiresAt?.getTime(),
    }))
    .toSorted(
      (a, b) =>
        Number(a.expiresAtMs !== undefined) - Number(b.expiresAtMs !== undefined) ||
        b.createdMs - a.createdMs,
    )
    .map(({ sealed, expiresAtMs }) => ({
      sealed,
      ...(expiresAtMs !== undefined && { expiresAtMs }),
    }));
}
