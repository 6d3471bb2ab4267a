/** Keys by which a client that repeats a request says so, with what the first one was answered. */
import { sql } from 'kysely';

import type { Database } from '../database.ts';

export interface RepeatableRequest {
  readonly userId: string;
  readonly route: string;
  readonly key: string;
  readonly fingerprint: Buffer;
}

export type Claim =
  /** The request is the first; its answer, or that there is none, is to be said of this id. */
  | { readonly kind: 'first'; readonly id: string }
  | { readonly kind: 'running' }
  /** The key was used for another request. */
  | { readonly kind: 'other' }
  | { readonly kind: 'answered'; readonly status: number; readonly sealed: Buffer };

/** How long an answer is kept. */
export const keptHours = 24;
const kept = sql`${keptHours} * interval '1 hour'`;

/**
 * Of several at once one is the first. A claim that has lapsed is that of a process that died over it: the same request
 * may take it over, for whether the first was carried out nobody knows.
 */
export async function claimKey(
  database: Database,
  request: RepeatableRequest,
  claimMs: number,
): Promise<Claim> {
  const { userId, route, key, fingerprint } = request;
  const { rows: claimed } = await sql<{ id: string }>`
    insert into idempotency_key as k (user_id, route, key, fingerprint, claimed_until)
    values (${userId}, ${route}, ${key}, ${fingerprint}, now() + ${claimMs} * interval '1 ms')
    on conflict (user_id, route, key) do update set id = excluded.id, fingerprint = excluded.fingerprint,
      claimed_until = excluded.claimed_until, status = null, sealed = null, created = now()
    where k.created < now() - ${kept}
      or (k.status is null and k.claimed_until < now() and k.fingerprint = excluded.fingerprint)
    returning k.id`.execute(database);
  const [first] = claimed;
  if (first) return { kind: 'first', id: first.id };
  const { rows } = await sql<{ same: boolean; status: number | null; sealed: Buffer | null }>`
    select fingerprint = ${fingerprint} as same, status, sealed from idempotency_key
    where user_id = ${userId} and route = ${route} and key = ${key}`.execute(database);
  const [row] = rows;
  if (row && !row.same) return { kind: 'other' };
  if (!row || row.status === null || row.sealed === null) return { kind: 'running' };
  return { kind: 'answered', status: row.status, sealed: row.sealed };
}

export async function keepAnswer(
  database: Database,
  id: string,
  { status, sealed }: { status: number; sealed: Buffer },
): Promise<void> {
  await sql`update idempotency_key set status = ${status}, sealed = ${sealed} where id = ${id}`.execute(
    database,
  );
}

/** Nothing was done: the same key may be used again. */
export async function releaseKey(database: Database, id: string): Promise<void> {
  await sql`delete from idempotency_key where id = ${id}`.execute(database);
}

export async function dropOldKeys(database: Database): Promise<void> {
  await sql`delete from idempotency_key where created < now() - ${kept}`.execute(database);
}
