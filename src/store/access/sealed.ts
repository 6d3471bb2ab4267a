/** Rows with secrets sealed by the operator's key; each of their tables has columns `id` and `sealed`. */
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
  /** ID of the key, as the sealed bytes contain it (access/secret/seal.ts). */
  readonly keyId: Buffer;
  /** ID of the last row of the page before. */
  readonly after: string | undefined;
  readonly limit: number;
}

/** Lists rows that another key than this one sealed, by id. */
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

/** Replaces a row's sealed bytes. @returns false when the row has changed since it was read. */
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

/** Lists all sealed rows of a table, by id, a page at a time. */
export async function listSealed(
  database: Database,
  { table, after, limit }: Omit<OtherKeysQuery, 'keyId'>,
): Promise<readonly SealedRow[]> {
  const { rows } = await sql<SealedRow>`select id, sealed from ${sql.table(table)}
    where ${after === undefined ? sql`true` : sql`id > ${after}`}
    order by id limit ${limit}`.execute(database);
  return rows;
}
