/** The HTTP face: `/v1`, its documentation, health and metrics. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';

import { sessionCookie } from '../access/cookie.ts';
import { auditRoutes } from './access/audit-routes.ts';
import { keyRoutes } from './access/key-routes.ts';
import { oidcDeviceRoutes } from './access/oidc-device-routes.ts';
import { oidcRoutes } from './access/oidc-routes.ts';
import { sessionRoutes } from './access/session-routes.ts';
import { tokenRoutes } from './access/token-routes.ts';
import { userRoutes } from './access/user-routes.ts';
import { registerCloudstackApi } from './cloudstack/routes.ts';
import type { ApiOptions, RouteGroup } from './context.ts';
import { bulkDeliveryRoutes } from './delivery/bulk-delivery-routes.ts';
import { deliveryRoutes } from './delivery/delivery-routes.ts';
import { statsRoutes } from './delivery/stats-routes.ts';
import { directoryRoutes } from './directory/directory-routes.ts';
import { directorySyncRoutes } from './directory/directory-sync-routes.ts';
import { eventRoutes } from './event/event-routes.ts';
import { explainRoutes } from './event/explain-routes.ts';
import { quarantineRoutes } from './event/quarantine-routes.ts';
import { registerFilterPreviewRoutes } from './filter/filter-preview-routes.ts';
import { registerFilterRoutes } from './filter/filter-routes.ts';
import {
  filterPreview,
  filterPreviewRequest,
  newFilter,
  shownFilter,
} from './filter/schema-filter.ts';
import { registerPreviewRoutes } from './format/preview-routes.ts';
import { formatPreview, previewRequest, shownFormat } from './format/schema-format.ts';
import { healthRoutes } from './health-routes.ts';
import { guard } from './http/authenticate.ts';
import { answerErrors } from './http/errors.ts';
import { answerRepeats } from './http/idempotency.ts';
import { problem } from './http/problem.ts';
import { createValidatorCompiler, formatErrors } from './http/validate.ts';
import { settingRoutes } from './setting/setting-routes.ts';
import { intakeRoutes } from './source/intake-routes.ts';
import { sourceRoutes } from './source/source-routes.ts';
import { rotatedSecret, rotation, testResult } from './webhook/schema-test.ts';
import {
  newWebhook,
  shownWebhook,
  unsavedTest,
  webhookChange,
  webhookTest,
} from './webhook/schema-webhook.ts';
import { registerSecretRoutes } from './webhook/secret-routes.ts';
import { registerTestRoutes } from './webhook/test-routes.ts';
import { registerWebhookRoutes } from './webhook/webhook-routes.ts';

/** Where a route does not say otherwise. */
const bodyBytesMax = 1024 * 1024;
/** Whoever sends a byte a minute keeps no connection for ever. */
const requestMsMax = 120_000;

/** In the order in which the OpenAPI document shows them. */
const groups: readonly RouteGroup[] = [
  healthRoutes,
  sessionRoutes,
  oidcRoutes,
  oidcDeviceRoutes,
  tokenRoutes,
  userRoutes,
  keyRoutes,
  { schemas: [newWebhook, webhookChange, shownWebhook], register: registerWebhookRoutes },
  { schemas: [newFilter, shownFilter], register: registerFilterRoutes },
  { schemas: [rotation, rotatedSecret], register: registerSecretRoutes },
  { schemas: [webhookTest, unsavedTest, testResult], register: registerTestRoutes },
  { schemas: [filterPreviewRequest, filterPreview], register: registerFilterPreviewRoutes },
  deliveryRoutes,
  bulkDeliveryRoutes,
  eventRoutes,
  { schemas: [shownFormat, previewRequest, formatPreview], register: registerPreviewRoutes },
  explainRoutes,
  quarantineRoutes,
  directoryRoutes,
  directorySyncRoutes,
  sourceRoutes,
  statsRoutes,
  intakeRoutes,
  auditRoutes,
  settingRoutes,
];

const schemas = [...groups.flatMap(group => group.schemas), problem];

/**
 * Creates the API; `listen` opens it, `close` closes it once what is being answered is answered.
 *
 * @throws {RangeError} from `ready` or `listen`, when a route has no row in the permission table.
 */
export function createApi(options: ApiOptions): FastifyInstance {
  const app = Fastify({
    bodyLimit: bodyBytesMax,
    requestTimeout: requestMsMax,
    trustProxy: options.trustedProxies.length > 0 && [...options.trustedProxies],
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    schemaErrorFormatter: formatErrors,
  });
  app.setValidatorCompiler(createValidatorCompiler(schemas));
  for (const schema of schemas) app.addSchema(schema);
  takeEmptyBodies(app);
  answerErrors(app, options.log);
  logRequests(app, options);
  keepPrivate(app);
  guard(app, options.store);
  answerRepeats(app, options);
  void app.register(swagger, {
    openapi: describeApi(options.version),
    refResolver: {
      buildLocalReference: ({ $id }, _, __, index) =>
        typeof $id === 'string' ? $id : `schema${index}`,
    },
  });
  void app.register(swaggerUi, { routePrefix: '/docs', uiConfig: { docExpansion: 'list' } });
  void app.register(async routes => {
    const typed = routes.withTypeProvider<TypeBoxTypeProvider>();
    for (const group of groups) group.register(typed, options);
    registerCloudstackApi(routes, options);
    routes.get('/v1/openapi.json', { schema: { hide: true } }, () => routes.swagger());
  });
  return app;
}

/** Many clients send `Content-Type: application/json` with everything, also where there is no body. */
function takeEmptyBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser<string>(
    'application/json',
    { parseAs: 'string' },
    (request, body, done) => {
      if (body === '') done(null, undefined);
      else void parse(request, body, done);
    },
  );
}

/** A token or a session opens every route. */
const security: Record<string, string[]>[] = [{ token: [] }, { session: [] }];

function describeApi(version: string) {
  return {
    openapi: '3.1.0' as const,
    info: {
      title: 'Hookline',
      version,
      description:
        'Webhooks for cloud events. Errors are RFC 9457 problems with a stable `code`; lists are paged with `limit` and `cursor`.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    components: {
      securitySchemes: {
        token: { type: 'http' as const, scheme: 'bearer' },
        session: { type: 'apiKey' as const, in: 'cookie' as const, name: sessionCookie },
      },
    },
    security,
  };
}

/** One line a request. The route's pattern is logged, not the URL: a query may hold what should not be kept. */
function logRequests(app: FastifyInstance, { log }: ApiOptions): void {
  app.addHook('onResponse', async (request, reply) => {
    const facts = {
      method: request.method,
      route: request.routeOptions.url ?? 'unknown',
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime),
      ...(request.principal && { user: request.principal.username }),
    };
    if (request.method === 'GET') log.debug(facts, 'request.answered');
    else log.info(facts, 'request.answered');
  });
}

/**
 * Keeps answers out of caches: they hold tokens, secrets and what one caller may see, and one with a session's cookie
 * looks to a proxy like any other page. Source: RFC 9111, section 5.2.2.
 */
function keepPrivate(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply) => {
    if (!request.url.startsWith('/v1/')) return;
    void reply.header('x-content-type-options', 'nosniff');
    if (reply.hasHeader('cache-control')) return;
    // What has a tag may be kept by the one who asked, and is asked for again with it.
    void reply.header('cache-control', reply.hasHeader('etag') ? 'private, no-cache' : 'no-store');
  });
}
