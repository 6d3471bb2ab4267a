/**
 * Keeps this process's lease: joins, renews, takes over what others left behind, leaves.
 *
 * When the lease was lost (the process stood still for longer than its term and another one took over), it joins again
 * under a new id with an empty ledger and says so: what was held in memory for the old id has rows now.
 */
import { hostname } from 'node:os';

import type { Log } from '../event/log.ts';
import { delay } from '../event/wait.ts';
import { createEffort } from '../store/connection/effort.ts';
import { databaseOf, type Store } from '../store/database.ts';
import {
  joinProcess,
  leaveProcess,
  renewLease,
  takeOverLapsed,
  type TakeOver,
} from '../store/record/lease.ts';
import { createLedger, type Ledger } from './ledger.ts';

export interface Lease {
  /** Id under which this process owes deliveries; another one after the lease was lost. */
  readonly processId: number;
  readonly ledger: Ledger;
  /** Renews the lease until `signal` aborts. Database trouble is waited out. */
  keep(signal: AbortSignal): Promise<void>;
  /** Joins again under a new id, because recording found the old one gone. */
  rejoin(): Promise<void>;
  /** Why the lease is not renewed, which needs a database that can be written to; undefined while it is. */
  trouble(): Error | undefined;
  /** Leaves now: deliveries that are still owed are written as due rows for the others. */
  leave(): Promise<TakeOver | undefined>;
}

export interface LeaseOptions {
  readonly store: Store;
  /** Others may take over this long after the last renewal. */
  readonly ttlMs: number;
  /** Makes an id below that of every event recorded from now on. */
  readonly newId: () => string;
  /** Called when the lease was lost: the deliveries held in memory are no longer this process's. */
  readonly onLost: () => void;
  readonly log: Log;
}

export async function openLease(options: LeaseOptions): Promise<Lease> {
  const { store, ttlMs, newId, onLost, log } = options;
  const effort = createEffort({ clock: () => performance.now() });
  let ledger = createLedger(newId());
  let processId = await join();

  function join(): Promise<number> {
    const watermark = ledger.watermark();
    return joinProcess(databaseOf(store), {
      host: hostname(),
      pid: process.pid,
      ttlMs,
      watermark,
    });
  }

  async function rejoinOnce(): Promise<void> {
    const lost = processId;
    ledger = createLedger(newId());
    processId = await join();
    onLost();
    log.warn({ lost, processId }, 'lease.lost');
  }

  // Recording and renewing may find the loss at the same moment; one new row is enough.
  let rejoining: Promise<void> | undefined;
  function rejoin(): Promise<void> {
    rejoining ??= rejoinOnce().finally(() => {
      rejoining = undefined;
    });
    return rejoining;
  }

  async function renew(): Promise<void> {
    const mine = { id: processId, ttlMs, watermark: ledger.watermark() };
    effort.began();
    const { isHeld, othersLapsed } = await renewLease(databaseOf(store), mine).catch(
      (error: unknown) => {
        effort.failed(error);
        throw error;
      },
    );
    effort.succeeded();
    if (!isHeld && processId === mine.id) await rejoin();
    if (!othersLapsed) return;
    for (const taken of await takeOverLapsed(store)) log.info(taken, 'process.taken_over');
  }

  return {
    get processId() {
      return processId;
    },
    get ledger() {
      return ledger;
    },
    rejoin,
    async keep(signal) {
      while (!signal.aborted) {
        await renew().catch((error: unknown) => log.warn({ err: error }, 'lease.renewal_failed'));
        await delay(ttlMs / 3, signal);
      }
    },
    trouble: () => effort.trouble(),
    leave: () => leaveProcess(store, processId),
  };
}
