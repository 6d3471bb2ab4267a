/**
 * Waits for the first attempts of redeliveries. However many are waited for, one statement at a time asks for all of them.
 */
import { setTimeout as delay } from 'node:timers/promises';

import { databaseOf, type Store } from '../../../store/database.ts';
import { findUnattempted } from '../../../store/delivery/delivery.ts';
import type { Caller } from '../../http/authenticate.ts';

export interface FirstAttempts {
  /**
   * Resolves when the delivery has been attempted or deleted, after `waitMsMax`, or when the caller hangs up. When the
   * caller's account, or all accounts together, wait for too many already, it resolves at once.
   *
   * @throws when the database does not answer.
   */
  wait(caller: Pick<Caller, 'principal' | 'signal'>, deliveryId: string): Promise<void>;
}

export interface FirstAttemptsOptions {
  readonly store: Store;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Maximum time to wait for an attempt, which goes on regardless. */
const waitMsMax = 30_000;
const pollMs = 200;
/** Maximum numbers of deliveries that are waited for, by an account and by all. */
const [accountMax, allMax] = [10, 500];

interface Waiter extends PromiseWithResolvers<void> {
  readonly account: string;
  readonly untilMs: number;
  readonly signal: AbortSignal;
}

export function createFirstAttempts({ store, now }: FirstAttemptsOptions): FirstAttempts {
  const waiters = new Map<string, Waiter>();

  async function poll(): Promise<void> {
    while (waiters.size > 0) {
      await delay(pollMs);
      // Others may come while the database answers.
      const asked = [...waiters.keys()];
      try {
        const waiting = new Set(await findUnattempted(databaseOf(store), asked));
        settle(asked.filter(id => !waiting.has(id) || isOver(id)));
      } catch (error) {
        settle(asked, error);
      }
    }
  }

  function isOver(id: string): boolean {
    const waiter = waiters.get(id);
    return waiter !== undefined && (now() >= waiter.untilMs || waiter.signal.aborted);
  }

  function settle(ids: readonly string[], error?: unknown): void {
    for (const id of ids) {
      const waiter = waiters.get(id);
      waiters.delete(id);
      if (error === undefined) waiter?.resolve();
      else waiter?.reject(error);
    }
  }

  return {
    async wait({ principal: { accountId, userId }, signal }, deliveryId) {
      const account = accountId ?? userId;
      const own = [...waiters.values()].filter(waiter => waiter.account === account).length;
      if (own >= accountMax || waiters.size >= allMax) return;
      const waiter = {
        ...Promise.withResolvers<void>(),
        account,
        untilMs: now() + waitMsMax,
        signal,
      };
      waiters.set(deliveryId, waiter);
      if (waiters.size === 1) void poll();
      await waiter.promise;
    },
  };
}
