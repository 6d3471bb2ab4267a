/** Judges a webhook's health by its newest deliveries. */

/** `ok`; `failing`: the last three attempts failed; `open`: its receiver is down, and deliveries wait for a probe. */
export const breakerStates = ['ok', 'failing', 'open'] as const;
export type BreakerState = (typeof breakerStates)[number];

export const healthStates = ['unknown', 'healthy', 'degraded', 'failing'] as const;

/** Number of the newest deliveries that are judged. */
export const healthDeliveriesMax = 20;
/** Number of failed deliveries on end that make a webhook `failing`. */
export const failuresMax = 3;

export interface HealthCounts {
  /** Deliveries among the newest 20 that have been tried. */
  readonly attempted: number;
  /** Tried deliveries that arrived. */
  readonly delivered: number;
  /** Deliveries that arrived, among the newest three that were tried. */
  readonly newestDelivered: number;
}

export interface Health extends Omit<HealthCounts, 'newestDelivered'> {
  readonly state: (typeof healthStates)[number];
  /** RFC 3339. */
  readonly lastAttemptAt: string | null;
  /** The error of the newest delivery that did not arrive. */
  readonly lastError: string | null;
}

/** `failing`: none of the newest three arrived; `degraded`: some of those counted did not; `unknown`: none was tried. */
export function judgeHealth({
  attempted,
  delivered,
  newestDelivered,
}: HealthCounts): Health['state'] {
  if (attempted === 0) return 'unknown';
  if (delivered === attempted) return 'healthy';
  return attempted >= failuresMax && newestDelivered === 0 ? 'failing' : 'degraded';
}

/** The health of a webhook that was never delivered to. */
export const untried: Health = {
  state: 'unknown',
  attempted: 0,
  delivered: 0,
  lastAttemptAt: null,
  lastError: null,
};
