/**
 * Logs in with the OpenID provider on a device without a browser, such as a terminal on another machine. The client keeps
 * the provider's device code, sealed, so nothing is stored here.
 *
 * Source: RFC 8628, OAuth 2.0 Device Authorization Grant.
 */
import { Type } from 'typebox';

import { csrfTokenOf } from '../../access/cookie.ts';
import { forgiveAttempt } from '../../access/login-limit.ts';
import { databaseOf } from '../../store/database.ts';
import type { ApiOptions, RouteGroup } from '../context.ts';
import { askProvider, requireAdmitted, requireOidc } from './oidc-answer.ts';
import { ProblemError } from '../http/problem.ts';
import { requireAttempt } from './require-attempt.ts';
import { strangersBytesMax } from '../http/body.ts';
import { answer, closed, problems, ref } from '../http/schema.ts';
import type { Routes } from '../http/schema.ts';
import { oneOf, text, whole } from '../../event/schema.ts';
import { session } from './session-routes.ts';

const handle = text({
  maxLength: 8_192,
  description: 'Identifies this login attempt; it is of no other use.',
});

const deviceLogin = Type.Object(
  {
    handle,
    userCode: text({ description: 'Code to enter at `verificationUri`.' }),
    verificationUri: text(),
    verificationUriComplete: Type.Optional(
      text({ description: '`verificationUri` with the code included.' }),
    ),
    expiresInSeconds: whole(),
    intervalSeconds: whole({ description: 'Seconds to wait between two requests.' }),
  },
  {
    $id: 'DeviceLogin',
    description: 'What a device shows to its user for a login, and how it goes on asking.',
  },
);

const deviceHandle = closed(
  { handle },
  { $id: 'DeviceHandle', description: 'The login that is asked about.' },
);

const deviceWaiting = Type.Object(
  {
    waiting: oneOf(['authorization_pending', 'slow_down'], {
      description: 'After `slow_down`, wait five seconds longer between requests.',
    }),
  },
  { $id: 'DeviceWaiting', description: 'The user has not logged in yet.' },
);

const tags = ['access'];

const schemas = {
  begin: {
    operationId: 'startDeviceLogin',
    summary: 'Start a login on a device without a browser',
    description:
      'The device authorization grant (RFC 8628) of the OpenID provider: show the code and the address, then ask `POST /v1/oidc/device/token` until the user has logged in.',
    tags,
    security: [],
    response: { 200: answer(deviceLogin, 'What to show to the user.'), ...problems },
  },
  finish: {
    operationId: 'finishDeviceLogin',
    summary: 'Check whether the user has logged in',
    description:
      'Ask every `intervalSeconds`: 202 until the user has logged in, then 200 with a token.',
    tags,
    security: [],
    body: ref(deviceHandle),
    response: {
      200: answer(session, 'A token for `Authorization: Bearer`.'),
      202: answer(deviceWaiting, 'The user has not logged in yet.'),
      ...problems,
    },
  },
};

export const oidcDeviceRoutes: RouteGroup = {
  schemas: [deviceLogin, deviceHandle, deviceWaiting],
  register: registerOidcDeviceRoutes,
};

function registerOidcDeviceRoutes(app: Routes, options: ApiOptions): void {
  const { store } = options;
  const bodyLimit = strangersBytesMax;
  app.post('/v1/oidc/device', { schema: schemas.begin, bodyLimit }, async (request, reply) => {
    const oidc = requireOidc(options);
    await requireAttempt(databaseOf(store), { address: request.ip }, reply);
    const begun = await askProvider(options, () => oidc.beginDevice());
    if (begun) return begun;
    throw new ProblemError('oidc_device_unsupported', 'Log in with a browser and create a token.');
  });

  app.post(
    '/v1/oidc/device/token',
    { schema: schemas.finish, bodyLimit },
    async (request, reply) => {
      const oidc = requireOidc(options);
      const address = request.ip;
      const back = { ...request.body, address };
      const finished = await askProvider(options, () => oidc.finishDevice(back));
      if (!finished) throw new ProblemError('oidc_state_invalid', 'Start the login again.');
      if (typeof finished === 'string') return reply.code(202).send({ waiting: finished });
      const begun = requireAdmitted(finished);
      await forgiveAttempt(databaseOf(store), { address });
      return { ...begun, csrfToken: csrfTokenOf(begun.token) };
    },
  );
}
