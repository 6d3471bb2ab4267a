/** How a webhook's deliveries go. */

/** `ok`; `failing`: the last three attempts failed; `open`: its receiver is down, and deliveries wait for a probe. */
export const breakerStates = ['ok', 'failing', 'open'] as const;
export type BreakerState = (typeof breakerStates)[number];

export const healthStates = [...breakerStates, 'paused', 'disabled'] as const;

/** Number of the newest deliveries that `attempted` and `delivered` are counted of. */
export const healthDeliveriesMax = 20;
/** Number up to which waiting deliveries are counted. */
export const backlogCountMax = 10_000;

/** Instants are RFC 3339. */
export interface Health {
  readonly state: (typeof healthStates)[number];
  /** Since when it is in this state; null for one that never failed. */
  readonly since: string | null;
  /** Who paused or disabled it, or why Hookline did; null while it is enabled, and after a change in plain SQL. */
  readonly reason: string | null;
  /** The error of the newest failure. */
  readonly lastError: string | null;
  /** While it is open: when the next delivery goes out. */
  readonly nextProbeAt: string | null;
  /** Deliveries that wait to be sent, counted up to `backlogCountMax`. */
  readonly backlog: number;
  /** When the oldest of them were first given up for the limit; null while the backlog is well below it. */
  readonly backlogCutAt: string | null;
  /** Deliveries among the newest 20 that have been tried. */
  readonly attempted: number;
  /** Tried deliveries that arrived. */
  readonly delivered: number;
  readonly lastAttemptAt: string | null;
}

/** The health of a webhook that was never delivered to. */
export const untried: Health = {
  state: 'ok',
  since: null,
  reason: null,
  lastError: null,
  nextProbeAt: null,
  backlog: 0,
  backlogCutAt: null,
  attempted: 0,
  delivered: 0,
  lastAttemptAt: null,
};
