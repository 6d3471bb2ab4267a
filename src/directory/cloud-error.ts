/**
 * The cloud's API did not answer, or answered with an error. The catcher keeps the snapshot it has and tries again
 * later; the message says what to do about it and holds no secret.
 */
export class CloudError extends Error {
  override readonly name = 'CloudError';
  readonly code = 'cloud_failed';
  /** Of the HTTP answer; absent when there was none. */
  readonly status?: number;
  /** The cloud's own code: CloudStack's `errorcode`. */
  readonly errorCode?: number;

  constructor(
    message: string,
    facts: { cause?: unknown; status?: number; errorCode?: number } = {},
  ) {
    super(message, facts.cause === undefined ? {} : { cause: facts.cause });
    if (facts.status !== undefined) this.status = facts.status;
    if (facts.errorCode !== undefined) this.errorCode = facts.errorCode;
  }
}
