/**
 * Sends deliveries of a lane in one request: as many as its webhook and its receiver want together. A refused batch is sent
 * again in halves (`request/halving.ts`), each in its turn of the lane, before all that waits there.
 */
import type { Webhook } from '../../webhook/webhook.ts';
import type { Batching } from '../../webhook/batching.ts';
import { receptionOf } from '../../outcome/reception.ts';
import type { Delivery } from '../delivery.ts';
import type { SentAttempt } from '../request/attempt.ts';
import { alongWith, sendBatch, type SentBatch } from '../request/batch.ts';
import { halvesOf } from '../request/halving.ts';
import type { DispatcherOptions } from './dispatcher-options.ts';
import type { Slot } from './scheduler/model.ts';
import type { Scheduler } from './scheduler/scheduler.ts';
import { batchBytesMax, learnTooLarge } from './scheduler/size.ts';
import { standingOf, type Standing } from './standing.ts';

/** What the dispatcher does for batches as for single deliveries. */
export interface BatchHost {
  readonly putAway: (delivery: Delivery, standing: Standing) => void;
  readonly hold: (delivery: Delivery, webhook: Webhook, error: unknown) => void;
  /** Gives the slot back and tells how the receiver took the request. */
  readonly giveBack: (slot: Slot<Delivery>, webhook: Webhook, attempt: SentAttempt) => void;
  readonly settle: (delivery: Delivery, webhook: Webhook, attempt: SentAttempt) => void;
  /** Takes deliveries back into their lane, or writes them as due where they may not wait there. */
  readonly takeBack: (slot: Slot<Delivery>, deliveries: readonly Delivery[]) => void;
}

type BatchOptions = Pick<
  DispatcherOptions,
  'webhook' | 'covers' | 'settingsOf' | 'success' | 'batch' | 'sender' | 'log'
>;

export class Batches {
  readonly #options: BatchOptions;
  readonly #scheduler: Scheduler<Delivery>;
  readonly #host: BatchHost;

  constructor(options: BatchOptions, scheduler: Scheduler<Delivery>, host: BatchHost) {
    this.#options = options;
    this.#scheduler = scheduler;
    this.#host = host;
  }

  /** Begins the request of a slot. @param ended is called once it has ended. */
  start(slot: Slot<Delivery>, webhook: Webhook, batching: Batching, ended: () => void): void {
    const ofReceiver = batchBytesMax(slot.lane.size, performance.now());
    const bytesMax = Math.min(batching.bytesMax, ofReceiver);
    const limits = { eventsMax: batching.eventsMax, bytesMax };
    const group = [slot.delivery];
    for (const one of this.#scheduler.more(slot, alongWith(slot.delivery, limits))) {
      const standing = standingOf(one, this.#options);
      if (standing.kind === 'send') group.push(one);
      else this.#host.putAway(one, standing);
    }
    const { timeoutMs } = this.#options.settingsOf(webhook);
    try {
      sendBatch(this.#options, group, {
        webhook,
        timeoutMs,
        bytesMax,
        left: those => {
          this.#host.takeBack(slot, those);
          ended();
        },
        done: sent => {
          this.#end(slot, webhook, sent);
          ended();
        },
      });
    } catch (error) {
      this.#scheduler.release(slot);
      for (const one of group) this.#host.hold(one, webhook, error);
    }
  }

  #end(slot: Slot<Delivery>, webhook: Webhook, sent: SentBatch): void {
    const { attempt, deliveries, unsent, bytes } = sent;
    this.#host.giveBack(slot, webhook, attempt);
    for (const [one, refusal] of unsent) this.#host.settle(one, webhook, refusal);
    const halves = this.#halvesOf(webhook, attempt, deliveries);
    if (!halves) {
      for (const one of deliveries) this.#host.settle(one, webhook, attempt);
      return;
    }
    const { status } = attempt;
    if (status === 413) learnTooLarge(slot.lane.size, bytes, performance.now());
    const about = { webhook: webhook.id, status, events: deliveries.length, bytes };
    this.#options.log.debug(about, 'batch.halved');
    const queuedAtMs = performance.now();
    const parts = halves.map(half => {
      const part = {};
      return half.map(one => ({ ...one, part, queuedAtMs }));
    });
    this.#host.takeBack(slot, parts.flat());
  }

  #halvesOf(
    webhook: Webhook,
    attempt: SentAttempt,
    deliveries: readonly Delivery[],
  ): ReturnType<typeof halvesOf> {
    const { success, settingsOf } = this.#options;
    if (receptionOf(attempt, success) !== 'refused') return undefined;
    return halvesOf(deliveries, attempt.status, settingsOf(webhook).tries);
  }
}
