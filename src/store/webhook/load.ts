/** Loads webhooks, domains and accounts for matching, in pages, so that 100,000 webhooks never block the event loop. */
import { readBatching } from '../../webhook/batching.ts';
import { fieldsKnownTo } from '../../webhook/values.ts';
import type { Webhook, WebhookFilter, WebhookSecret } from '../../webhook/webhook.ts';
import { databaseOf, type Store } from '../database.ts';
import type { Role } from '../schema/access.ts';
import type { Row } from '../schema/tables.ts';

const pageSize = 500;

/** Loads every webhook, by id. */
export async function* loadWebhooks(store: Store): AsyncGenerator<readonly Webhook[]> {
  let cursor = firstId;
  for (;;) {
    const rows = await selectWebhooks(store)
      .where('w.id', '>', cursor)
      .orderBy('w.id')
      .limit(pageSize)
      .execute();
    if (rows.length > 0) yield await toWebhooks(store, rows);
    cursor = rows.at(-1)?.id ?? cursor;
    if (rows.length < pageSize) return;
  }
}

/** Below every webhook's id. */
const firstId = '00000000-0000-0000-0000-000000000000';

/** The webhooks with these ids, as far as they exist. */
export async function loadWebhooksById(
  store: Store,
  ids: readonly string[],
): Promise<readonly Webhook[]> {
  const rows = await selectWebhooks(store)
    .where('w.id', '=', eb => eb.fn.any(eb.val([...ids])))
    .execute();
  return toWebhooks(store, rows);
}

const columns = (['id', 'accountId', 'domainId', ...fieldsKnownTo('engine')] as const).map(
  name => `w.${name}` as const,
);

function selectWebhooks(store: Store) {
  return databaseOf(store)
    .selectFrom('webhook as w')
    .innerJoin('account as a', 'a.id', 'w.accountId')
    .select(columns)
    .select(eb => eb('a.removedAt', 'is not', null).$castTo<boolean>().as('ownerGone'));
}

export interface DomainNode {
  readonly id: string;
  readonly parentId?: string;
}

/** Loads all domains, or those with these ids. */
export async function loadDomains(
  store: Store,
  ids?: readonly string[],
): Promise<readonly DomainNode[]> {
  const rows = await databaseOf(store)
    .selectFrom('domain')
    .select(['id', 'parentId'])
    .$if(ids !== undefined, query =>
      query.where('id', '=', eb => eb.fn.any(eb.val([...(ids ?? [])]))),
    )
    .execute();
  return rows.map(({ id, parentId }) => ({ id, ...(parentId !== null && { parentId }) }));
}

export interface AccountNode {
  readonly id: string;
  readonly domainId: string;
  /** The account has users here, none of them an Admin. */
  readonly isTenant?: true;
  /** Another id by which events name the account. */
  readonly alias?: string;
}

/** Loads every account, by id, gone ones included: their events may still be on their way. */
export async function* loadAccounts(store: Store): AsyncGenerator<readonly AccountNode[]> {
  let cursor = '';
  for (;;) {
    const rows = await selectAccounts(store)
      .where('a.id', '>', cursor)
      .orderBy('a.id')
      .limit(pageSize)
      .execute();
    if (rows.length > 0) yield rows.map(toAccount);
    cursor = rows.at(-1)?.id ?? cursor;
    if (rows.length < pageSize) return;
  }
}

/** The accounts with these ids, as far as they exist. */
export async function loadAccountsById(
  store: Store,
  ids: readonly string[],
): Promise<readonly AccountNode[]> {
  const rows = await selectAccounts(store)
    .where('a.id', '=', eb => eb.fn.any(eb.val([...ids])))
    .execute();
  return rows.map(toAccount);
}

/** Selects accounts with the roles of their users, one role per user. */
function selectAccounts(store: Store) {
  return databaseOf(store)
    .selectFrom('account as a')
    .select(eb => [
      'a.id',
      'a.domainId',
      'a.alias',
      eb
        .fn<Role[]>('array', [
          eb.selectFrom('app_user as u').select('u.role').whereRef('u.accountId', '=', 'a.id'),
        ])
        .as('roles'),
    ]);
}

type AccountRow = Awaited<ReturnType<ReturnType<typeof selectAccounts>['execute']>>[number];

const toAccount = ({ id, domainId, alias, roles }: AccountRow): AccountNode => ({
  id,
  domainId,
  ...(roles.length > 0 && !roles.includes('Admin') && { isTenant: true as const }),
  ...(alias !== null && { alias }),
});

type WebhookRow = Awaited<ReturnType<ReturnType<typeof selectWebhooks>['execute']>>[number];

async function toWebhooks(store: Store, rows: readonly WebhookRow[]): Promise<readonly Webhook[]> {
  const database = databaseOf(store);
  const ids = rows.map(({ id }) => id);
  const filters = await database
    .selectFrom('webhook_filter')
    .select(['webhookId', 'type', 'mode', 'matchType', 'value'])
    .where('webhookId', '=', eb => eb.fn.any(eb.val(ids)))
    .execute();
  const secrets = await database
    .selectFrom('webhook_secret')
    .select(['webhookId', 'sealed', 'expiresAt'])
    .where('webhookId', '=', eb => eb.fn.any(eb.val(ids)))
    // The current one, then those it replaced, the newest first.
    .orderBy(eb => eb('expiresAt', 'is not', null))
    .orderBy('created', 'desc')
    .execute();
  const filtersOf = Map.groupBy(filters, ({ webhookId }) => webhookId);
  const secretsOf = Map.groupBy(secrets, ({ webhookId }) => webhookId);
  return rows.map(row =>
    toWebhook(row, filtersOf.get(row.id) ?? [], (secretsOf.get(row.id) ?? []).map(toSecret)),
  );
}

/** The webhook of a gone account counts as disabled; its row keeps its state in case the account returns. */
const toWebhook = (
  { ownerGone, ...row }: WebhookRow,
  filters: readonly WebhookFilter[],
  secrets: readonly WebhookSecret[],
): Webhook => ({
  ...row,
  batch: row.batch && readBatching(row.batch),
  filters: filters.map(({ type, mode, matchType, value }) => ({ type, mode, matchType, value })),
  secrets,
  ...(ownerGone && { state: 'Disabled' as const, ownerGone }),
});

const toSecret = ({
  sealed,
  expiresAt,
}: Pick<Row<'webhook_secret'>, 'sealed' | 'expiresAt'>): WebhookSecret => ({
  sealed,
  ...(expiresAt !== null && { expiresAtMs: Date.parse(expiresAt) }),
});
