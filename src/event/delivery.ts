/** One event owed to one webhook, and the HTTP requests made for it. */
export const deliveryStates = [
  'pending',
  'delivering',
  'delivered',
  'failed',
  'cancelled',
] as const;
export type DeliveryState = (typeof deliveryStates)[number];

export const deliveryKinds = ['event', 'redelivery', 'replay', 'test'] as const;
export type DeliveryKind = (typeof deliveryKinds)[number];

/** One HTTP request and its result. */
export interface Attempt {
  readonly startedAt: Date;
  readonly durationMs: number;
  /** The response's status; absent when none arrived. */
  readonly status?: number | undefined;
  /** Reason why there was no usable response: `connect ECONNREFUSED 127.0.0.1:9`, `no response within 10000 ms`. */
  readonly error?: string | undefined;
  /** The first bytes of the response's body as text, cut at the configured cap. */
  readonly responseBody?: string | undefined;
  /** The receiver's Retry-After, in milliseconds from the end of the attempt. */
  readonly retryAfterMs?: number | undefined;
}
