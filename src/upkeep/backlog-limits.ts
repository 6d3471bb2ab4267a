/** Cuts the backlogs of webhooks and accounts to what the settings allow: the oldest deliveries end as failed. */
import type { SettingSync } from '../setting/setting-sync.ts';
import type { Database } from '../store/database.ts';
import {
  failOldest,
  forgetCutBacklogs,
  noteCutBacklog,
  type Backlog,
} from '../store/webhook/backlog.ts';
import type { Webhook } from '../webhook/webhook.ts';

export interface BacklogLimits {
  readonly settings: Pick<SettingSync, 'number'>;
  readonly webhook: (id: string) => Webhook | undefined;
  readonly onCut: (count: number) => void;
  /** A webhook's backlog was cut, for the first time since it was well below its limit. */
  readonly onFull: (webhook: Webhook) => void;
}

/** A backlog below this share of its limit may be announced anew. */
const calmShare = 0.8;

/** @param backlogs in the order of their days. */
export async function cutBacklogs(
  database: Database,
  limits: BacklogLimits,
  backlogs: readonly Backlog[],
): Promise<void> {
  const { settings, webhook } = limits;
  const known = backlogs.filter(({ webhookId }) => webhook(webhookId) !== undefined);
  const ownerOf = ({ webhookId }: Backlog): string => webhook(webhookId)?.accountId ?? '';
  const limited = [
    ...withLimit(
      'webhook.backlog.limit',
      Map.groupBy(known, ({ webhookId }) => webhookId),
    ),
    ...withLimit('account.backlog.limit', Map.groupBy(known, ownerOf)),
  ];
  const full = new Set<string>();
  for (const { name, group } of limited) {
    const limit = settings.number(name, webhook(group[0]?.webhookId ?? ''));
    const waiting = group.reduce((sum, one) => sum + one.waiting, 0);
    if (waiting <= limit * calmShare) continue;
    for (const { webhookId } of group) full.add(webhookId);
    if (waiting > limit) await cut(database, limits, group, waiting - limit);
  }
  await forgetCutBacklogs(database, [...full]);
}

const withLimit = (
  name: 'webhook.backlog.limit' | 'account.backlog.limit',
  groups: ReadonlyMap<string, readonly Backlog[]>,
) => [...groups.values()].map(group => ({ name, group }));

async function cut(
  database: Database,
  { webhook, onCut, onFull }: BacklogLimits,
  group: readonly Backlog[],
  excess: number,
): Promise<void> {
  let left = excess;
  for (const [day, ofDay] of Map.groupBy(group, one => one.day)) {
    if (left <= 0) break;
    const webhookIds = ofDay.map(({ webhookId }) => webhookId);
    const count = await failOldest(database, { day, webhookIds }, left);
    left -= count;
    if (count > 0) onCut(count);
  }
  if (left === excess) return;
  for (const webhookId of new Set(group.map(one => one.webhookId))) {
    const owner = webhook(webhookId);
    if ((await noteCutBacklog(database, webhookId)) && owner) onFull(owner);
  }
}
