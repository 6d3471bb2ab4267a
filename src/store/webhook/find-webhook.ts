/** Finds webhooks as people manage them, with their filters. */
import { sql } from 'kysely';

import { filterNames } from '../../webhook/filter/filter-fields.ts';
import { fieldNames } from '../../webhook/values.ts';
import type { WebhookValues } from '../../webhook/values.ts';
import type { Database } from '../database.ts';
import type { Row } from '../schema/tables.ts';
import { instant } from '../sql/instant.ts';
import { webhookWithin } from '../sql/visibility.ts';
import type { Visibility } from '../sql/visibility.ts';

export type WebhookFacts = WebhookValues &
  Pick<Row<'webhook'>, 'id' | 'created' | 'updated'> & {
    readonly hasSecret: boolean;
    readonly filters: readonly FilterFacts[];
  };

export type FilterFacts = Readonly<Omit<Row<'webhook_filter'>, 'webhookId'>>;

const searched = ['name', 'state', 'scope', 'accountId', 'domainId'] as const;

export interface WebhookQuery extends Partial<Pick<WebhookValues, (typeof searched)[number]>> {
  readonly limit: number;
  /** Id of the last webhook of the page before. */
  readonly cursor?: string;
}

/** Lists webhooks in the order of their ids. */
export async function listWebhooks(
  database: Database,
  visibility: Visibility,
  { limit, cursor, ...wanted }: WebhookQuery,
): Promise<readonly WebhookFacts[]> {
  let query = selectWebhooks(database).where(webhookWithin('w', visibility));
  if (cursor !== undefined) query = query.where('w.id', '>', cursor);
  for (const name of searched) {
    const value = wanted[name];
    if (value !== undefined) query = query.where(`w.${name}`, '=', value);
  }
  return query.orderBy('w.id').limit(limit).execute();
}

export async function findWebhook(
  database: Database,
  id: string,
  visibility: Visibility,
): Promise<WebhookFacts | undefined> {
  return selectWebhooks(database)
    .where('w.id', '=', id)
    .where(webhookWithin('w', visibility))
    .executeTakeFirst();
}

/** The webhooks with these ids, as far as they exist. */
export async function findWebhooks(
  database: Database,
  ids: readonly string[],
): Promise<readonly WebhookFacts[]> {
  return selectWebhooks(database)
    .where('w.id', '=', eb => eb.fn.any(eb.val([...ids])))
    .execute();
}

const columns = (['id', ...fieldNames, 'accountId', 'domainId', 'created', 'updated'] as const).map(
  name => `w.${name}` as const,
);

const filterValues = filterNames.map(name => sql`${sql.lit(name)}, ${sql.ref(`f.${name}`)}`);

function selectWebhooks(database: Database) {
  return database
    .selectFrom('webhook as w')
    .select(columns)
    .select(eb => [
      eb
        .exists(
          eb
            .selectFrom('webhook_secret as s')
            .select('s.id')
            .whereRef('s.webhookId', '=', 'w.id')
            .where(secret =>
              secret.or([
                secret('s.expiresAt', 'is', null),
                secret('s.expiresAt', '>', sql<string>`now()`),
              ]),
            ),
        )
        .$castTo<boolean>()
        .as('hasSecret'),
      sql<readonly FilterFacts[]>`coalesce((select jsonb_agg(
          jsonb_build_object('id', f.id, ${sql.join(filterValues)}, 'created', ${instant('f.created')})
          order by f.created, f.id)
        from webhook_filter f where f.webhook_id = w.id), '[]')`.as('filters'),
    ]);
}

/** Counts the expressions among the filters of all webhooks of an account. */
export async function countAccountExpressions(
  database: Database,
  accountId: string,
): Promise<number> {
  const { count } = await database
    .selectFrom('webhook as w')
    .innerJoin('webhook_filter as f', 'f.webhookId', 'w.id')
    .where('w.accountId', '=', accountId)
    .where('f.type', '=', 'Expression')
    .select(eb => eb.fn.countAll().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}
