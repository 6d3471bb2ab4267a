/**
 * Brings due deliveries from the database into the lanes: retries, spilled ones, those of a process that died, and
 * those that a person asked for.
 *
 * It lists the webhooks with waiting deliveries, then claims for each as many as its lane has room for. While claims
 * come back full it goes on at once, otherwise after `pollMs`, or when somebody notifies `due`. After a failed claim,
 * rows that it may have claimed all the same are released first.
 */
import type { Log } from '../../event/log.ts';
import { delay } from '../../event/wait.ts';
import {
  claimDue,
  releaseUnheld,
  listWaitingWebhooks,
  type ClaimedDelivery,
} from '../../store/delivery/claim.ts';
import { databaseOf, type Store } from '../../store/database.ts';
import type { Delivery } from '../delivery.ts';
import type { Dispatcher } from './dispatcher.ts';

export interface ClaimerOptions {
  readonly store: Store;
  readonly processId: () => number;
  readonly dispatcher: Dispatcher;
  readonly windowMax: number;
  readonly pollMs: number;
  readonly log: Log;
}

export interface Claimer {
  run(signal: AbortSignal): Promise<void>;
  /** Claims at once: something is due now. */
  wake(): void;
}

/**
 * Room of a healthy lane beyond what is in flight, as a number and as a share of the window: a lane that hangs looks
 * healthy until its first attempts have ended, and must leave room for the others.
 */
const laneRoomMax = 500;
const laneShare = 0.1;
/** Room of a slow lane, in requests: no more than it can use soon. */
const slowLaneRoom = 2;
/** Maximum number of rows in one claim, over all webhooks. */
const claimMax = 2_000;

export function createClaimer(options: ClaimerOptions): Claimer {
  const { log, pollMs } = options;
  let wakeUp = new AbortController();
  const wake = (): void => wakeUp.abort();
  return {
    async run(signal) {
      let isInDoubt = false;
      while (!signal.aborted) {
        let claimed = 0;
        try {
          if (isInDoubt) await releaseLost(options);
          isInDoubt = false;
          claimed = await claimOnce(options, wake);
        } catch (error) {
          // The rows may have been claimed all the same, and nobody knows of it.
          isInDoubt = true;
          log.warn({ err: error }, 'claim.failed');
        }
        const pauseMs = claimed > 0 ? pollMs / 10 : pollMs;
        await delay(pauseMs, AbortSignal.any([signal, wakeUp.signal]));
        if (wakeUp.signal.aborted) wakeUp = new AbortController();
      }
    },
    wake,
  };
}

async function releaseLost({ store, processId, dispatcher, log }: ClaimerOptions): Promise<void> {
  const released = await releaseUnheld(store, processId(), dispatcher.claimedIds);
  if (released > 0) log.info({ released }, 'claims.released');
}

/** Claims once. @returns how many deliveries were claimed. */
async function claimOnce(options: ClaimerOptions, wake: () => void): Promise<number> {
  const { dispatcher, windowMax } = options;
  const windowRoom = Math.min(claimMax, windowMax - dispatcher.size);
  if (windowRoom <= 0) return 0;
  const release = dispatcher.reserve(windowRoom);
  const claimed = await claimInto(options, windowRoom).finally(release);
  for (const delivery of claimed) dispatcher.offer(toDelivery(delivery, wake));
  return claimed.length;
}

async function claimInto(
  options: ClaimerOptions,
  windowRoom: number,
): Promise<readonly ClaimedDelivery[]> {
  const database = databaseOf(options.store);
  const webhookIds = await listWaitingWebhooks(database);
  const share = Math.ceil(windowRoom / Math.max(1, webhookIds.length));
  const wanted = webhookIds
    .map(webhookId => ({ webhookId, room: Math.min(share, roomOf(options, webhookId)) }))
    .filter(({ room }) => room > 0);
  return wanted.length === 0 ? [] : claimDue(database, options.processId(), wanted);
}

function roomOf({ dispatcher, windowMax }: ClaimerOptions, webhookId: string): number {
  const laneRoom = Math.min(laneRoomMax, Math.ceil(windowMax * laneShare));
  const lane = dispatcher.laneState(webhookId);
  if (!lane) return laneRoom;
  return (lane.slow ? slowLaneRoom * lane.requestMax : laneRoom) - lane.waiting;
}

function toDelivery(claimed: ClaimedDelivery, wake: () => void): Delivery {
  return {
    event: {
      id: claimed.eventId,
      event: claimed.event,
      body: claimed.body,
      envelope: claimed.envelope ?? undefined,
      account: claimed.account ?? undefined,
    },
    webhookId: claimed.webhookId,
    deliveryId: claimed.deliveryId,
    tries: claimed.tries,
    webhookGone: !claimed.webhookExists,
    // Once it is written, the next delivery of its key may be claimed.
    written: claimed.orderKey === null ? nothing : wake,
    queuedAtMs: performance.now(),
  };
}

function nothing(): void {}
