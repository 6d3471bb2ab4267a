/** Answers every error with a problem. Internal errors are logged, and their details are not shown to the caller. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import type { Log } from '../../event/log.ts';
import { isPoolExhausted } from '../../store/connection/session.ts';
import { WebhookError } from '../../webhook/webhook-error.ts';
import { ProblemError, problemMediaType, toProblem } from './problem.ts';

export function answerErrors(app: FastifyInstance, log: Log): void {
  app.setErrorHandler(async (error, request, reply) => {
    const problem = asProblem(error, request);
    logProblem(log, { error, problem, request });
    return sendProblem(reply, problem);
  });
  app.setNotFoundHandler(async (request, reply) => {
    const path = request.url.split('?')[0] ?? '';
    return sendProblem(
      reply,
      new ProblemError(
        'not_found',
        `${request.method} ${path} is not a path of this API; see /docs`,
      ),
    );
  });
}

interface FailedRequest {
  readonly error: unknown;
  readonly problem: ProblemError;
  readonly request: FastifyRequest;
}

/** Logs internal errors only: errors of the request are shown to its caller alone. */
export function logProblem(log: Log, { error, problem, request }: FailedRequest): void {
  if (problem.code !== 'internal' && problem.code !== 'database_unavailable') return;
  const { method, routeOptions } = request;
  log.error({ err: error, method, route: routeOptions.url }, 'request.failed');
}

export async function sendProblem(reply: FastifyReply, error: ProblemError): Promise<FastifyReply> {
  const problem = toProblem(error);
  if (problem.status === 401) void reply.header('www-authenticate', 'Bearer');
  if (error.retryAfterSeconds !== undefined) {
    void reply.header('retry-after', error.retryAfterSeconds);
  }
  // Serialized here, because the route's response schema would drop fields.
  return reply
    .code(problem.status)
    .type(problemMediaType)
    .send(Buffer.from(JSON.stringify(problem)));
}

export function asProblem(error: unknown, request?: FastifyRequest): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof WebhookError)
    return new ProblemError(error.code, error.message, error.faults);
  if (isPoolExhausted(error)) {
    return new ProblemError('busy', 'All database connections of the API are in use.', [], 1);
  }
  // Nobody is there to be answered any more.
  if (error instanceof DOMException && error.name === 'AbortError') {
    return new ProblemError('busy', 'The client has disconnected.');
  }
  const { code, statusCode, message } = describe(error);
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new ProblemError(
        'body_too_large',
        request
          ? `The body is larger than ${request.routeOptions.bodyLimit} bytes, the most this path takes.`
          : 'The body is larger than this path takes.',
      );
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new ProblemError('media_type_unsupported', 'Send `Content-Type: application/json`.');
    default:
      if (statusCode !== undefined && statusCode < 500)
        return new ProblemError('request_invalid', message);
      return (
        databaseProblem(code) ??
        new ProblemError('internal', 'See the log of this Hookline process.')
      );
  }
}

/** The problem of a database error. Source: PostgreSQL, Appendix A "Error Codes"; Node's system errors. */
function databaseProblem(code: string): ProblemError | undefined {
  if (/^(23505|23503|23514)$/.test(code)) {
    return new ProblemError(
      'conflict',
      'Something that the request refers to was changed or deleted at the same moment; try again.',
    );
  }
  if (/^22...$/.test(code)) {
    return new ProblemError(
      'request_invalid',
      'A value of the request cannot be stored or compared.',
    );
  }
  if (code === '57014') {
    return new ProblemError('query_too_long', 'Ask for a shorter range, or for less at once.');
  }
  if (code === '25006') {
    return new ProblemError(
      'database_unavailable',
      'The database is read-only at the moment: nothing can be changed.',
    );
  }
  if (/^(08...|57P..|53...|ECONN[A-Z]+|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EPIPE)$/.test(code)) {
    return new ProblemError('database_unavailable', 'Try again in a moment.');
  }
  return undefined;
}

/** The code of an error, or of the first of its causes that has one. */
function describe(error: unknown): { code: string; statusCode?: number; message: string } {
  if (!(error instanceof Error)) return { code: '', message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code === '' && error.cause !== undefined) return describe(error.cause);
  const statusCode =
    'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : undefined;
  return { code, message: error.message, ...(statusCode !== undefined && { statusCode }) };
}
