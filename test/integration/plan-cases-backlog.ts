/** What Hookline does with its database for backlogs, the health of webhooks, and the log of changes. */
import { createChangeReader } from '../../src/store/change-log.ts';
import { databaseOf } from '../../src/store/database.ts';
import { dayOf } from '../../src/store/schema/partition.ts';
import {
  expireDeliveries,
  failOldest,
  forgetCutBacklogs,
  listBacklogs,
  noteCutBacklog,
} from '../../src/store/webhook/backlog.ts';
import {
  findBreakers,
  loadBreakers,
  markAnnounced,
  probeNow,
  writeBreakers,
} from '../../src/store/webhook/breaker.ts';
import type { Case } from './plan-cases.ts';

const today = (): string => dayOf(Date.now());
/** Waiting deliveries of a day that are counted at most. */
const countMax = 5_000;

export const backlogCases: Readonly<Record<string, Case>> = {
  'counting backlogs, up to a bound': {
    rows: 4 * countMax,
    work: ({ store }) => listBacklogs(databaseOf(store), [today()], countMax),
  },
  'ending what has waited for too long, when nothing has': {
    // Those that wait are looked at.
    rows: 4 * countMax,
    work: ({ store, busy, quiet }) =>
      expireDeliveries(
        databaseOf(store),
        { day: today(), webhookIds: [busy, quiet] },
        new Date(new Date().setUTCHours(0, 0, 0, 0)),
      ),
  },
  'failing the oldest of a backlog': {
    rows: 600,
    work: ({ store, busy }) =>
      failOldest(databaseOf(store), { day: today(), webhookIds: [busy] }, 100),
  },
  'noting that a backlog was cut, and forgetting it': {
    rows: 2_000,
    work: async ({ store, busy }) => {
      await noteCutBacklog(databaseOf(store), busy);
      await forgetCutBacklogs(databaseOf(store), []);
    },
  },
  'writing and reading how webhooks are': {
    rows: 2_000,
    work: async ({ store, busy, quiet }) => {
      const database = databaseOf(store);
      const since = { sinceMs: Date.now(), failingSinceMs: Date.now() };
      const open = { state: 'open', ...since, nextProbeAtMs: Date.now(), lastError: 'x' } as const;
      await writeBreakers(database, [
        { webhookId: busy, ...open },
        { webhookId: quiet, ...open },
      ]);
      await findBreakers(database, [busy, quiet]);
      await loadBreakers(database, [busy, quiet]);
      await markAnnounced(database, [busy, quiet], [busy]);
      await probeNow(database, busy);
    },
  },
  'reading the log of changes': {
    rows: 500,
    work: async ({ store, run, busy }) => {
      const read = createChangeReader();
      await read(databaseOf(store));
      await run(`update webhook set name = 'renamed' where id = '${busy}'`);
      await read(databaseOf(store));
    },
  },
};
