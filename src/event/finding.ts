/** What a check of the installation found, for the operator. */
export interface Finding {
  /** What was looked at: `database`, `source rabbitmq`. */
  readonly check: string;
  /** `warn`: it works, but somebody should know. `fail`: it does not. */
  readonly state: 'ok' | 'warn' | 'fail';
  /** How it is, in one line, without secrets. */
  readonly found: string;
  /** What to do about it. */
  readonly hint?: string;
}
