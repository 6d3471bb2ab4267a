/** Logs and announces webhooks that the database itself disabled, because their account has moved (decision 100). */
import type { Log } from '../event/log.ts';
import { databaseOf, type Store } from '../store/database.ts';
import { takeDisabledUntold } from '../store/webhook/webhook.ts';
import type { Webhook } from '../webhook/webhook.ts';

/** @param reason a sentence for people. */
export type OnDisabled = (webhook: Webhook, reason: string) => void;

export interface DisablingsOptions {
  readonly store: Store;
  readonly webhook: (id: string) => Webhook | undefined;
  readonly onDisabled: OnDisabled;
  readonly log: Log;
}

/** Tells of each webhook once over all processes; of one that was deleted meanwhile there is nothing to tell. */
export async function tellDisablings({
  store,
  webhook: find,
  onDisabled,
  log,
}: DisablingsOptions): Promise<void> {
  try {
    for (const { webhookId, reason } of await takeDisabledUntold(databaseOf(store))) {
      const webhook = find(webhookId);
      log.warn({ webhookId, name: webhook?.name, reason }, 'webhook.disabled');
      if (webhook) onDisabled(webhook, reason);
    }
  } catch (error) {
    // The next reading of all webhooks asks again.
    log.warn({ err: error }, 'webhook.disabling_untold');
  }
}
