/** What a webhook's newest deliveries say of its health. */

export const healthStates = ['unknown', 'healthy', 'degraded', 'failing'] as const;

/** The newest deliveries that are looked at. */
export const healthDeliveriesMax = 20;
/** A webhook is `failing` when so many of its newest deliveries have failed, one after the other. */
export const failuresMax = 3;

export interface HealthCounts {
  /** Deliveries that have been tried, among the newest 20. */
  readonly attempted: number;
  /** Those of them that arrived. */
  readonly delivered: number;
  /** Those that arrived, among the newest three of them. */
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
