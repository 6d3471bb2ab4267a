/**
 * Errors of CloudStack's API.
 *
 * Source: apache/cloudstack, ApiErrorCode, CSExceptionErrorCode, ServerApiException; reference "CloudStack" section 1.3.
 */

/** Error codes, which are the HTTP statuses as well. */
export const errorCodes = {
  badRequest: 400,
  unauthorized: 401,
  methodNotAllowed: 405,
  limitExceeded: 429,
  malformedParameter: 430,
  parameter: 431,
  unsupported: 432,
  internal: 530,
  account: 531,
} as const;

/** Values of `cserrorcode`, which stand for CloudStack's exceptions. */
export const exceptionCodes = { invalidValue: 4350, api: 9999 } as const;

export interface ErrorResponse {
  readonly errorCode: number;
  /** Absent where CloudStack answers before it runs a command. */
  readonly csErrorCode?: number;
  readonly errorText: string;
}

/** A command that cannot be executed. The error handler answers with it; nothing else catches it. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code = 'command_refused';
  readonly response: ErrorResponse;

  constructor(errorCode: number, errorText: string, csErrorCode?: number) {
    super(errorText);
    this.response = { errorCode, errorText, ...(csErrorCode !== undefined && { csErrorCode }) };
  }
}

/** A parameter that cannot be parsed. */
export const invalidParameter = (text: string): CommandError =>
  new CommandError(errorCodes.parameter, text, exceptionCodes.api);

/** A parameter with a value that is not allowed; `toErrorResponse` says how commands report it. */
export const invalidValue = (text: string): CommandError =>
  new CommandError(errorCodes.parameter, text, exceptionCodes.invalidValue);
