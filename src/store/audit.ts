/** What people changed: who, what, when, from where, before and after. Rows are added and never changed. */
import { sql } from 'kysely';

import { instant } from './sql/instant.ts';
import type { Database } from './database.ts';
import { conditions, inKeysetPage, notBefore, pageOf, scanWindowEnd } from './sql/keyset.ts';
import type { Page, KeysetQuery } from './sql/keyset.ts';
import { accountWithin, domainWithin } from './sql/visibility.ts';
import type { Visibility } from './sql/visibility.ts';

export interface Change {
  readonly action: string;
  readonly objectId: string;
  readonly accountId?: string | null;
  readonly domainId?: string | null;
  /** Without secrets. */
  readonly before?: object;
  readonly after?: object;
}

export interface AuditFacts {
  readonly id: string;
  /** RFC 3339. */
  readonly at: string;
  readonly username: string | null;
  readonly action: string;
  readonly objectId: string;
  readonly accountId: string | null;
  readonly domainId: string | null;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
  readonly address: string | null;
}

/** Hookline itself, which nobody asked. */
export const nobody = { username: null, address: null };

/** To be called in the transaction of the change, so that there is no one without the other. */
export async function insertAudit(
  database: Database,
  { username, address }: { username: string | null; address: string | null },
  change: Change,
): Promise<void> {
  const { action, objectId, accountId, domainId, before, after } = change;
  await sql`insert into audit (username, address, action, object_id, account_id, domain_id, before, after)
    values (${username}, ${address}, ${action}, ${objectId}, ${accountId ?? null}, ${domainId ?? null},
      ${json(before)}::jsonb, ${json(after)}::jsonb)`.execute(database);
}

/** PostgreSQL's JSON holds every character but NUL. */
const json = (value: object | undefined): string | null =>
  value === undefined
    ? null
    : JSON.stringify(value).replaceAll(String.raw`\u0000`, String.raw`\ufffd`);

export interface AuditQuery extends KeysetQuery {
  readonly username?: string;
  readonly action?: string;
  readonly objectId?: string;
}

/** Newest first. */
export async function listAudit(
  database: Database,
  visibility: Visibility,
  query: AuditQuery,
): Promise<Page<AuditFacts>> {
  const wanted = conditions([
    visibility.kind === 'everything' ? undefined : within(visibility),
    query.username === undefined ? undefined : sql`x.username = ${query.username}`,
    query.action === undefined ? undefined : sql`x.action = ${query.action}`,
    query.objectId === undefined ? undefined : sql`x.object_id = ${query.objectId}`,
  ]);
  const last = wanted && (await scanWindowEnd(database, sql`audit x`, inKeysetPage('x', query)));
  const { rows } = await sql<AuditFacts>`
    select x.id, ${instant('x.at')} as at, x.username, x.action, x.object_id as "objectId",
      x.account_id as "accountId", x.domain_id as "domainId", x.before, x.after, x.address
    from audit x
    where ${inKeysetPage('x', query)} and ${notBefore('x', last)} and ${wanted ?? sql`true`}
    order by x.id desc limit ${query.limit + 1}`.execute(database);
  return pageOf(rows, query.limit, last);
}

/**
 * What is of an account is its own and its admins'; what is of a domain alone is its admins'. What is of both, as a
 * webhook of one account for another's domain, is for the admins of both.
 */
function within(visibility: Visibility) {
  const ofAccount = accountWithin('x.account_id', visibility);
  if (visibility.kind !== 'subtree') return ofAccount;
  const ofDomain = domainWithin('x.domain_id', visibility);
  return sql`((x.account_id is not null or x.domain_id is not null)
    and (x.account_id is null or ${ofAccount}) and (x.domain_id is null or ${ofDomain}))`;
}

/** Removes what is older. */
export async function dropAudit(database: Database, before: Date): Promise<void> {
  await sql`delete from audit where at < ${before}`.execute(database);
}
