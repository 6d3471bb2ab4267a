/** The audit: who changed what, when, from where, before and after. Rows are inserted and never updated. */
import { expressionBuilder, sql } from 'kysely';

import type { Scope } from '../webhook/words.ts';
import type { Database } from './database.ts';
import type { Row, Tables } from './schema/tables.ts';
import { conditions, type Condition } from './sql/condition.ts';
import { readKeysetPage } from './sql/keyset.ts';
import type { Page, KeysetQuery } from './sql/keyset.ts';
import { accountWithin, domainWithin } from './sql/visibility.ts';
import type { Visibility } from './sql/visibility.ts';

export interface Change {
  readonly action: string;
  readonly objectId: string;
  readonly accountId?: string | null;
  readonly domainId?: string | null;
  /** Of a change to a webhook. */
  readonly scope?: Scope;
  /** The object before and after the change, without secrets. */
  readonly before?: object;
  readonly after?: object;
}

/** The actor of changes that Hookline makes by itself. */
export const nobody = { username: null, address: null };

/** Inserts one row. To be called in the transaction of the change, so that neither is without the other. */
export async function insertAudit(
  database: Database,
  { username, address }: { username: string | null; address: string | null },
  { before, after, ...change }: Change,
): Promise<void> {
  await database
    .insertInto('audit')
    .values({
      username,
      address,
      ...change,
      before: before && json(before),
      after: after && json(after),
    })
    .execute();
}

/** Writes JSON without NUL, the one character that PostgreSQL's JSON cannot hold. */
const json = (value: object) =>
  sql<
    Record<string, unknown>
  >`${JSON.stringify(value).replaceAll(String.raw`\u0000`, String.raw`\ufffd`)}::jsonb`;

export interface AuditQuery extends KeysetQuery {
  readonly username?: string;
  readonly action?: string;
  readonly objectId?: string;
}

/** Lists changes, newest first. */
export async function listAudit(
  database: Database,
  visibility: Visibility,
  query: AuditQuery,
): Promise<Page<Row<'audit'>>> {
  const eb = expressionBuilder<{ x: Tables['audit'] }, 'x'>();
  const wanted = conditions([
    visibility.kind === 'everything' ? undefined : within(visibility),
    query.username === undefined ? undefined : eb('x.username', '=', query.username),
    query.action === undefined ? undefined : eb('x.action', '=', query.action),
    query.objectId === undefined ? undefined : eb('x.objectId', '=', query.objectId),
  ]);
  const list = { table: 'audit', alias: 'x', wanted } as const;
  return readKeysetPage(database, query, list, rows =>
    database.selectFrom(rows.as('x')).selectAll('x'),
  );
}

/**
 * Whether a change is visible: an account's to itself and its admins, a domain's to its admins. A change that has both,
 * as that of one account's webhook for another domain, is visible to the admins of both. A change to a webhook is visible to
 * nobody who could not see the webhook.
 */
function within(visibility: Visibility): Condition {
  const ofAccount = accountWithin('x.account_id', visibility);
  if (visibility.kind !== 'subtree')
    return sql<boolean>`(${ofAccount} and coalesce(x.scope, 'Local') = 'Local')`;
  const ofDomain = domainWithin('x.domain_id', visibility);
  return sql<boolean>`(x.scope is distinct from 'Global' and (x.account_id is not null or x.domain_id is not null)
    and (x.account_id is null or ${ofAccount}) and (x.domain_id is null or ${ofDomain}))`;
}

/** Deletes changes made before an instant. */
export async function deleteAudit(database: Database, before: Date): Promise<void> {
  await database.deleteFrom('audit').where('at', '<', before.toISOString()).execute();
}
