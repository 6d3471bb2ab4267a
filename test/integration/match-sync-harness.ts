/** A match index in step with the tables of a test. */
import { MatchSync, type MatchSyncOptions } from '../../src/match/match-sync.ts';
import { silent, type RecordHarness } from './record-harness.ts';

/** Nobody is told of anything, and nothing is loaded anew by itself, unless the options say so. */
export async function openMatchSync(
  { store, url }: Pick<RecordHarness, 'store' | 'url'>,
  options: Partial<MatchSyncOptions> = {},
): Promise<MatchSync> {
  return MatchSync.open({
    store,
    databaseUrl: url,
    resyncMs: 3_600_000,
    onWebhook: () => undefined,
    onDue: () => {},
    onSetting: async () => {},
    onTree: () => {},
    onHealth: () => {},
    onDisabled: () => {},
    log: silent,
    ...options,
  });
}
