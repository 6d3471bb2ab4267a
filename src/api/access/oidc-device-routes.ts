/**
 * Logging in at the OpenID provider without a browser of one's own: on a terminal, perhaps on another machine. The
 * provider's code for the device stays sealed, so whoever asks needs no secret of ours and nothing is stored.
 *
 * Source: RFC 8628, OAuth 2.0 Device Authorization Grant.
 */
import type { FastifyInstance } from 'fastify';

import { csrfTokenOf } from '../../access/cookie.ts';
import { forgiveAttempt } from '../../access/login-limit.ts';
import { databaseOf } from '../../store/database.ts';
import type { ApiOptions } from '../context.ts';
import { askProvider, requireAdmitted, requireOidc } from './oidc-answer.ts';
import { ProblemError } from '../http/problem.ts';
import { requireAttempt } from './require-attempt.ts';
import { answer, problems, strangersBytesMax } from '../http/route.ts';

const tags = ['access'];

const schemas = {
  begin: {
    summary: 'Begin to log in on a device: tells where its person goes, and with which code',
    tags,
    security: [],
    response: { 200: answer('DeviceLogin', 'What to tell the person.'), ...problems },
  },
  finish: {
    summary: 'Ask whether the person has logged in',
    tags,
    security: [],
    body: { $ref: 'DeviceHandle#' },
    response: {
      200: answer('Session', 'A token for `Authorization: Bearer`.'),
      202: answer('DeviceWaiting', 'Not yet.'),
      ...problems,
    },
  },
};

export function registerOidcDeviceRoutes(app: FastifyInstance, options: ApiOptions): void {
  const { store } = options;
  const bodyLimit = strangersBytesMax;
  app.post('/v1/oidc/device', { schema: schemas.begin, bodyLimit }, async (request, reply) => {
    const oidc = requireOidc(options);
    await requireAttempt(databaseOf(store), { address: request.ip }, reply);
    const begun = await askProvider(options, () => oidc.beginDevice());
    if (begun) return begun;
    throw new ProblemError('oidc_device_unsupported', 'Log in with a browser and make a token.');
  });

  app.post<{ Body: { handle: string } }>(
    '/v1/oidc/device/token',
    { schema: schemas.finish, bodyLimit },
    async (request, reply) => {
      const oidc = requireOidc(options);
      const { handle } = request.body;
      const address = request.ip;
      const finished = await askProvider(options, () => oidc.finishDevice({ handle, address }));
      if (!finished) throw new ProblemError('oidc_state_invalid', 'Begin again.');
      if (typeof finished === 'string') return reply.code(202).send({ waiting: finished });
      const session = requireAdmitted(finished);
      await forgiveAttempt(databaseOf(store), { address });
      return { ...session, csrfToken: csrfTokenOf(session.token) };
    },
  );
}
