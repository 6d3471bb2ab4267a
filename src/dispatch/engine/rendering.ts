/**
 * Deliveries whose body a template makes, before they enter their lanes: they wait for their turn among templates here, where
 * they hold no slot of the pool, no part of their lane's rate, and cost no try.
 */
import type { Webhook } from '../../webhook/webhook.ts';
import { lacksEnvelope, type Delivery } from '../delivery.ts';
import type { DispatcherOptions } from './dispatcher-options.ts';

/** Called once for each delivery that was begun and not taken back. @param error why it cannot be rendered. */
export type Rendered = (delivery: Delivery, webhook: Webhook, error?: unknown) => void;

export class Rendering {
  readonly #options: Pick<DispatcherOptions, 'webhook' | 'prepare'>;
  readonly #done: Rendered;
  readonly #running = new Map<string, Set<Delivery>>();

  constructor(options: Pick<DispatcherOptions, 'webhook' | 'prepare'>, done: Rendered) {
    this.#options = options;
    this.#done = done;
  }

  /** How many of the webhook's deliveries are being rendered, or wait for it. */
  count(webhookId: string): number {
    return this.#running.get(webhookId)?.size ?? 0;
  }

  /** Begins to render a delivery; false where there is nothing to do before it enters its lane. */
  begin(delivery: Delivery): boolean {
    const webhook = this.#options.webhook(delivery.webhookId);
    if (webhook?.state !== 'Enabled' || lacksEnvelope(delivery, webhook)) return false;
    const work = this.#options.prepare(delivery.event, webhook);
    if (!work) return false;
    const { webhookId } = delivery;
    const running = this.#running.get(webhookId) ?? new Set();
    this.#running.set(webhookId, running.add(delivery));
    void this.#follow(delivery, webhook, work);
    return true;
  }

  /** Takes all deliveries back. */
  takeAll(): readonly Delivery[] {
    const all = [...this.#running.values()].flatMap(running => [...running]);
    this.#running.clear();
    return all;
  }

  async #follow(delivery: Delivery, webhook: Webhook, work: Promise<unknown>): Promise<void> {
    const failure = await work.then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    const running = this.#running.get(webhook.id);
    if (!running?.delete(delivery)) return;
    if (running.size === 0) this.#running.delete(webhook.id);
    this.#done(delivery, webhook, failure?.error);
  }
}
