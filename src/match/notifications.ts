/**
 * Hears of changes from the database, and knows whether it does: behind a pooler that lends a connection for a transaction,
 * LISTEN succeeds and nothing is ever heard. A notification to ourselves tells, after connecting and from time to time.
 */
import { randomUUID } from 'node:crypto';

import type { Log } from '../event/log.ts';
import { delay } from '../event/wait.ts';
import {
  listen,
  sendProbe,
  type Listener,
  type Notification,
} from '../store/connection/listener.ts';
import { databaseOf, type Store } from '../store/database.ts';

export interface NotificationsOptions {
  readonly store: Store;
  readonly databaseUrl: string;
  /** Connected: notifications before this moment were lost. */
  readonly onConnected: () => void;
  readonly onChange: () => void;
  readonly onDue: (isOld: boolean) => void;
  readonly log: Log;
}

const reconnectMs = 1_000;
/** How long a notification to ourselves may take. */
const probeMsMax = 3_000;
/** Time between two probes. */
const probeEveryMs = 60_000;

export class Notifications {
  readonly #options: NotificationsOptions;
  #areHeard: boolean | undefined;
  /** The probe that is under way, and what its arrival does. */
  #probe: { readonly token: string; readonly onHeard: () => void } | undefined;

  constructor(options: NotificationsOptions) {
    this.#options = options;
  }

  /** Whether notifications arrive; undefined until the first probe has told. */
  get areHeard(): boolean | undefined {
    return this.#areHeard;
  }

  /** Listens, and connects again whenever the connection breaks, until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { databaseUrl, onConnected, log } = this.#options;
    while (!signal.aborted) {
      try {
        const listener = await listen(databaseUrl, one => this.#onNotification(one));
        onConnected();
        await this.#follow(listener, signal);
      } catch (error) {
        log.warn({ err: error }, 'changes.disconnected');
      }
      await delay(reconnectMs, signal);
    }
  }

  async #follow(listener: Listener, signal: AbortSignal): Promise<void> {
    const connection = new AbortController();
    const close = (): void => void listener.close();
    signal.addEventListener('abort', close, { once: true });
    if (signal.aborted) close();
    const probing = this.#probeAgainAndAgain(AbortSignal.any([signal, connection.signal]));
    try {
      await listener.ended;
    } finally {
      signal.removeEventListener('abort', close);
      connection.abort();
      await probing;
    }
  }

  async #probeAgainAndAgain(signal: AbortSignal): Promise<void> {
    const { store, log } = this.#options;
    while (!signal.aborted) {
      const { promise: heard, resolve: onHeard } = Promise.withResolvers<boolean>();
      this.#probe = { token: randomUUID(), onHeard: () => onHeard(true) };
      try {
        await sendProbe(databaseOf(store), this.#probe.token);
        this.#judge(await Promise.race([heard, delay(probeMsMax, signal).then(() => false)]));
      } catch (error) {
        log.debug({ err: error }, 'notifications.not_probed');
      }
      await delay(probeEveryMs, signal);
    }
  }

  #judge(areHeard: boolean): void {
    const { log } = this.#options;
    if (!areHeard && this.#areHeard !== false) {
      log.error(
        { hint: 'connect to PostgreSQL itself, or through a pooler in session mode' },
        'notifications.missing',
      );
    }
    if (areHeard && this.#areHeard === false) log.info({}, 'notifications.heard');
    this.#areHeard = areHeard;
  }

  #onNotification(notification: Notification): void {
    switch (notification.kind) {
      case 'change':
        return this.#options.onChange();
      case 'due':
        return this.#options.onDue(notification.isOld);
      case 'probe':
        if (notification.token === this.#probe?.token) this.#probe.onHeard();
    }
  }
}
