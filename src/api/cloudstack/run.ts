/** The functions of the commands, and what their failures are called. */
import type { Role } from '../../store/schema/access.ts';
import { asProblem } from '../http/errors.ts';
import type { ProblemCode, ProblemError } from '../http/problem.ts';
import { CommandError, errorCodes, exceptionCodes } from './request/command-error.ts';
import type { Refusal } from './request/command-error.ts';
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

/** Undefined for `login`, `logout` and what is no command. */
export const functionOf = (command: string): CommandFunction | undefined => functions.get(command);

/**
 * What CloudStack would call it. Its lists say that a value was wrong (431); its other webhook commands call whatever
 * goes wrong an internal error (530), in the same words. What went wrong inside is not told.
 *
 * @param command as it was asked for; may be none.
 */
export function toRefusal(error: unknown, command: string): Refusal {
  if (error instanceof CommandError) return inWordsOf(command, error.refusal);
  const problem = asProblem(error);
  const csErrorCode = exceptionCodes.api;
  if (problem.code === 'login_limited') {
    return { errorCode: errorCodes.limitExceeded, errorText: problem.message };
  }
  const within = withinTexts.get(problem.code);
  return within === undefined
    ? inWordsOf(command, ofProblem(problem))
    : { errorCode: errorCodes.internal, csErrorCode, errorText: within };
}

/** What is no fault of the request. */
const withinTexts = new Map<ProblemCode, string>([
  ['internal', 'Command failed due to Internal Server Error'],
  ['database_unavailable', 'The database cannot be reached; try again in a moment'],
]);

/** A URL that cannot be used is said to be so by another exception, which nobody wraps. */
const ofProblem = ({ code, message }: ProblemError): Refusal => ({
  errorCode: errorCodes.parameter,
  csErrorCode: code === 'payload_url_invalid' ? exceptionCodes.api : exceptionCodes.invalidValue,
  errorText: message,
});

function inWordsOf(command: string, refusal: Refusal): Refusal {
  const isWrapped =
    refusal.csErrorCode === exceptionCodes.invalidValue &&
    functions.has(command) &&
    !command.startsWith('list');
  if (!isWrapped) return refusal;
  return { ...refusal, errorCode: errorCodes.internal, csErrorCode: exceptionCodes.api };
}
