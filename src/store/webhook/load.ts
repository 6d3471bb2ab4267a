/** Loads webhooks for matching and dispatch, in pages, so that a hundred thousand of them never block the event loop. */
import { readBatching } from '../../webhook/batching.ts';
import { fieldsKnownTo } from '../../webhook/values.ts';
import type { Webhook, WebhookFilter, WebhookSecret } from '../../webhook/webhook.ts';
import { databaseOf, type Store } from '../database.ts';
import type { Row } from '../schema/tables.ts';
import { anyOf } from '../sql/condition.ts';

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

/** Loads the webhooks with these ids; one that does not exist is left out. */
export async function loadWebhooksById(
  store: Store,
  ids: readonly string[],
): Promise<readonly Webhook[]> {
  const rows = await selectWebhooks(store).where('w.id', '=', anyOf(ids)).execute();
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
    .select(['w.stateSince', 'w.disabledAt'])
    .select(eb => eb('a.removedAt', 'is not', null).$castTo<boolean>().as('ownerGone'));
}

type WebhookRow = Awaited<ReturnType<ReturnType<typeof selectWebhooks>['execute']>>[number];

async function toWebhooks(store: Store, rows: readonly WebhookRow[]): Promise<readonly Webhook[]> {
  const database = databaseOf(store);
  const ids = rows.map(({ id }) => id);
  const filters = await database
    .selectFrom('webhook_filter')
    .select(['webhookId', 'type', 'mode', 'matchType', 'value'])
    .where('webhookId', '=', anyOf(ids))
    .execute();
  const secrets = await database
    .selectFrom('webhook_secret')
    .select(['webhookId', 'sealed', 'expiresAt'])
    .where('webhookId', '=', anyOf(ids))
    // The current secret first, then those it replaced, newest first.
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
  { ownerGone, stateSince, disabledAt, ...row }: WebhookRow,
  filters: readonly WebhookFilter[],
  secrets: readonly WebhookSecret[],
): Webhook => ({
  ...row,
  batch: row.batch && readBatching(row.batch),
  filters: filters.map(({ type, mode, matchType, value }) => ({ type, mode, matchType, value })),
  secrets,
  stateSinceMs: Date.parse(stateSince),
  ...(disabledAt !== null && { disabledAtMs: Date.parse(disabledAt) }),
  ...(ownerGone && { state: 'Disabled' as const, ownerGone }),
});

const toSecret = ({
  sealed,
  expiresAt,
}: Pick<Row<'webhook_secret'>, 'sealed' | 'expiresAt'>): WebhookSecret => ({
  sealed,
  ...(expiresAt !== null && { expiresAtMs: Date.parse(expiresAt) }),
});
