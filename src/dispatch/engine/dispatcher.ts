/**
 * Sends what is owed: a bounded window of deliveries in memory, lanes that share the pool fairly, one attempt at a time
 * for each delivery, every ended attempt written down.
 *
 * A delivery comes in fresh (its event was just recorded here, it has no row) or claimed (its row says
 * `delivering` and names this process). It leaves with an outcome: delivered, failed, cancelled, or pending until a
 * time, when whoever has room claims it. A fresh one that does not fit, or that has waited too long in its lane, is
 * spilled: written as due now, without an attempt.
 */
import { setTimeout as wait } from 'node:timers/promises';

import type { Attempt } from '../../event/delivery.ts';
import { RenderError } from '../../event/errors.ts';
import type { Log } from '../../event/log.ts';
import type { Webhook } from '../../webhook/webhook.ts';
import type { RetryPolicy } from '../../outcome/backoff.ts';
import type { SuccessCodes, Verdict } from '../../outcome/classify.ts';
import { createAlarm } from './alarm.ts';
import { alongWith, sendBatch, type BuildBatch } from '../request/batch.ts';
import { unsent, type SentAttempt } from '../request/attempt.ts';
import { lacksEnvelope, type Delivery } from '../delivery.ts';
import { Lanes, type LaneState } from './lanes.ts';
import type { BuildRequest } from '../request/request.ts';
import { resultOf, type Result } from './result.ts';
import type { Sender } from '../request/send.ts';
import { DeliveryWindow } from './window.ts';
import type { Writer } from './writer.ts';

export interface AttemptSettings {
  readonly tries: number;
  /** Total deadline. */
  readonly timeoutMs: number;
  readonly backoff: RetryPolicy;
}

export interface DispatcherOptions {
  /** Requests in flight; 0 sends nothing and spills everything, for a process that only takes in. */
  readonly concurrency: number;
  /** Deliveries in memory: waiting, in flight, and not written yet. */
  readonly windowMax: number;
  /** A fresh delivery that has waited this long in its lane is spilled. */
  readonly laneWaitMs: number;
  readonly slowMs: number;
  /** What holds for a webhook now; asked for each attempt. */
  readonly settingsOf: (webhook: Webhook) => AttemptSettings;
  readonly success: SuccessCodes;
  readonly webhook: (id: string) => Webhook | undefined;
  readonly request: BuildRequest;
  readonly batch: BuildBatch;
  readonly disable: (webhook: Webhook, reason: string) => void;
  readonly sender: Sender;
  readonly writer: Writer;
  readonly random: () => number;
  readonly onAttempt: (webhookId: string, attempt: Attempt, verdict: Verdict['kind']) => void;
  readonly log: Log;
}

/** A replica may know a new webhook a moment before this one does. */
const unknownWebhookMs = 1_000;
const unsendableWebhookMs = 60_000;
const idlePollMs = 20;

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #lanes: Lanes<Delivery>;
  readonly #window: DeliveryWindow;
  /** Rings when a lane may start that nothing but time held back. */
  readonly #alarm = createAlarm(() => {
    this.#lanes.recheck();
    this.#pump();
  });
  /** Webhooks an operator was told of. */
  readonly #unsendable = new Set<string>();
  readonly #claimedIds = new Set<string>();
  #stopping = false;
  #pumping = false;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#window = new DeliveryWindow(options.windowMax);
    this.#lanes = new Lanes({
      concurrency: options.concurrency,
      slowMs: options.slowMs,
      wishesOf: options.webhook,
      clock: () => performance.now(),
    });
  }

  /** Deliveries in memory. */
  get size(): number {
    return this.#window.size;
  }

  get inFlight(): number {
    return this.#lanes.inFlight;
  }

  /** Rows that this process has claimed and has in memory. */
  get claimedIds(): ReadonlySet<string> {
    return this.#claimedIds;
  }

  get hasRoom(): boolean {
    return this.#window.hasRoom;
  }

  /** Keeps room for deliveries that are being claimed. @returns gives it free again. */
  reserve(count: number): () => void {
    this.#window.add(count);
    return () => {
      this.#window.remove(count);
      this.#window.wake();
    };
  }

  laneState(webhookId: string): LaneState | undefined {
    return this.#lanes.state(webhookId);
  }

  /** Makes the pool larger or smaller from now on; where nothing is sent it stays so. */
  resize(concurrency: number): void {
    if (this.#options.concurrency === 0) return;
    this.#lanes.resize(concurrency);
    this.#pump();
  }

  /** Takes a delivery, or spills it when it is fresh and does not fit. Never blocks. */
  offer(delivery: Delivery): void {
    const { concurrency } = this.#options;
    this.#window.add(1);
    const isFresh = delivery.deliveryId === undefined;
    if (delivery.deliveryId !== undefined) this.#claimedIds.add(delivery.deliveryId);
    if (this.#stopping || concurrency === 0 || (isFresh && this.#window.isExceeded)) {
      this.#reschedule(delivery);
    } else {
      this.#lanes.add(delivery);
      this.#pump();
    }
  }

  /** Resolves when `hasRoom`, or `signal` aborts. */
  async room(signal: AbortSignal): Promise<void> {
    await this.#window.room(signal);
  }

  /** Spills fresh deliveries that waited too long. To be called about once a second. */
  spillAged(): void {
    const { laneWaitMs, webhook } = this.#options;
    const before = performance.now() - laneWaitMs;
    const aged = this.#lanes.extract(
      ({ deliveryId, queuedAtMs, webhookId }) =>
        deliveryId === undefined && queuedAtMs < before - (webhook(webhookId)?.batch?.waitMs ?? 0),
    );
    for (const delivery of aged) this.#reschedule(delivery);
    if (aged.length > 0) this.#options.log.debug({ count: aged.length }, 'deliveries.spilled');
  }

  /** Forgets everything that waits: others have taken it over. */
  drop(): void {
    for (const delivery of this.#lanes.extract(() => true)) this.#leave(delivery);
    this.#window.wake();
  }

  /**
   * Starts nothing more, lets attempts end while `grace` is not aborted, then interrupts them, and gives back
   * everything that is left: fresh ones spilled, claimed ones pending.
   */
  async stop(grace: AbortSignal): Promise<void> {
    this.#stopping = true;
    this.#alarm.cancel();
    for (const delivery of this.#lanes.extract(() => true)) this.#reschedule(delivery);
    this.#window.close();
    while (this.#lanes.inFlight > 0 && !grace.aborted) await wait(idlePollMs);
    this.#options.sender.interrupt();
  }

  #pump(): void {
    // A delivery that ends within this loop (nothing to send it to) must not start a second loop inside it.
    if (this.#pumping || this.#stopping) return;
    this.#pumping = true;
    for (let next = this.#lanes.next(); next; next = this.#lanes.next()) this.#start(next);
    this.#pumping = false;
    this.#alarm.setFor(this.#lanes.readyAtMs);
  }

  #start(delivery: Delivery): void {
    const { webhook: find, request: build, sender, settingsOf } = this.#options;
    const webhook = find(delivery.webhookId);
    if (webhook?.state !== 'Enabled') return this.#cancel(delivery, webhook);
    if (lacksEnvelope(delivery, webhook)) return this.#readAgain(delivery);
    if (webhook.batch) return this.#startBatch(delivery, webhook, webhook.batch.eventsMax);
    try {
      const request = build(delivery.event, webhook, settingsOf(webhook).timeoutMs);
      sender.send(request, attempt => this.#end(delivery, webhook, attempt));
    } catch (error) {
      if (error instanceof RenderError) return this.#end(delivery, webhook, unsent(error));
      this.#lanes.finish(delivery.webhookId, 0);
      this.#hold(delivery, webhook, error);
    }
  }

  #startBatch(first: Delivery, webhook: Webhook, eventsMax: number): void {
    const all = [first, ...this.#lanes.more(webhook.id, alongWith(first, eventsMax))];
    const group = all.filter(one => !lacksEnvelope(one, webhook));
    for (const one of all) if (!group.includes(one)) this.#reschedule(one, unknownWebhookMs);
    const { timeoutMs } = this.#options.settingsOf(webhook);
    try {
      sendBatch(this.#options, group, { webhook, timeoutMs }, (attempt, attemptOf) => {
        this.#freeLane(webhook.id, attempt);
        for (const one of group) this.#settle(one, webhook, attemptOf(one));
        this.#pump();
      });
    } catch (error) {
      this.#lanes.finish(webhook.id, 0);
      for (const one of group) this.#hold(one, webhook, error);
    }
  }

  /** The format was changed after the delivery was claimed: it comes back with all of its event. */
  #readAgain(delivery: Delivery): void {
    this.#lanes.finish(delivery.webhookId, 0);
    this.#reschedule(delivery, unknownWebhookMs);
  }

  /** Nothing is sent to a disabled or deleted webhook. One that is only unknown here, yet, is asked for later. */
  #cancel(delivery: Delivery, webhook: Webhook | undefined): void {
    this.#lanes.finish(delivery.webhookId, 0);
    if (!webhook && !delivery.webhookGone) return this.#reschedule(delivery, unknownWebhookMs);
    const reason = webhook ? 'the webhook is disabled' : 'the webhook was deleted';
    this.#write(delivery, { state: 'cancelled', tries: delivery.tries, reason });
  }

  /** The webhook cannot be sent to as it stands (its URL is none, its secret cannot be opened): it waits for a mend. */
  #hold(delivery: Delivery, { id, name }: Webhook, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    if (!this.#unsendable.has(id)) {
      this.#options.log.error({ webhookId: id, name, reason }, 'webhook.unsendable');
    }
    this.#unsendable.add(id);
    const nextAttemptAtMs = Date.now() + unsendableWebhookMs;
    this.#write(delivery, { state: 'pending', tries: delivery.tries, nextAttemptAtMs, reason });
  }

  #end(delivery: Delivery, webhook: Webhook, attempt: SentAttempt): void {
    this.#freeLane(webhook.id, attempt);
    this.#settle(delivery, webhook, attempt);
    this.#pump();
  }

  #freeLane(webhookId: string, attempt: SentAttempt): void {
    const answered = attempt.status !== undefined || attempt.interrupted || attempt.unsent;
    this.#lanes.finish(webhookId, answered ? attempt.durationMs : undefined);
  }

  #settle(delivery: Delivery, webhook: Webhook, attempt: SentAttempt): void {
    if (attempt.interrupted) return this.#reschedule(delivery);
    const { skipped: reason } = attempt;
    if (reason !== undefined) {
      return this.#write(delivery, { state: 'cancelled', tries: delivery.tries, reason });
    }
    const { success, settingsOf, random, onAttempt, disable } = this.#options;
    const { tries, backoff } = settingsOf(webhook);
    const made = delivery.tries + 1;
    const { verdict, result } = resultOf(attempt, made, { tries, backoff, success, random });
    onAttempt(webhook.id, attempt, verdict);
    if (verdict === 'gone') disable(webhook, 'the receiver answered 410 Gone');
    this.#write(delivery, result);
  }

  /** Back to being due, without an attempt. */
  #reschedule(delivery: Delivery, delayMs = 0): void {
    const nextAttemptAtMs = Date.now() + delayMs;
    this.#write(delivery, { state: 'pending', tries: delivery.tries, nextAttemptAtMs });
  }

  #write(delivery: Delivery, result: Result): void {
    const outcome = {
      eventId: delivery.event.id,
      webhookId: delivery.webhookId,
      deliveryId: delivery.deliveryId,
      state: result.state,
      tries: result.tries,
      nextAttemptAtMs: result.nextAttemptAtMs,
      attempt: result.attempt,
      reason: result.reason,
    };
    this.#options.writer.write(outcome, () => {
      this.#leave(delivery);
      delivery.written();
      this.#window.wake();
    });
  }

  /** It is no longer in memory. */
  #leave({ deliveryId }: Delivery): void {
    this.#window.remove(1);
    if (deliveryId !== undefined) this.#claimedIds.delete(deliveryId);
  }
}
