/**
 * The cloud's API did not answer, or answered with an error. The catcher keeps its snapshot and tries again later. The
 * message is for the operator and contains no secret.
 */
export class CloudError extends Error {
  override readonly name = 'CloudError';
  readonly code = 'cloud_failed';
  /** HTTP status of the answer; absent when there was none. */
  readonly status?: number;
  /** The cloud's own error code, such as CloudStack's `errorcode`. */
  readonly errorCode?: number;

  constructor(
    message: string,
    { cause, status, errorCode }: { cause?: unknown; status?: number; errorCode?: number } = {},
  ) {
    super(message, { cause });
    this.status = status;
    this.errorCode = errorCode;
  }
}
