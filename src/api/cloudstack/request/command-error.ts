/**
 * How CloudStack's API says no.
 *
 * Source: apache/cloudstack, ApiErrorCode, CSExceptionErrorCode, ServerApiException; reference "CloudStack" section 1.3.
 */

/** They are HTTP statuses as well. */
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

/** `cserrorcode`: which of CloudStack's exceptions it would have been. */
export const exceptionCodes = { invalidValue: 4350, api: 9999 } as const;

export interface Refusal {
  readonly errorCode: number;
  /** Absent where CloudStack answers before a command is looked at. */
  readonly csErrorCode?: number;
  readonly errorText: string;
}

/** The command cannot be done. The error handler answers with it; nothing else catches it. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code = 'command_refused';
  readonly refusal: Refusal;

  constructor(errorCode: number, errorText: string, csErrorCode?: number) {
    super(errorText);
    this.refusal = { errorCode, errorText, ...(csErrorCode !== undefined && { csErrorCode }) };
  }
}

/** A parameter that cannot be read. */
export const parameterRefused = (text: string): CommandError =>
  new CommandError(errorCodes.parameter, text, exceptionCodes.api);

/** A parameter that can be read, and asks for what is not possible; see `toRefusal` for who says so and how. */
export const valueRefused = (text: string): CommandError =>
  new CommandError(errorCodes.parameter, text, exceptionCodes.invalidValue);
