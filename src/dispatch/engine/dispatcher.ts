/**
 * Sends what is owed: a bounded window of deliveries in memory, lanes that share the pool fairly, one attempt at a time
 * for each delivery, every ended attempt written down.
 *
 * A delivery comes in fresh (its event was just recorded here, it has no row) or claimed (its row says
 * `delivering` and names this process). It leaves with an outcome: delivered, failed, cancelled, or pending until a
 * time, when whoever has room claims it. A fresh one that does not fit, or that has waited too long in its lane, is
 * spilled: written as due now, without an attempt.
 *
 * Deleting or disabling a webhook touches no delivery. Each that is still owed is cancelled when its turn comes (`#cancel`),
 * those in rows as well: claiming brings them here.
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
import { judgeAttempt, type DeliveryProgress } from './judge.ts';
import type { Sender } from '../request/send.ts';
import { DeliveryWindow } from './window.ts';
import type { Writer } from './writer.ts';

export interface AttemptSettings {
  readonly tries: number;
  /** Deadline of the whole attempt. */
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
  /** The settings that apply to a webhook now; asked for before each attempt. */
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

/** Wait for a webhook that this process does not know yet: another replica may know it a moment earlier. */
const unknownWebhookMs = 1_000;
/** Wait for a webhook that cannot be sent to as it is configured. */
const unsendableWebhookMs = 60_000;
const idlePollMs = 20;

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #lanes: Lanes<Delivery>;
  readonly #window: DeliveryWindow;
  /** Goes off when a lane may start that only time held back. */
  readonly #alarm = createAlarm(() => {
    this.#lanes.recheck();
    this.#pump();
  });
  /** Ids of the webhooks that were logged as unsendable, each once. */
  readonly #unsendable = new Set<string>();
  #stopping = false;
  #pumping = false;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#window = new DeliveryWindow(options.windowMax);
    this.#lanes = new Lanes({
      concurrency: options.concurrency,
      slowMs: options.slowMs,
      limitsOf: options.webhook,
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

  laneState(webhookId: string): LaneState | undefined {
    return this.#lanes.state(webhookId);
  }

  /** Changes the size of the pool. A process that sends nothing goes on sending nothing. */
  resize(concurrency: number): void {
    if (this.#options.concurrency === 0) return;
    this.#lanes.resize(concurrency);
    this.#pump();
  }

  /** Takes a delivery, or spills it when it is fresh and does not fit. Never blocks. */
  offer(delivery: Delivery): void {
    const { concurrency } = this.#options;
    this.#window.enter(delivery);
    const isFresh = delivery.deliveryId === undefined;
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

  /** Spills fresh deliveries that have waited too long. To be called about once a second. */
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

  /** Forgets everything that waits: another process has taken it over. */
  drop(): void {
    for (const delivery of this.#lanes.extract(() => true)) this.#window.leave(delivery);
    this.#window.wake();
  }

  /**
   * Starts nothing more and gives back all that waits: fresh deliveries are spilled, claimed ones become pending again.
   * Attempts in flight may end until `grace` aborts; then they are interrupted.
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

  /** The webhook's format was changed after the delivery was claimed: claimed again, it comes with the whole event. */
  #readAgain(delivery: Delivery): void {
    this.#lanes.finish(delivery.webhookId, 0);
    this.#reschedule(delivery, unknownWebhookMs);
  }

  /** Nothing is sent to a webhook that was disabled or deleted. One that is only unknown here as yet is waited for. */
  #cancel(delivery: Delivery, webhook: Webhook | undefined): void {
    this.#lanes.finish(delivery.webhookId, 0);
    if (!webhook && !delivery.webhookGone) return this.#reschedule(delivery, unknownWebhookMs);
    const reason = webhook ? 'the webhook is disabled' : 'the webhook was deleted';
    this.#write(delivery, { state: 'cancelled', tries: delivery.tries, reason });
  }

  /**
   * Postpones a delivery whose webhook cannot be sent to as it is configured (its URL is invalid, its secret cannot be
   * opened), until somebody corrects the webhook.
   */
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
    const { verdict, progress } = judgeAttempt(attempt, made, { tries, backoff, success, random });
    onAttempt(webhook.id, attempt, verdict);
    if (verdict === 'gone') disable(webhook, 'the receiver answered 410 Gone');
    this.#write(delivery, progress);
  }

  /** Makes the delivery due again, without an attempt. */
  #reschedule(delivery: Delivery, delayMs = 0): void {
    const nextAttemptAtMs = Date.now() + delayMs;
    this.#write(delivery, { state: 'pending', tries: delivery.tries, nextAttemptAtMs });
  }

  #write(delivery: Delivery, progress: DeliveryProgress): void {
    const outcome = {
      eventId: delivery.event.id,
      webhookId: delivery.webhookId,
      deliveryId: delivery.deliveryId,
      state: progress.state,
      tries: progress.tries,
      nextAttemptAtMs: progress.nextAttemptAtMs,
      attempt: progress.attempt,
      reason: progress.reason,
    };
    this.#options.writer.write(outcome, () => {
      this.#window.leave(delivery);
      delivery.written();
      this.#window.wake();
    });
  }
}
