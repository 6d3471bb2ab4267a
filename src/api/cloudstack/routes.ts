/**
 * CloudStack's query API at `/client/api`, where CloudStack's clients manage webhooks unchanged. Differences from
 * CloudStack are listed in docs/cloudstack-api.md.
 *
 * Source: apache/cloudstack, ApiServlet, ApiServer; reference "CloudStack" section 1.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { commandPermissionFor, grantOf } from '../../access/permission.ts';
import type { Principal } from '../../access/session.ts';
import { visibilityOf } from '../../access/visibility.ts';
import { strangersBytesMax } from '../http/body.ts';
import { asProblem, logProblem } from '../http/errors.ts';
import { hangUpSignal } from '../http/hang-up.ts';
import {
  answerTypeOf,
  contentTypes,
  envelopeOf,
  errorFields,
  writeAnswer,
} from './request/answer.ts';
import type { Fields } from './request/answer.ts';
import { readArguments } from './request/arguments.ts';
import { CommandError, errorCodes, exceptionCodes } from './request/command-error.ts';
import { findCommand } from './commands.ts';
import type { CloudstackOptions } from './context.ts';
import type { CommandDefinition } from './request/definition.ts';
import { identify, isKnown } from './request/identify.ts';
import { decodeParameters, foldNames, splitParameters } from './request/parameters.ts';
import type { Parameters } from './request/parameters.ts';
import { functionOf, toErrorResponse } from './run.ts';
import { logIn, logOut } from './session-commands.ts';

const path = '/client/api';
/** Maximum size of a form; its largest field is the payload of a test delivery. */
const formBytesMax = 1024 * 1024;

export function registerCloudstackApi(app: FastifyInstance, options: CloudstackOptions): void {
  const handler = async (request: FastifyRequest, reply: FastifyReply) =>
    handle(options, request, reply);
  void app.register(async routes => {
    acceptForms(routes);
    routes.setErrorHandler(async (error, request, reply) =>
      sendError(options, { error, request, reply, parameters: answerFormat(request) }),
    );
    const config = { schema: { hide: true }, bodyLimit: formBytesMax };
    routes.get(path, config, handler);
    routes.post(path, config, handler);
  });
}

/** Parses forms; CloudStack ignores bodies of other types. */
function acceptForms(routes: FastifyInstance): void {
  routes.removeAllContentTypeParsers();
  routes.addContentTypeParser<string>(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => done(null, body),
  );
  routes.addContentTypeParser('*', { parseAs: 'string' }, (_request, _body, done) =>
    done(null, undefined),
  );
}

async function handle(
  options: CloudstackOptions,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  let parameters = answerFormat(request);
  try {
    parameters = await readParameters(options, request);
    const folded = foldNames(parameters);
    const command = parameters.get('command');
    const fields = await run(options, { request, reply, parameters, folded, command });
    return send(reply, { parameters, name: envelopeOf(command ?? 'error'), status: 200, fields });
  } catch (error) {
    return sendError(options, { error, request, reply, parameters });
  }
}

interface CommandRequest {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly parameters: Parameters;
  readonly folded: Parameters;
  readonly command: string | undefined;
}

async function run(options: CloudstackOptions, received: CommandRequest): Promise<Fields> {
  const { request, parameters, folded, command } = received;
  if (command === 'login') return logIn(options, received);
  if (command === 'logout') return logOut(options, received);
  const { cookie } = request.headers;
  const principal = await identify(options, { parameters, folded, cookie });
  if (!principal) {
    throw unverified();
  }
  request.principal = principal;
  if (command === undefined) throw new CommandError(errorCodes.badRequest, 'no command specified');
  const definition = findCommand(command);
  const execute = functionOf(command);
  if (!definition || !execute) throw unknownCommand(command);
  const call = {
    options,
    caller: {
      principal,
      visibility: visibilityFor(definition, principal),
      address: request.ip,
      signal: hangUpSignal(request),
      catchUp: options.catchUp,
    },
    args: readArguments(definition, folded, principal.role),
  };
  if (!command.startsWith('list')) return execute(call);
  return options.readInTurn(call.caller, async () => execute(call));
}

const unverified = (): CommandError =>
  new CommandError(
    errorCodes.unauthorized,
    'unable to verify user credentials and/or request signature',
  );

function visibilityFor({ name }: CommandDefinition, principal: Principal) {
  const grant = grantOf(commandPermissionFor(name), principal.role);
  if (grant === undefined) throw unknownCommand(name);
  return visibilityOf(principal, grant);
}

const unknownCommand = (name: string): CommandError =>
  new CommandError(
    errorCodes.unsupported,
    `The given command '${name}' either does not exist, is not available for user.`,
    exceptionCodes.api,
  );

/** @throws {CommandError} */
async function readParameters(
  options: CloudstackOptions,
  request: FastifyRequest,
): Promise<Parameters> {
  const { url = '' } = request.raw;
  const start = url.indexOf('?');
  const form = typeof request.body === 'string' ? request.body : '';
  const encoded = splitParameters(start === -1 ? '' : url.slice(start + 1), form);
  const { cookie } = request.headers;
  if (form.length > strangersBytesMax && !(await isKnown(options, { encoded, cookie }))) {
    throw unverified();
  }
  return decodeParameters(encoded);
}

interface FailedRequest {
  readonly error: unknown;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** As far as they could be read. */
  readonly parameters: Parameters;
}

async function sendError(
  { log }: CloudstackOptions,
  { error, request, reply, parameters }: FailedRequest,
): Promise<FastifyReply> {
  const command = parameters.get('command') ?? '';
  const response = toErrorResponse(error, command);
  if (!(error instanceof CommandError))
    logProblem(log, { error, problem: asProblem(error), request });
  const isCommand = findCommand(command) && response.errorCode !== errorCodes.unsupported;
  return send(reply, {
    parameters,
    name: envelopeOf(isCommand ? command : 'error'),
    status: response.errorCode,
    fields: errorFields(response),
  });
}

/** The one parameter that is needed to answer a request whose parameters cannot be read. */
function answerFormat({ raw }: FastifyRequest): Parameters {
  const wanted = /[?&]response=(json|xml)(?:&|$)/i.exec(raw.url ?? '')?.[1];
  return new Map(wanted === undefined ? [] : [['response', wanted]]);
}

interface CommandAnswer {
  readonly parameters: Parameters;
  readonly name: string;
  readonly status: number;
  readonly fields: Fields;
}

function send(
  reply: FastifyReply,
  { parameters, name, status, fields }: CommandAnswer,
): FastifyReply {
  const type = answerTypeOf(parameters.get('response'));
  return reply
    .code(status)
    .header('cache-control', 'no-store')
    .header('x-content-type-options', 'nosniff')
    .type(contentTypes[type])
    .send(Buffer.from(writeAnswer(type, name, fields)));
}
