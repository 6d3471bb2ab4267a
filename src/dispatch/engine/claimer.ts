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
import { claimDue, type ClaimedDelivery, type Wanted } from '../../store/delivery/claim.ts';
import type { WaitingDays } from '../../store/delivery/days.ts';
import { releaseUnheld } from '../../store/delivery/release.ts';
import { listWaitingWebhooks, type Waiting } from '../../store/delivery/waiting.ts';
import { databaseOf, type Store } from '../../store/database.ts';
import type { Delivery } from '../delivery.ts';
import type { Dispatcher } from './dispatcher.ts';

export interface ClaimerOptions {
  readonly store: Store;
  readonly days: WaitingDays;
  readonly processId: () => number;
  readonly dispatcher: Dispatcher;
  readonly windowMax: number;
  readonly pollMs: number;
  readonly log: Log;
}

export interface Claimer {
  run(signal: AbortSignal): Promise<void>;
  /** Claims at once: something is due now. @param isOld true when its event may be of any day. */
  wake(isOld?: boolean): void;
}

/** Maximum number of rows in one claim, over all webhooks. */
const claimMax = 2_000;

export function createClaimer(options: ClaimerOptions): Claimer {
  const { days, log, pollMs } = options;
  const turn = { after: '' };
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
          claimed = await claimOnce(options, wake, turn);
        } catch (error) {
          // The rows may have been claimed all the same, and nobody knows of it.
          isInDoubt = true;
          days.searchAgain();
          log.warn({ err: error }, 'claim.failed');
        }
        const pauseMs = claimed > 0 ? pollMs / 10 : pollMs;
        await delay(pauseMs, AbortSignal.any([signal, wakeUp.signal]));
        if (wakeUp.signal.aborted) wakeUp = new AbortController();
      }
    },
    wake(isOld = false) {
      if (isOld) days.searchAgain();
      wake();
    },
  };
}

async function releaseLost({ store, processId, dispatcher, log }: ClaimerOptions): Promise<void> {
  const released = await releaseUnheld(store, processId(), dispatcher.claimedIds);
  if (released > 0) log.info({ released }, 'claims.released');
}

/** Claims once. @returns how many deliveries were claimed. */
async function claimOnce(options: ClaimerOptions, wake: () => void, turn: Turn): Promise<number> {
  const { dispatcher, windowMax } = options;
  const windowRoom = Math.min(claimMax, windowMax - dispatcher.size);
  if (windowRoom <= 0) return 0;
  const release = dispatcher.reserve(windowRoom);
  const claimed = await claimInto(options, windowRoom, turn).finally(release);
  for (const delivery of claimed) dispatcher.offer(toDelivery(delivery, wake));
  return claimed.length;
}

/**
 * Claims for each waiting webhook what its lane has room for, never more in all than the window has room for. Where there
 * are more webhooks than that, the next claim begins with those that were left out.
 */
async function claimInto(
  { store, days, processId, dispatcher }: ClaimerOptions,
  windowRoom: number,
  turn: Turn,
): Promise<readonly ClaimedDelivery[]> {
  const database = databaseOf(store);
  const waiting = inTurn(await listWaitingWebhooks(database, await days.current(database)), turn);
  const share = Math.ceil(windowRoom / Math.max(1, waiting.length));
  const wanted: Wanted[] = [];
  let left = windowRoom;
  for (const webhook of waiting) {
    const room = Math.min(share, left, dispatcher.roomOf(webhook.webhookId));
    if (room <= 0) continue;
    wanted.push({ ...webhook, room });
    turn.after = webhook.webhookId;
    left -= room;
  }
  return wanted.length === 0 ? [] : claimDue(store, processId(), wanted);
}

/** Whose turn it is among webhooks with waiting deliveries. */
interface Turn {
  /** Id of the webhook that the last claim ended with. */
  after: string;
}

/** @param waiting sorted by id. */
function inTurn(waiting: readonly Waiting[], { after }: Turn): readonly Waiting[] {
  const first = waiting.findIndex(({ webhookId }) => webhookId > after);
  return first <= 0 ? waiting : [...waiting.slice(first), ...waiting.slice(0, first)];
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
