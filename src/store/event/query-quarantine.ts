/** Messages that could not be understood, as people look at them, for the API. */
import { sql } from 'kysely';

import { instant } from '../sql/instant.ts';
import type { Database } from '../database.ts';

export interface QuarantineFacts {
  readonly id: string;
  readonly source: string;
  readonly position: string;
  readonly routingKey: string | null;
  readonly headers: Readonly<Record<string, string>> | null;
  readonly reason: string;
  /** Null is a Kafka tombstone. */
  readonly bodyBytes: number | null;
  /** RFC 3339. */
  readonly createdAt: string;
}

const columns = sql`q.id, q.source, q.position, q.routing_key as "routingKey", q.headers, q.reason,
  octet_length(q.body) as "bodyBytes", ${instant('q.created_at')} as "createdAt"`;

/** Newest first, those before `cursor`. */
export async function listQuarantined(
  database: Database,
  query: { limit: number; cursor?: string; source?: string },
): Promise<readonly QuarantineFacts[]> {
  const { rows } = await sql<QuarantineFacts>`
    select ${columns} from quarantine q
    where ${query.cursor === undefined ? sql`true` : sql`q.id < ${query.cursor}::uuid`}
      and ${query.source === undefined ? sql`true` : sql`q.source = ${query.source}`}
    order by q.id desc limit ${query.limit}`.execute(database);
  return rows;
}

export async function findQuarantined(
  database: Database,
  id: string,
): Promise<(QuarantineFacts & { readonly body: Buffer | null }) | undefined> {
  const { rows } = await sql<QuarantineFacts & { body: Buffer | null }>`
    select ${columns}, q.body from quarantine q where q.id = ${id}`.execute(database);
  return rows[0];
}

export async function deleteQuarantined(database: Database, id: string): Promise<boolean> {
  const { rows } = await sql`
    delete from quarantine where id = ${id} returning id`.execute(database);
  return rows.length > 0;
}
