/** Idempotency keys, which clients send with requests that they may repeat, and the answers to the first requests. */
import { sql } from 'kysely';

import type { Database } from '../database.ts';
import { fromNow, now } from '../sql/instant.ts';

export interface RepeatableRequest {
  readonly userId: string;
  readonly route: string;
  readonly key: string;
  readonly fingerprint: Buffer;
}

export type Claim =
  /** The request is the first: the caller has to save its answer under this id, or release the key. */
  | { readonly kind: 'first'; readonly id: string }
  | { readonly kind: 'running' }
  /** The key was used for a different request. */
  | { readonly kind: 'other' }
  | { readonly kind: 'answered'; readonly status: number; readonly sealed: Buffer };

/** Hours that an answer is kept. */
export const keptHours = 24;
const keptSince = sql<string>`now() - ${keptHours} * interval '1 hour'`;

/**
 * Claims the key for a request; of several at once exactly one is the first. A lapsed claim is that of a process that died
 * over the request, and nobody knows whether it was carried out; the same request may claim the key again.
 */
export async function claimKey(
  database: Database,
  { userId, route, key, fingerprint }: RepeatableRequest,
  claimMs: number,
): Promise<Claim> {
  const first = await database
    .insertInto('idempotency_key')
    .values({ userId, route, key, fingerprint, claimedUntil: fromNow(claimMs) })
    .onConflict(conflict =>
      conflict
        .columns(['userId', 'route', 'key'])
        .doUpdateSet(eb => ({
          id: eb.ref('excluded.id'),
          fingerprint,
          claimedUntil: fromNow(claimMs),
          status: null,
          sealed: null,
          created: now,
        }))
        .where(eb =>
          eb.or([
            eb('idempotency_key.created', '<', keptSince),
            eb.and([
              eb('idempotency_key.status', 'is', null),
              eb('idempotency_key.claimedUntil', '<', now),
              eb('idempotency_key.fingerprint', '=', fingerprint),
            ]),
          ]),
        ),
    )
    .returning('id')
    .executeTakeFirst();
  if (first) return { kind: 'first', id: first.id };
  const row = await database
    .selectFrom('idempotency_key')
    .select(['fingerprint', 'status', 'sealed'])
    .where(eb => eb.and({ userId, route, key }))
    .executeTakeFirst();
  if (row && !row.fingerprint.equals(fingerprint)) return { kind: 'other' };
  if (!row || row.status === null || row.sealed === null) return { kind: 'running' };
  return { kind: 'answered', status: row.status, sealed: row.sealed };
}

export async function saveAnswer(
  database: Database,
  id: string,
  { status, sealed }: { status: number; sealed: Buffer },
): Promise<void> {
  await database
    .updateTable('idempotency_key')
    .set({ status, sealed })
    .where('id', '=', id)
    .execute();
}

/** Releases a key whose request changed nothing, so that it can be used again. */
export async function releaseKey(database: Database, id: string): Promise<void> {
  await database.deleteFrom('idempotency_key').where('id', '=', id).execute();
}

export async function deleteIdempotencyKeys(database: Database): Promise<void> {
  await database.deleteFrom('idempotency_key').where('created', '<', keptSince).execute();
}
