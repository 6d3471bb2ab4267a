/**
 * Maintains the tables: creates the next days' partitions, drops those past their retention, deletes old receipts, keys,
 * audit rows and secrets, and encrypts anew what a previous secret key encrypted.
 */
import { resealSecrets } from '../access/secret/reseal.ts';
import type { Log } from '../event/log.ts';
import { delay } from '../event/wait.ts';
import { deleteAudit } from '../store/audit.ts';
import { deleteIdempotencyKeys } from '../store/access/idempotency-key.ts';
import { deleteEventKeys } from '../store/event/event-key.ts';
import { databaseOf, type Store } from '../store/database.ts';
import { dropPartitions, openPartitions } from '../store/schema/partition.ts';
import { deleteChanges } from '../store/change-log.ts';
import { dropExpiredSecrets } from '../store/webhook/secret.ts';
import { deleteRecordedSpans } from '../store/record/recorded-span.ts';
import { deleteReceipts } from '../store/record/receipt.ts';

export interface JanitorOptions {
  readonly store: Store;
  /** Number of whole days to keep, besides today. */
  readonly retentionDays: number;
  /** How long an event's id from its cloud is kept to recognize repetitions. */
  readonly keyHours: number;
  /** The current key first, then previous ones, whose secrets are encrypted anew. */
  readonly secretKeys: readonly [Buffer, ...Buffer[]];
  readonly now: () => Date;
  readonly log: Log;
}

const HOUR_MS = 3_600_000;
const intervalMs = HOUR_MS;
/** Retention of the audit log: changes are few, and people ask long after who made them. */
const auditDays = 400;
const DAY_MS = 86_400_000;

/** Maintains the tables now and then every hour until `signal` aborts. Several processes may do so at once. */
export async function runJanitor(options: JanitorOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await tidy(options).catch((error: unknown) =>
      options.log.warn({ err: error }, 'janitor.failed'),
    );
    await delay(intervalMs, signal);
  }
}

async function tidy(options: JanitorOptions): Promise<void> {
  const { store, retentionDays, keyHours, now, log } = options;
  const keepFrom = new Date(now().getTime() - retentionDays * DAY_MS);
  await openPartitions(store, now());
  const { dropped, busy } = await dropPartitions(store, keepFrom);
  if (dropped.length > 0) log.info({ dropped }, 'days.dropped');
  if (busy.length > 0) log.warn({ busy }, 'days.busy');
  await deleteReceipts(databaseOf(store), keepFrom);
  await deleteRecordedSpans(databaseOf(store), keepFrom);
  await deleteEventKeys(databaseOf(store), new Date(now().getTime() - keyHours * HOUR_MS));
  await deleteAudit(databaseOf(store), new Date(now().getTime() - auditDays * DAY_MS));
  await dropExpiredSecrets(databaseOf(store));
  await deleteIdempotencyKeys(databaseOf(store));
  await deleteChanges(databaseOf(store), new Date(now().getTime() - HOUR_MS));
  await reseal(options);
}

async function reseal({ store, secretKeys, log }: JanitorOptions): Promise<void> {
  if (secretKeys.length === 1) return;
  const { resealed, lost } = await resealSecrets(store, secretKeys);
  if (resealed > 0) log.info({ resealed }, 'secrets.resealed');
  if (lost > 0) log.error({ lost }, 'secrets.lost');
}
