/**
 * Brings due deliveries from the database into the lanes: retries, spilled ones, those of a process that died, and
 * those that a person asked for.
 *
 * It lists the webhooks with waiting deliveries, then claims for each as many as its lane has room for. While claims
 * come back full it goes on at once, otherwise after a moment, or when somebody notifies `due`. While nothing waits at all
 * it rests for longer, until this process writes a row that waits. After a failed claim, rows that it may have claimed all
 * the same are released first.
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
  /** Whether other processes can say that something is due; while they cannot, the claimer does not rest. */
  readonly sync: { readonly hearsNotifications: boolean | undefined };
  readonly log: Log;
}

export interface Claimer {
  run(signal: AbortSignal): Promise<void>;
  /** Claims at once: something is due now. @param isOld true when its event may be of any day. */
  wake(isOld?: boolean): void;
  /** This process has written a delivery that waits. */
  expect(): void;
}

/** How often due deliveries are looked for when nothing says that there are some. */
const pollMs = 500;
/** How often that is while none waits: somebody may have inserted one by hand. */
const restMs = 10_000;
/** Maximum number of rows in one claim, over all webhooks. */
const claimMax = 2_000;

export function createClaimer(options: ClaimerOptions): Claimer {
  const { days, sync, log } = options;
  const turn = { after: '' };
  let wakeUp = new AbortController();
  let isResting = false;
  let isExpecting = false;
  const wake = (): void => wakeUp.abort();
  const pauseMs = ({ claimed, waiting }: Claims): number => {
    if (claimed > 0) return pollMs / 10;
    isResting = waiting === 0 && !isExpecting && sync.hearsNotifications === true;
    return isResting ? restMs : pollMs;
  };
  return {
    async run(signal) {
      let isInDoubt = false;
      while (!signal.aborted) {
        let claims: Claims = unknownClaims;
        try {
          if (isInDoubt) await releaseLost(options);
          isInDoubt = false;
          isExpecting = false;
          claims = await claimOnce(options, wake, turn);
        } catch (error) {
          // The rows may have been claimed all the same, and nobody knows of it.
          isInDoubt = true;
          days.searchAgain();
          log.warn({ err: error }, 'claim.failed');
        }
        await delay(pauseMs(claims), AbortSignal.any([signal, wakeUp.signal]));
        isResting = false;
        if (wakeUp.signal.aborted) wakeUp = new AbortController();
      }
    },
    wake(isOld = false) {
      if (isOld) days.searchAgain();
      wake();
    },
    expect() {
      isExpecting = true;
      if (isResting) wake();
    },
  };
}

interface Claims {
  /** Deliveries claimed. */
  readonly claimed: number;
  /** Webhooks with waiting deliveries, due or not, that are not paused. */
  readonly waiting: number;
}

/** Nobody looked. */
const unknownClaims: Claims = { claimed: 0, waiting: Number.NaN };

async function releaseLost({ store, processId, dispatcher, log }: ClaimerOptions): Promise<void> {
  const released = await releaseUnheld(store, processId(), dispatcher.claimedIds);
  if (released > 0) log.info({ released }, 'claims.released');
}

async function claimOnce(options: ClaimerOptions, wake: () => void, turn: Turn): Promise<Claims> {
  const { store, days, dispatcher, windowMax } = options;
  const database = databaseOf(store);
  const windowRoom = (): number => Math.min(claimMax, windowMax - dispatcher.size);
  if (windowRoom() <= 0) return unknownClaims;
  const listed = await listWaitingWebhooks(database, await days.current(database));
  const waiting = listed.filter(({ webhookId }) => !dispatcher.isPaused(webhookId));
  const wanted = wantedOf(inTurn(waiting, turn), windowRoom(), options);
  turn.after = wanted.at(-1)?.webhookId ?? turn.after;
  if (wanted.length === 0) return { claimed: 0, waiting: waiting.length };
  const release = dispatcher.reserve(wanted.reduce((sum, { room }) => sum + room, 0));
  const claimed = await claimDue(store, options.processId(), wanted).finally(release);
  for (const delivery of claimed) dispatcher.offer(toDelivery(delivery, wake));
  return { claimed: claimed.length, waiting: waiting.length };
}

/**
 * For each waiting webhook what its lane has room for, never more in all than the window has room for. Where there are
 * more webhooks than that, the next claim begins with those that were left out.
 */
function wantedOf(
  waiting: readonly Waiting[],
  windowRoom: number,
  { dispatcher }: ClaimerOptions,
): readonly Wanted[] {
  const share = Math.ceil(windowRoom / Math.max(1, waiting.length));
  const wanted: Wanted[] = [];
  let left = windowRoom;
  for (const webhook of waiting) {
    const room = Math.min(share, left, dispatcher.roomOf(webhook.webhookId));
    if (room <= 0) continue;
    wanted.push({ ...webhook, room });
    left -= room;
  }
  return wanted;
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
      ...claimed.concern,
      replayId: claimed.replayId ?? undefined,
    },
    webhookId: claimed.webhookId,
    deliveryId: claimed.deliveryId,
    madeAtMs: claimed.madeAtMs,
    tries: claimed.tries,
    webhookGone: !claimed.webhookExists,
    isOutside: claimed.isOutside,
    // Once it is written, the next delivery of its key may be claimed.
    written: claimed.orderKey === null ? nothing : wake,
    queuedAtMs: performance.now(),
  };
}

function nothing(): void {}
