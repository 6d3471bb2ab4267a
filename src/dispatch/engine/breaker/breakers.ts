/** The breakers of all webhooks in this process, and who is told when one changes. */
import { afterFailure, phaseOf, probeWaitMs, stateOf, unmet, well } from './breaker.ts';
import type { Breaker, Failure } from './breaker.ts';

export interface BreakersOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** A draw from [0, 1). */
  readonly random: () => number;
}

export interface BreakerWatcher {
  /** Nothing may go to the webhook any more, not even what waits in its lane. */
  readonly opened?: (webhookId: string) => void;
  /** What was held back may go out. */
  readonly closed?: (webhookId: string) => void;
  /** The breaker changed in a way that others have to know. Not called for what `adopt` brings. */
  readonly changed?: (webhookId: string, breaker: Breaker, before: Breaker) => void;
}

export class Breakers {
  readonly #options: BreakersOptions;
  readonly #byWebhook = new Map<string, Breaker>();
  readonly #watchers: BreakerWatcher[] = [];

  constructor(options: BreakersOptions) {
    this.#options = options;
  }

  watch(watcher: BreakerWatcher): void {
    this.#watchers.push(watcher);
  }

  of(webhookId: string): Breaker {
    return this.#byWebhook.get(webhookId) ?? unmet;
  }

  /** Ids of the webhooks that others may have to know about. */
  get failingIds(): readonly string[] {
    return [...this.#byWebhook]
      .filter(([, breaker]) => stateOf(breaker) !== 'ok')
      .map(([id]) => id);
  }

  /** How many more deliveries the webhook's lane may take. @param taken deliveries that it has, waiting and in flight. */
  roomOf(webhookId: string, taken: number): number {
    switch (phaseOf(this.of(webhookId), this.#options.now())) {
      case 'closed':
        return Infinity;
      case 'open':
        return 0;
      case 'half-open':
        return 1 - taken;
    }
  }

  /** When a delivery whose attempt was silent is due again, milliseconds since 1970. @param eventAtMs time of its event. */
  retryAtMs(webhookId: string, eventAtMs: number): number {
    const { now, random } = this.#options;
    const nowMs = now();
    // Its own age bounds how often one delivery is tried that the receiver takes amiss while it accepts all others.
    return this.of(webhookId).open?.probeAtMs ?? nowMs + probeWaitMs(nowMs - eventAtMs, random());
  }

  /** How long the receiver has accepted nothing while it was tried, in milliseconds. */
  failingMs(webhookId: string): number {
    const { failingSinceMs } = this.of(webhookId);
    return failingSinceMs === undefined ? 0 : this.#options.now() - failingSinceMs;
  }

  accepted(webhookId: string): void {
    this.#change(webhookId, well);
  }

  failed(webhookId: string, failure: Omit<Failure, 'atMs' | 'random'>): void {
    const { now, random } = this.#options;
    const measured = { ...failure, atMs: now(), random: random() };
    this.#change(webhookId, afterFailure(this.of(webhookId), measured));
  }

  /** Takes over what another process knows. */
  adopt(webhookId: string, breaker: Breaker): void {
    this.#set(webhookId, breaker);
  }

  /** Forgets webhooks that are no more. */
  prune(isKnown: (webhookId: string) => boolean): void {
    for (const id of this.#byWebhook.keys()) if (!isKnown(id)) this.#byWebhook.delete(id);
  }

  #change(webhookId: string, breaker: Breaker): void {
    const before = this.#set(webhookId, breaker);
    if (!isNews(before, breaker)) return;
    for (const { changed } of this.#watchers) changed?.(webhookId, breaker, before);
  }

  #set(webhookId: string, breaker: Breaker): Breaker {
    const before = this.of(webhookId);
    this.#byWebhook.set(webhookId, breaker);
    if (breaker.open && !before.open) for (const { opened } of this.#watchers) opened?.(webhookId);
    if (!breaker.open && before.open) for (const { closed } of this.#watchers) closed?.(webhookId);
    return before;
  }
}

function isNews(before: Breaker, breaker: Breaker): boolean {
  return stateOf(before) !== stateOf(breaker) || before.open?.probeAtMs !== breaker.open?.probeAtMs;
}
