/** The functions of the commands, and CloudStack's error responses for their failures. */
import type { Role } from '../../store/schema/access-words.ts';
import { asProblem } from '../http/errors.ts';
import type { ProblemCode, ProblemError } from '../http/problem.ts';
import { CommandError, errorCodes, exceptionCodes } from './request/command-error.ts';
import type { ErrorResponse } from './request/command-error.ts';
import type { CommandFunction } from './context.ts';
import { deleteWebhookDelivery, listWebhookDeliveries } from './delivery/delivery-commands.ts';
import { executeWebhookDelivery } from './delivery/execute-delivery.ts';
import {
  addWebhookFilter,
  deleteWebhookFilter,
  listWebhookFilters,
} from './webhook/filter-commands.ts';
import { listApis } from './list-apis.ts';
import {
  createWebhook,
  deleteWebhook,
  listWebhooks,
  updateWebhook,
} from './webhook/webhook-commands.ts';

const functions = new Map<string, CommandFunction>(
  Object.entries({
    createWebhook,
    listWebhooks,
    updateWebhook,
    deleteWebhook,
    listWebhookDeliveries,
    deleteWebhookDelivery,
    executeWebhookDelivery,
    addWebhookFilter,
    listWebhookFilters,
    deleteWebhookFilter,
    listApis: async ({ args, caller }) => listApis(args.text('name'), roleOf(caller)),
  } satisfies Record<string, CommandFunction>),
);

const roleOf = ({ principal }: { principal: { role: Role } }): Role => principal.role;

/** @returns undefined for `login`, `logout` and unknown commands. */
export const functionOf = (command: string): CommandFunction | undefined => functions.get(command);

/**
 * The error response that CloudStack would give. Its list commands report an invalid value (431); its other webhook
 * commands report any failure as an internal error (530) with the same text. Details of internal errors are not shown.
 *
 * @param command the requested command, which may be unknown.
 */
export function toErrorResponse(error: unknown, command: string): ErrorResponse {
  if (error instanceof CommandError) return wrap(command, error.response);
  const problem = asProblem(error);
  const csErrorCode = exceptionCodes.api;
  if (problem.code === 'login_limited' || problem.code === 'requests_limited') {
    return { errorCode: errorCodes.limitExceeded, errorText: problem.message };
  }
  const internal = internalTexts.get(problem.code);
  return internal === undefined
    ? wrap(command, responseOf(problem))
    : { errorCode: errorCodes.internal, csErrorCode, errorText: internal };
}

/** Texts for errors that the request did not cause. */
const internalTexts = new Map<ProblemCode, string>([
  ['internal', 'Command failed due to Internal Server Error'],
  ['database_unavailable', 'The database cannot be reached; try again in a moment'],
  ['query_too_long', 'The query took too long; list fewer webhooks or a shorter time'],
]);

/** CloudStack reports an unusable URL with another exception, which it does not wrap. */
const responseOf = ({ code, message }: ProblemError): ErrorResponse => ({
  errorCode: errorCodes.parameter,
  csErrorCode: code === 'payload_url_invalid' ? exceptionCodes.api : exceptionCodes.invalidValue,
  errorText: message,
});

/** CloudStack wraps invalid values in internal errors, except in list commands. */
function wrap(command: string, response: ErrorResponse): ErrorResponse {
  const isWrapped =
    response.csErrorCode === exceptionCodes.invalidValue &&
    functions.has(command) &&
    !command.startsWith('list');
  if (!isWrapped) return response;
  return { ...response, errorCode: errorCodes.internal, csErrorCode: exceptionCodes.api };
}
