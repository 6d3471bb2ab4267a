/** Keeps the tables in bounds: days made ahead, days past their retention dropped, old receipts forgotten. */
import { setTimeout as wait } from 'node:timers/promises';

import type { Log } from './event/log.ts';
import { dropAudit } from './store/audit.ts';
import { databaseOf, type Store } from './store/open.ts';
import { dropPartitions, openPartitions } from './store/partition.ts';
import { dropReceipts } from './store/receipt-match.ts';

export interface JanitorOptions {
  readonly store: Store;
  /** Whole days that are kept besides today. */
  readonly retentionDays: number;
  readonly now: () => Date;
  readonly log: Log;
}

const intervalMs = 3_600_000;
/** Changes are few, and asked for long after: "since when is it so, and who did it". */
const auditDays = 400;
const DAY_MS = 86_400_000;

/** Tidies at once and then every hour until `signal` aborts. Several janitors at once do no harm. */
export async function runJanitor(options: JanitorOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await tidy(options).catch((error: unknown) =>
      options.log.warn({ err: error }, 'janitor.failed'),
    );
    await wait(intervalMs, undefined, { signal }).catch(() => {});
  }
}

async function tidy({ store, retentionDays, now, log }: JanitorOptions): Promise<void> {
  const keepFrom = new Date(now().getTime() - retentionDays * DAY_MS);
  await openPartitions(store, now());
  const dropped = await dropPartitions(store, keepFrom);
  if (dropped.length > 0) log.info({ dropped }, 'days.dropped');
  await dropReceipts(databaseOf(store), keepFrom);
  await dropAudit(databaseOf(store), new Date(now().getTime() - auditDays * DAY_MS));
}
