/** What the operator's key seals, table by table: each has an `id` and `sealed` bytes. */
import { sql } from 'kysely';

import type { Database } from '../database.ts';

export const sealedTables = ['webhook_secret', 'api_key', 'idempotency_key'] as const;
export type SealedTable = (typeof sealedTables)[number];

export interface SealedRow {
  readonly id: string;
  readonly sealed: Buffer;
}

export interface OtherKeysQuery {
  readonly table: SealedTable;
  /** As the sealed bytes have it, see access/secret/seal.ts. */
  readonly keyId: Buffer;
  /** The last id of the page before. */
  readonly after: string | undefined;
  readonly limit: number;
}

/** Rows that another key than this one sealed, by id. */
export async function listSealedByOthers(
  database: Database,
  { table, keyId, after, limit }: OtherKeysQuery,
): Promise<readonly SealedRow[]> {
  const { rows } = await sql<SealedRow>`select id, sealed from ${sql.table(table)}
    where substring(sealed from 2 for 4) <> ${keyId}
      and ${after === undefined ? sql`true` : sql`id > ${after}`}
    order by id limit ${limit}`.execute(database);
  return rows;
}

/** @returns false when the row is no longer what it was: somebody else was there first. */
export async function replaceSealed(
  database: Database,
  table: SealedTable,
  { id, sealed }: SealedRow,
  resealed: Buffer,
): Promise<boolean> {
  const { rows } = await sql`update ${sql.table(table)} set sealed = ${resealed}
    where id = ${id} and sealed = ${sealed} returning id`.execute(database);
  return rows.length > 0;
}

/** All that is sealed in a table, by id, a page at a time. */
export async function listSealed(
  database: Database,
  { table, after, limit }: Omit<OtherKeysQuery, 'keyId'>,
): Promise<readonly SealedRow[]> {
  const { rows } = await sql<SealedRow>`select id, sealed from ${sql.table(table)}
    where ${after === undefined ? sql`true` : sql`id > ${after}`}
    order by id limit ${limit}`.execute(database);
  return rows;
}
