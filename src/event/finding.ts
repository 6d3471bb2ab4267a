/** One result of `hookline doctor`, for the operator. */
export interface Finding {
  /** The part that was checked, such as `database` or `source rabbitmq`. */
  readonly check: string;
  /** `warn`: the part works, but the operator should know of something. `fail`: it does not work. */
  readonly state: 'ok' | 'warn' | 'fail';
  /** The state in words: one line, without secrets. */
  readonly found: string;
  /** What the operator can do about it. */
  readonly hint?: string;
}

/** @example counted(1, 'broker') // '1 broker' */
export const counted = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? '' : 's'}`;
