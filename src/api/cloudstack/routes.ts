/**
 * CloudStack's query API at `/client/api`: CloudStack's own clients manage webhooks here unchanged. What is otherwise
 * than in CloudStack is in docs/cloudstack-api.md.
 *
 * Source: apache/cloudstack, ApiServlet, ApiServer; reference "CloudStack" section 1.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { commandPermissionFor, grantOf } from '../../access/permission.ts';
import type { Principal } from '../../access/session.ts';
import { visibilityOf } from '../../access/visibility.ts';
import type { ApiOptions } from '../context.ts';
import { asProblem, logProblem } from '../http/errors.ts';
import {
  answerTypeOf,
  contentTypes,
  envelopeOf,
  refusalFields,
  writeAnswer,
} from './request/answer.ts';
import type { Fields } from './request/answer.ts';
import { readArguments } from './request/arguments.ts';
import { CommandError, errorCodes, exceptionCodes } from './request/command-error.ts';
import { commandCalled } from './commands.ts';
import type { CommandDefinition } from './request/definition.ts';
import { identify } from './request/identify.ts';
import { foldNames, parseParameters } from './request/parameters.ts';
import type { Parameters } from './request/parameters.ts';
import { functionOf, toRefusal } from './run.ts';
import { logIn, logOut } from './session-commands.ts';

const path = '/client/api';
/** The payload of a test delivery is the largest thing in a form. */
const formBytesMax = 1024 * 1024;

export function registerCloudstackApi(app: FastifyInstance, options: ApiOptions): void {
  const handler = async (request: FastifyRequest, reply: FastifyReply) =>
    answer(options, request, reply);
  void app.register(async routes => {
    takeForms(routes);
    routes.setErrorHandler(async (error, request, reply) =>
      refuse(options, { error, request, reply }),
    );
    const config = { schema: { hide: true }, bodyLimit: formBytesMax };
    routes.get(path, config, handler);
    routes.post(path, config, handler);
  });
}

/** Whatever else a body is, CloudStack does not look at it. */
function takeForms(routes: FastifyInstance): void {
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

async function answer(
  options: ApiOptions,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const parameters = parametersOf(request);
  const folded = foldNames(parameters);
  const command = parameters.get('command');
  const fields = await run(options, { request, reply, parameters, folded, command });
  return send(reply, { parameters, name: envelopeOf(command ?? 'error'), status: 200, fields });
}

interface Asked {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly parameters: Parameters;
  readonly folded: Parameters;
  readonly command: string | undefined;
}

async function run(options: ApiOptions, asked: Asked): Promise<Fields> {
  const { request, parameters, folded, command } = asked;
  if (command === 'login') return logIn(options, asked);
  if (command === 'logout') return logOut(options, asked);
  const { cookie } = request.headers;
  const principal = await identify(options, { parameters, folded, cookie });
  if (!principal) {
    throw new CommandError(
      errorCodes.unauthorized,
      'unable to verify user credentials and/or request signature',
    );
  }
  request.principal = principal;
  if (command === undefined) throw new CommandError(errorCodes.badRequest, 'no command specified');
  const definition = commandCalled(command);
  const execute = functionOf(command);
  if (!definition || !execute) throw unknownCommand(command);
  return execute({
    options,
    caller: { principal, visibility: visibilityFor(definition, principal), address: request.ip },
    args: readArguments(definition, folded, principal.role),
  });
}

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

function parametersOf({ raw, body }: FastifyRequest): Parameters {
  const { url = '' } = raw;
  const start = url.indexOf('?');
  return parseParameters(
    start === -1 ? '' : url.slice(start + 1),
    typeof body === 'string' ? body : '',
  );
}

interface Failed {
  readonly error: unknown;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

async function refuse(
  { log }: ApiOptions,
  { error, request, reply }: Failed,
): Promise<FastifyReply> {
  const parameters = readable(request);
  const command = parameters.get('command') ?? '';
  const refusal = toRefusal(error, command);
  if (!(error instanceof CommandError))
    logProblem(log, { error, problem: asProblem(error), request });
  const isKnown = commandCalled(command) && refusal.errorCode !== errorCodes.unsupported;
  return send(reply, {
    parameters,
    name: envelopeOf(isKnown ? command : 'error'),
    status: refusal.errorCode,
    fields: refusalFields(refusal),
  });
}

/** As far as they can be read: how the client wants its answer, even to a request that is not understood. */
function readable(request: FastifyRequest): Parameters {
  try {
    return parametersOf(request);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const asked = /[?&]response=(json|xml)(?:&|$)/i.exec(request.raw.url ?? '')?.[1];
    return new Map(asked === undefined ? [] : [['response', asked]]);
  }
}

interface Sent {
  readonly parameters: Parameters;
  readonly name: string;
  readonly status: number;
  readonly fields: Fields;
}

function send(reply: FastifyReply, { parameters, name, status, fields }: Sent): FastifyReply {
  const type = answerTypeOf(parameters.get('response'));
  return reply
    .code(status)
    .header('cache-control', 'no-store')
    .header('x-content-type-options', 'nosniff')
    .type(contentTypes[type])
    .send(Buffer.from(writeAnswer(type, name, fields)));
}
