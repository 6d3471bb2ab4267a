/** Deletes successful deliveries beyond the number that a webhook's setting keeps, at the interval of the settings. */
import type { Log } from '../event/log.ts';
import { delay } from '../event/wait.ts';
import type { Webhook } from '../webhook/webhook.ts';
import type { SettingSync } from '../setting/setting-sync.ts';
import { databaseOf, type Store } from '../store/database.ts';
import { trimDeliveries, listWebhooksWithDeliveries } from '../store/delivery/trim.ts';

export interface TrimmerOptions {
  readonly store: Store;
  readonly settings: Pick<SettingSync, 'number'>;
  readonly webhook: (id: string) => Webhook | undefined;
  readonly log: Log;
}

/** Interval at which a changed setting is noticed. */
const checkMs = 500;

/** Deletes after the initial delay and then at each interval, until `signal` aborts. Several processes may do so at once. */
export async function runTrimmer(options: TrimmerOptions, signal: AbortSignal): Promise<void> {
  const { settings, log } = options;
  const startedAtMs = performance.now();
  let trimmedAtMs: number | undefined;
  while (!signal.aborted) {
    const isFirst = trimmedAtMs === undefined;
    const name = isFirst ? 'cleanup.initial.delay' : 'cleanup.interval';
    const pauseMs = settings.number(`webhook.deliveries.${name}`) * 1_000;
    if (performance.now() >= (trimmedAtMs ?? startedAtMs) + pauseMs) {
      await trim(options, signal).catch((error: unknown) =>
        log.warn({ err: error }, 'trim.failed'),
      );
      trimmedAtMs = performance.now();
    }
    await delay(checkMs, signal);
  }
}

async function trim(
  { store, settings, webhook, log }: TrimmerOptions,
  signal: AbortSignal,
): Promise<void> {
  const database = databaseOf(store);
  let deleted = 0;
  for (const id of await listWebhooksWithDeliveries(database)) {
    if (signal.aborted) return;
    const keep = settings.number('webhook.deliveries.limit', webhook(id));
    deleted += await trimDeliveries(database, id, keep);
  }
  if (deleted > 0) log.info({ deleted }, 'deliveries.trimmed');
}
