/**
 * What holds for everything that is served at this origin, pages and answers alike, because a session's cookie is sent with
 * requests for all of it. A route that needs more sets the header itself.
 *
 * Source: CSP Level 3; Fetch, "X-Content-Type-Options"; RFC 9111, section 5.2.2; RFC 9112, section 3.2.
 */
import type { FastifyInstance } from 'fastify';

import { sendProblem } from '../http/errors.ts';
import { ProblemError } from '../http/problem.ts';

/** Policy of what is no page: it loads nothing, and stands in nobody's frame. */
const answerPolicy =
  "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Policy of the pages that show the API's documentation; they call the API to try it. */
export const docsPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  // Swagger UI writes styles into elements.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const headers = {
  'content-security-policy': answerPolicy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
} as const;

export function guardOrigin(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    void reply.headers(headers);
    if (hasOneHost(request.raw.rawHeaders)) return;
    // Answered here, because CloudStack's API has statuses of its own for errors.
    return sendProblem(
      reply,
      new ProblemError('request_invalid', 'The request has more than one Host header.'),
    );
  });
  app.addHook('onSend', async (request, reply) => {
    if (!request.url.startsWith('/v1/') || reply.hasHeader('cache-control')) return;
    // Answers contain tokens, secrets and what only the caller may see, and a proxy cannot tell an answer to a session's
    // cookie from a public page. One with an ETag may be cached by the client, which revalidates it.
    void reply.header('cache-control', reply.hasHeader('etag') ? 'private, no-cache' : 'no-store');
  });
}

/** With two of them a proxy may go by one, and what is behind it by the other; Node.js takes the first. */
function hasOneHost(rawHeaders: readonly string[]): boolean {
  const hosts = rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host');
  return hosts.length <= 1;
}
