/**
 * Sends what is owed: a bounded window of deliveries in memory, lanes that share the pool fairly, one attempt at a time
 * for each delivery, every ended attempt written down.
 *
 * A delivery comes in fresh (its event was just recorded here, it has no row) or claimed (its row says
 * `delivering` and names this process). It leaves with an outcome: delivered, failed, cancelled, or pending until a
 * time, when whoever has room claims it. A fresh one that does not fit, or that has waited too long in its lane, is
 * spilled: written as due now, without an attempt.
 */
import type { Attempt } from '../event/delivery.ts';
import type { Log } from '../event/log.ts';
import type { Webhook } from '../event/webhook.ts';
import { backoffMs, type BackoffPolicy } from '../outcome/backoff.ts';
import { classify, type SuccessCodes, type Verdict } from '../outcome/classify.ts';
import type { ClaimedOutcome, Outcome } from '../store/outcome.ts';
import { createLanes, type LaneState } from './lanes.ts';
import type { OutgoingRequest, SentAttempt, Sender } from './send.ts';
import type { Writer } from './writer.ts';

/** What a delivery needs to know of its event; shared by all deliveries of the event. */
export interface OutgoingEvent {
  readonly id: string;
  readonly event: string;
  readonly account?: string;
  readonly body: string;
}

/** One delivery in memory. */
export interface Delivery {
  readonly event: OutgoingEvent;
  readonly webhookId: string;
  /** Attempts made so far. */
  readonly tries: number;
  /** The id of its row, when it was claimed; absent while it has none. */
  readonly deliveryId?: string;
  /** The database has no such webhook: nobody is left to deliver to. */
  readonly webhookGone?: boolean;
  /** Called once its row is written. */
  readonly written: () => void;
}

export interface DispatcherOptions {
  /** Requests in flight. */
  readonly concurrency: number;
  /** Deliveries in memory: waiting, in flight, and not written yet. */
  readonly windowMax: number;
  /** A fresh delivery that has waited this long in its lane is spilled. */
  readonly laneWaitMs: number;
  readonly slowMs: number;
  readonly timeoutMs: number;
  readonly tries: number;
  readonly backoff: BackoffPolicy;
  readonly success: SuccessCodes;
  readonly webhook: (id: string) => Webhook | undefined;
  readonly request: (event: OutgoingEvent, webhook: Webhook, timeoutMs: number) => OutgoingRequest;
  readonly disable: (webhook: Webhook, reason: string) => void;
  readonly sender: Sender;
  readonly writer: Writer;
  readonly random: () => number;
  readonly onAttempt: (webhookId: string, attempt: Attempt, verdict: Verdict['kind']) => void;
  readonly log: Log;
}

export interface Dispatcher {
  /** Deliveries in memory. */
  readonly size: number;
  readonly inFlight: number;
  /** Takes a delivery, or spills it when it is fresh and does not fit. Never blocks. */
  offer(delivery: Delivery): void;
  /** Resolves when the window has room, or `signal` aborts. */
  room(signal: AbortSignal): Promise<void>;
  laneState(webhookId: string): LaneState | undefined;
  /** Spills fresh deliveries that waited too long. To be called about once a second. */
  spillAged(): void;
  /** Forgets everything that waits: others have taken it over. */
  drop(): void;
  /**
   * Starts nothing more, lets attempts end while `grace` is not aborted, then interrupts them, and gives back
   * everything that is left: fresh ones spilled, claimed ones pending.
   */
  stop(grace: AbortSignal): Promise<void>;
}

/** A replica may know a new webhook a moment before this one does. */
const unknownWebhookMs = 1_000;

type Item = Delivery & { readonly queuedAtMs: number };

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { windowMax, sender, writer, log } = options;
  const lanes = createLanes<Item>({
    concurrency: options.concurrency,
    slowMs: options.slowMs,
    capOf: id => options.webhook(id)?.concurrencyMax,
  });
  let size = 0;
  let stopping = false;
  let pumping = false;
  let wakers: (() => void)[] = [];

  function write(delivery: Delivery, outcome: Omit<Outcome, 'eventId' | 'webhookId'>): void {
    const { event, webhookId, deliveryId } = delivery;
    const whole: Outcome | ClaimedOutcome = {
      eventId: event.id,
      webhookId,
      ...outcome,
      ...(deliveryId !== undefined && { deliveryId }),
    };
    writer.write(whole, () => {
      size -= 1;
      delivery.written();
      wake();
    });
  }

  function wake(): void {
    if (wakers.length === 0 || (size >= windowMax && !stopping)) return;
    const waiting = wakers;
    wakers = [];
    for (const resume of waiting) resume();
  }

  /** Back to being due, without an attempt. */
  function putOff(delivery: Delivery, delayMs = 0): void {
    write(delivery, {
      state: 'pending',
      tries: delivery.tries,
      nextAttemptAtMs: Date.now() + delayMs,
    });
  }

  function pump(): void {
    // An attempt that ends while this loop runs (a request refused at once) must not start a second loop inside it.
    if (pumping || stopping) return;
    pumping = true;
    for (let item = lanes.next(); item; item = lanes.next()) start(item);
    pumping = false;
  }

  function start(item: Item): void {
    const webhook = options.webhook(item.webhookId);
    if (webhook?.state !== 'Enabled') return letGo(item, webhook);
    const request = options.request(item.event, webhook, webhook.timeoutMs ?? options.timeoutMs);
    sender.send(request, attempt => end(item, webhook, attempt));
  }

  /** Nothing is sent to a disabled or deleted webhook. One that is only unknown here, yet, is asked for later. */
  function letGo(item: Item, webhook: Webhook | undefined): void {
    lanes.finish(item.webhookId, 0);
    if (!webhook && !item.webhookGone) return putOff(item, unknownWebhookMs);
    const reason = webhook ? 'the webhook is disabled' : 'the webhook was deleted';
    write(item, { state: 'cancelled', tries: item.tries, reason });
  }

  function end(item: Item, webhook: Webhook, attempt: SentAttempt): void {
    const answered = attempt.status !== undefined || attempt.interrupted;
    lanes.finish(item.webhookId, answered ? attempt.durationMs : undefined);
    if (attempt.interrupted) putOff(item);
    else judge(item, webhook, attempt);
    pump();
  }

  function judge(item: Item, webhook: Webhook, attempt: Attempt): void {
    const made = item.tries + 1;
    const verdict = classify(attempt, made, webhook.tries ?? options.tries, options.success);
    options.onAttempt(webhook.id, attempt, verdict.kind);
    switch (verdict.kind) {
      case 'delivered':
        return write(item, { state: 'delivered', tries: made, attempt });
      case 'retry': {
        const waitMs = backoffMs(options.backoff, made, options.random(), verdict.retryAfterMs);
        const nextAttemptAtMs = Date.now() + waitMs;
        return write(item, { state: 'pending', tries: made, nextAttemptAtMs, attempt });
      }
      case 'gone':
        options.disable(webhook, 'the receiver answered 410 Gone');
        return write(item, { state: 'failed', tries: made, attempt });
      case 'failed':
        return write(item, { state: 'failed', tries: made, attempt });
    }
  }

  return {
    get size() {
      return size;
    },
    get inFlight() {
      return lanes.inFlight;
    },
    offer(delivery) {
      size += 1;
      const isFresh = delivery.deliveryId === undefined;
      if (stopping || (isFresh && size > windowMax)) putOff(delivery);
      else lanes.add({ ...delivery, queuedAtMs: performance.now() });
      pump();
    },
    async room(signal) {
      while (size >= windowMax && !signal.aborted) {
        const { promise, resolve } = Promise.withResolvers<void>();
        wakers.push(resolve);
        const onAbort = (): void => resolve();
        signal.addEventListener('abort', onAbort);
        await promise;
        signal.removeEventListener('abort', onAbort);
      }
    },
    laneState: webhookId => lanes.state(webhookId),
    spillAged() {
      const before = performance.now() - options.laneWaitMs;
      const aged = lanes.extract(item => item.deliveryId === undefined && item.queuedAtMs < before);
      for (const item of aged) putOff(item);
      if (aged.length > 0) log.debug({ count: aged.length }, 'deliveries.spilled');
    },
    drop() {
      const dropped = lanes.extract(() => true);
      size -= dropped.length;
      wake();
    },
    async stop(grace) {
      stopping = true;
      for (const item of lanes.extract(() => true)) putOff(item);
      wake();
      await untilIdle(() => lanes.inFlight === 0, grace);
      sender.interrupt();
    },
  };
}

async function untilIdle(isIdle: () => boolean, grace: AbortSignal): Promise<void> {
  while (!isIdle() && !grace.aborted) {
    await new Promise(resolve => {
      setTimeout(resolve, 20);
    });
  }
}
