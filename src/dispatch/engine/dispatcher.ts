/**
 * Sends what is owed: a bounded window of deliveries in memory, lanes that share the pool fairly, one attempt at a time
 * for each delivery, every ended attempt written down.
 *
 * A delivery comes in fresh (its event was just recorded here, it has no row) or claimed (its row says
 * `delivering` and names this process). It leaves with an outcome: delivered, failed, cancelled, or pending until a
 * time, when whoever has room claims it. A fresh one that does not fit, or that has waited too long in its lane, is
 * spilled: written as due, without an attempt. What comes for a webhook whose breaker is open is written likewise, and waits
 * for a probe to succeed (`breaker/breaker.ts`).
 *
 * How a delivery's webhook stands is asked when its turn comes (`standing.ts`), and each second while it waits here: what a
 * paused webhook is owed is written back, and what a deleted or disabled one was owed is cancelled, as is an event that the
 * webhook's scope no longer covers.
 */
import { setTimeout as wait } from 'node:timers/promises';

import { RenderError } from '../../event/errors.ts';
import type { Webhook } from '../../webhook/webhook.ts';
import { unsent, type SentAttempt } from '../request/attempt.ts';
import type { Delivery } from '../delivery.ts';
import { receptionOf } from '../../outcome/reception.ts';
import { timeOf } from '../../event/id.ts';
import { Batches } from './batches.ts';
import { tellBreaker } from './breaker/tell.ts';
import { judgeAttempt, type DeliveryProgress } from './judge.ts';
import { openScheduler } from './scheduler/open-scheduler.ts';
import { Pump } from './pump.ts';
import { Rendering } from './rendering.ts';
import type { Slot } from './scheduler/model.ts';
import type { Scheduler } from './scheduler/scheduler.ts';
import type { DispatcherOptions } from './dispatcher-options.ts';
import { standingOf, type Standing } from './standing.ts';
import { createUnsendableReport } from './unsendable.ts';
import { DeliveryWindow } from './window.ts';

/** Wait for a webhook that cannot be sent to as it is configured. */
const unsendableWebhookMs = 60_000;
/** Wait after an attempt that this machine could not make. */
const ownTroubleMs = 1_000;
const idlePollMs = 20;

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #scheduler: Scheduler<Delivery>;
  readonly #window: DeliveryWindow;
  readonly #pump: Pump<Delivery>;
  readonly #rendering: Rendering;
  readonly #batches: Batches;
  readonly #reportUnsendable;
  #stopping = false;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#window = new DeliveryWindow(options.windowMax);
    this.#reportUnsendable = createUnsendableReport(options.log);
    this.#rendering = new Rendering(options, (delivery, webhook, error) => {
      if (error !== undefined) return this.#settle(delivery, webhook, unsent(error));
      if (this.#breakerRoomOf(webhook.id) <= 0) this.#reschedule(delivery);
      else this.#queueUp({ ...delivery, queuedAtMs: performance.now() });
    });
    this.#scheduler = openScheduler(options);
    this.#batches = new Batches(options, this.#scheduler, {
      putAway: (delivery, standing) => this.#putAway(delivery, standing),
      hold: (delivery, webhook, error) => this.#hold(delivery, webhook, error),
      giveBack: (slot, webhook, attempt) => this.#giveBack(slot, webhook, attempt),
      settle: (delivery, webhook, attempt) => this.#settle(delivery, webhook, attempt),
      takeBack: (slot, deliveries) => this.#takeBack(slot, deliveries),
    });
    this.#pump = new Pump(this.#scheduler, slot => this.#start(slot));
    options.breakers.watch({
      opened: id => this.#scheduler.empty(id).forEach(one => this.#reschedule(one)),
    });
  }

  /** Deliveries in memory. */
  get size(): number {
    return this.#window.size;
  }

  get inFlight(): number {
    return this.#scheduler.inFlight;
  }

  /** Ids of the rows that this process has claimed and has in memory. */
  get claimedIds(): ReadonlySet<string> {
    return this.#window.claimedIds;
  }

  get hasRoom(): boolean {
    return this.#window.hasRoom;
  }

  /** Keeps room for deliveries that are being claimed. @returns releases it again. */
  reserve(count: number): () => void {
    return this.#window.reserve(count);
  }

  /** Whether the webhook is paused: nothing of it is to be claimed. */
  isPaused(webhookId: string): boolean {
    return this.#options.webhook(webhookId)?.state === 'Paused';
  }

  /** How many more deliveries the webhook's lane should hold; none when it is 0 or less. */
  roomOf(webhookId: string): number {
    const room = this.#scheduler.roomOf(webhookId) - this.#rendering.count(webhookId);
    return Math.min(room, this.#breakerRoomOf(webhookId));
  }

  #breakerRoomOf(webhookId: string): number {
    const { breakers, webhook: find, settingsOf } = this.#options;
    const webhook = find(webhookId);
    if (this.isPaused(webhookId)) return 0;
    // What a disabled webhook is owed comes here to be cancelled.
    if (webhook?.state !== 'Enabled' || settingsOf(webhook).outage === 'fail') return Infinity;
    const { waiting = 0, inFlight = 0 } = this.#scheduler.state(webhookId) ?? {};
    return breakers.roomOf(webhookId, waiting + inFlight + this.#rendering.count(webhookId));
  }

  /** Changes the size of the pool. */
  resize(concurrency: number): void {
    this.#scheduler.resize(concurrency);
    this.#pump.run();
  }

  /** Takes a delivery, or spills it when it is fresh and does not fit. Never blocks. */
  offer(delivery: Delivery): void {
    const { deliveryId, webhookId } = delivery;
    const isFresh = deliveryId === undefined;
    // A claimed one was given room; its breaker may have opened since.
    const room = isFresh ? this.roomOf(webhookId) : this.#breakerRoomOf(webhookId);
    const fits = room > 0 && !(isFresh && this.#window.isExceeded);
    this.#window.enter(delivery);
    if (this.#stopping || !fits) this.#reschedule(delivery);
    else if (!this.#rendering.begin(delivery)) this.#queueUp(delivery);
  }

  #queueUp(delivery: Delivery): void {
    this.#scheduler.add(delivery);
    this.#pump.run();
  }

  #takeWaiting(): readonly Delivery[] {
    return [...this.#scheduler.extract(() => true), ...this.#rendering.takeAll()];
  }

  /** Resolves when `hasRoom`, or `signal` aborts. */
  async room(signal: AbortSignal): Promise<void> {
    await this.#window.room(signal);
  }

  /**
   * Spills fresh deliveries that have waited too long, and puts away what is not to be sent any more. To be called about once
   * a second.
   */
  spillAged(): void {
    const { laneWaitMs, webhook } = this.#options;
    const isStopped = ({ webhookId }: Delivery): boolean => webhook(webhookId)?.state !== 'Enabled';
    for (const delivery of this.#scheduler.extract(isStopped)) {
      this.#putAway(delivery, standingOf(delivery, this.#options));
    }
    const before = performance.now() - laneWaitMs;
    const aged = this.#scheduler.extract(
      ({ deliveryId, queuedAtMs, webhookId }) =>
        deliveryId === undefined && queuedAtMs < before - (webhook(webhookId)?.batch?.waitMs ?? 0),
    );
    for (const delivery of aged) this.#reschedule(delivery);
    for (const part of [this.#scheduler, this.#options.breakers]) {
      part.prune(id => webhook(id) !== undefined);
    }
    if (aged.length > 0) this.#options.log.debug({ count: aged.length }, 'deliveries.spilled');
  }

  /** Forgets everything that waits: another process has taken it over. */
  drop(): void {
    for (const delivery of this.#takeWaiting()) this.#window.leave(delivery);
    this.#window.wake();
  }

  /**
   * Starts nothing more and gives back all that waits: fresh deliveries are spilled, claimed ones become pending again.
   * Attempts in flight may end until `grace` aborts; then they are interrupted.
   */
  async stop(grace: AbortSignal): Promise<void> {
    this.#stopping = true;
    this.#pump.stop();
    for (const delivery of this.#takeWaiting()) this.#reschedule(delivery);
    this.#window.close();
    while (this.#scheduler.inFlight > 0 && !grace.aborted) await wait(idlePollMs);
    this.#options.sender.interrupt();
  }

  #start(slot: Slot<Delivery>): void {
    const { request: build, sender, settingsOf } = this.#options;
    const { delivery } = slot;
    const standing = standingOf(delivery, this.#options);
    if (standing.kind !== 'send') {
      this.#scheduler.release(slot);
      return this.#putAway(delivery, standing);
    }
    const { webhook } = standing;
    if (webhook.batch) {
      return this.#batches.start(slot, webhook, webhook.batch, () => this.#pump.run());
    }
    try {
      const request = build(delivery.event, webhook, settingsOf(webhook).timeoutMs);
      sender.send(request, attempt => this.#end(slot, webhook, attempt));
    } catch (error) {
      if (error instanceof RenderError) return this.#end(slot, webhook, unsent(error));
      this.#scheduler.release(slot);
      this.#hold(delivery, webhook, error);
    }
  }

  #takeBack(slot: Slot<Delivery>, deliveries: readonly Delivery[]): void {
    const mayWait = !this.#stopping && this.#breakerRoomOf(slot.delivery.webhookId) > 0;
    if (mayWait) this.#scheduler.takeBack(slot, deliveries);
    else for (const one of deliveries) this.#reschedule(one);
  }

  /** Writes down a delivery that is not to be sent, or not now. */
  #putAway(delivery: Delivery, standing: Standing): void {
    if (standing.kind === 'cancel') this.#cancel(delivery, standing.reason);
    else this.#reschedule(delivery, standing.kind === 'wait' ? standing.waitMs : undefined);
  }

  #cancel(delivery: Delivery, reason: string): void {
    this.#write(delivery, { state: 'cancelled', tries: delivery.tries, reason });
  }

  /**
   * Postpones a delivery whose webhook cannot be sent to as it is configured (its URL is invalid, its secret cannot be
   * opened), until somebody corrects the webhook.
   */
  #hold(delivery: Delivery, webhook: Webhook, error: unknown): void {
    this.#reschedule(delivery, unsendableWebhookMs, this.#reportUnsendable(webhook, error));
  }

  #end(slot: Slot<Delivery>, webhook: Webhook, attempt: SentAttempt): void {
    this.#giveBack(slot, webhook, attempt);
    this.#settle(slot.delivery, webhook, attempt);
    this.#pump.run();
  }

  /** Tells the lane and the breaker how the receiver took the request. */
  #giveBack(slot: Slot<Delivery>, webhook: Webhook, attempt: SentAttempt): void {
    const { success, settingsOf, breakers, disable } = this.#options;
    const reception = receptionOf(attempt, success);
    if (attempt.interrupted || attempt.unsent || reception === 'ours') {
      return this.#scheduler.release(slot);
    }
    const { status, durationMs } = attempt;
    if (status === undefined) this.#scheduler.silent(slot);
    else if (status === 429 || status === 503) this.#scheduler.tooMany(slot, status === 429);
    else this.#scheduler.answered(slot, durationMs);
    const about = { webhook, event: slot.delivery.event.event, reception, disable };
    tellBreaker(breakers, attempt, { ...settingsOf(webhook), ...about });
  }

  #settle(delivery: Delivery, webhook: Webhook, attempt: SentAttempt): void {
    if (attempt.interrupted) return this.#reschedule(delivery);
    if (attempt.unsent?.isBusy) return this.#reschedule(delivery, ownTroubleMs);
    if (attempt.skipped !== undefined) return this.#cancel(delivery, attempt.skipped);
    const { success, random, breakers, settingsOf, onAttempt, disable } = this.#options;
    if (!attempt.unsent && receptionOf(attempt, success) === 'ours') {
      this.#options.onShortage(attempt.errorCode ?? 'unknown');
      return this.#reschedule(delivery, ownTroubleMs);
    }
    const rules = { ...settingsOf(webhook), success, random, breakers };
    const { verdict, progress } = judgeAttempt(attempt, delivery, rules);
    onAttempt(webhook.id, attempt, verdict);
    if (verdict === 'gone') disable(webhook, 'the receiver answered 410 Gone');
    this.#write(delivery, progress);
  }

  /**
   * Makes the delivery due again, without an attempt. Without a delay it is due since its event was recorded, so that the
   * deliveries of a lane come back in the order of their events.
   */
  #reschedule(delivery: Delivery, delayMs?: number, reason?: string): void {
    const nextAttemptAtMs =
      delayMs === undefined ? timeOf(delivery.event.id).getTime() : Date.now() + delayMs;
    this.#write(delivery, { state: 'pending', tries: delivery.tries, nextAttemptAtMs, reason });
  }

  #write(delivery: Delivery, progress: DeliveryProgress): void {
    const { event, webhookId, deliveryId } = delivery;
    const outcome = { ...progress, eventId: event.id, webhookId, deliveryId };
    this.#options.writer.write(outcome, () => {
      this.#window.leave(delivery);
      delivery.written();
      this.#window.wake();
      if (progress.state === 'pending') this.#options.onPending();
    });
  }
}
