/**
 * Ends deliveries that wait and are not to be sent any more: too old or too many, as the settings have it, or owed to a
 * webhook that was disabled or deleted since.
 *
 * The time of a webhook's pause does not count: nothing of it expires while it is paused, nor before it has been enabled for
 * as long as a delivery may wait.
 */
import type { Log } from '../event/log.ts';
import { delay } from '../event/wait.ts';
import type { SettingSync } from '../setting/setting-sync.ts';
import { databaseOf, type Store } from '../store/database.ts';
import type { WaitingDays } from '../store/delivery/days.ts';
import {
  cancelFormer,
  expireDeliveries,
  listBacklogs,
  type Backlog,
} from '../store/webhook/backlog.ts';
import { dayOf } from '../store/schema/partition.ts';
import type { Webhook } from '../webhook/webhook.ts';
import { cutBacklogs } from './backlog-limits.ts';

export interface ExpiryOptions {
  readonly store: Store;
  readonly days: WaitingDays;
  readonly settings: Pick<SettingSync, 'number'>;
  readonly webhook: (id: string) => Webhook | undefined;
  /** Maximum number of waiting deliveries that are counted of a day. */
  readonly backlogMax: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Deliveries ended as failed without having been refused. */
  readonly onGivenUp: (reason: 'expired' | 'backlog limit', count: number) => void;
  /** A webhook's backlog was cut, for the first time since it was well below its limit. */
  readonly onFull: (webhook: Webhook) => void;
  readonly log: Log;
}

const intervalMs = 10_000;

/** Looks every few seconds until `signal` aborts. Several processes may do so at once. */
export async function runExpiry(options: ExpiryOptions, signal: AbortSignal): Promise<void> {
  let hasWaiting = true;
  while (!signal.aborted) {
    try {
      const backlogs = await listAll(options);
      // Once more after the last one, to forget which webhooks had been cut.
      if (hasWaiting || backlogs.length > 0) await expire(options, backlogs);
      hasWaiting = backlogs.length > 0;
    } catch (error) {
      options.log.warn({ err: error }, 'expiry.failed');
    }
    await delay(intervalMs, signal);
  }
}

async function listAll({ store, days, backlogMax }: ExpiryOptions): Promise<readonly Backlog[]> {
  const database = databaseOf(store);
  return listBacklogs(database, await days.current(database), backlogMax);
}

async function expire(
  { store, settings, webhook, now, onGivenUp, onFull, log }: ExpiryOptions,
  backlogs: readonly Backlog[],
): Promise<void> {
  const database = databaseOf(store);
  await cancel({ store, webhook, log }, backlogs);
  const onCut = (count: number): void => {
    onGivenUp('backlog limit', count);
    log.warn({ count }, 'backlog.cut');
  };
  await cutBacklogs(database, { settings, webhook, onCut, onFull }, backlogs);
  const lifeOf = ({ webhookId }: Backlog): number =>
    settings.number('webhook.delivery.expire.after', webhook(webhookId));
  for (const [day, ofDay] of Map.groupBy(backlogs, backlog => backlog.day)) {
    for (const [seconds, group] of Map.groupBy(ofDay, lifeOf)) {
      const before = new Date(now() - seconds * 1_000);
      const webhookIds = group
        .map(({ webhookId }) => webhookId)
        .filter(id => mayExpire(webhook(id), before));
      const count = await expireDeliveries(database, { day, webhookIds }, before);
      if (count === 0) continue;
      onGivenUp('expired', count);
      log.warn({ count, day, seconds }, 'deliveries.expired');
    }
  }
}

const mayExpire = (webhook: Webhook | undefined, before: Date): boolean =>
  webhook?.state !== 'Paused' && (webhook?.stateSinceMs ?? 0) <= before.getTime();

/** Cancels at once what waits for webhooks that were disabled or deleted; else it would be cancelled as it comes due. */
async function cancel(
  { store, webhook, log }: Pick<ExpiryOptions, 'store' | 'webhook' | 'log'>,
  backlogs: readonly Backlog[],
): Promise<void> {
  const fateOf = ({ webhookId, day }: Backlog): 'disabled' | 'deleted' | 'kept' => {
    const known = webhook(webhookId);
    if (!known) return 'deleted';
    const { disabledAtMs } = known;
    return disabledAtMs !== undefined && day <= dayOf(disabledAtMs) ? 'disabled' : 'kept';
  };
  for (const [day, ofDay] of Map.groupBy(backlogs, backlog => backlog.day)) {
    for (const [fate, group] of Map.groupBy(ofDay, fateOf)) {
      if (fate === 'kept') continue;
      const webhookIds = group.map(({ webhookId }) => webhookId);
      const count = await cancelFormer(
        databaseOf(store),
        { day, webhookIds },
        `the webhook was ${fate}`,
      );
      if (count > 0) log.info({ count, day, fate }, 'deliveries.cancelled');
    }
  }
}
