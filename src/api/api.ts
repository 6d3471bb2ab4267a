/** The HTTP face: `/v1`, its documentation, health and metrics. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';

import { sessionCookie } from '../access/cookie.ts';
import { auditSchemas, registerAuditRoutes } from './access/audit-routes.ts';
import { guard } from './http/authenticate.ts';
import {
  bulkDeliverySchemas,
  registerBulkDeliveryRoutes,
} from './delivery/bulk-delivery-routes.ts';
import { registerCloudstackApi } from './cloudstack/routes.ts';
import type { ApiOptions } from './context.ts';
import { deliverySchemas, registerDeliveryRoutes } from './delivery/delivery-routes.ts';
import { directorySchemas, registerDirectoryRoutes } from './directory/directory-routes.ts';
import {
  directorySyncSchemas,
  registerDirectorySyncRoutes,
} from './directory/directory-sync-routes.ts';
import { answerErrors } from './http/errors.ts';
import type { Routes } from './http/schema.ts';
import { eventSchemas, registerEventRoutes } from './event/event-routes.ts';
import { explainSchemas, registerExplainRoutes } from './event/explain-routes.ts';
import { registerFilterPreviewRoutes } from './filter/filter-preview-routes.ts';
import { registerFilterRoutes } from './filter/filter-routes.ts';
import { healthSchemas, registerHealthRoutes } from './health-routes.ts';
import { problem } from './http/problem.ts';
import { answerRepeats } from './http/idempotency.ts';
import { intakeSchemas, registerIntakeRoutes } from './source/intake-routes.ts';
import { keepPrivate } from './http/keep-private.ts';
import { keySchemas, registerKeyRoutes } from './access/key-routes.ts';
import { registerPreviewRoutes } from './format/preview-routes.ts';
import { registerTestRoutes } from './webhook/test-routes.ts';
import { deviceSchemas, registerOidcDeviceRoutes } from './access/oidc-device-routes.ts';
import { registerOidcRoutes } from './access/oidc-routes.ts';
import { quarantineSchemas, registerQuarantineRoutes } from './event/quarantine-routes.ts';
import { formatPreview, previewRequest, shownFormat } from './format/schema-format.ts';
import {
  filterPreview,
  filterPreviewRequest,
  newFilter,
  shownFilter,
} from './filter/schema-filter.ts';
import { rotatedSecret, rotation, testResult } from './webhook/schema-test.ts';
import {
  newWebhook,
  shownWebhook,
  unsavedTest,
  webhookChange,
  webhookTest,
} from './webhook/schema-webhook.ts';
import { registerSecretRoutes } from './webhook/secret-routes.ts';
import { registerSessionRoutes, sessionSchemas } from './access/session-routes.ts';
import { registerSettingRoutes, settingSchemas } from './setting/setting-routes.ts';
import { registerSourceRoutes, sourceSchemas } from './source/source-routes.ts';
import { registerStatsRoutes, stats } from './delivery/stats-routes.ts';
import { registerTokenRoutes, tokenSchemas } from './access/token-routes.ts';
import { registerUserRoutes, userSchemas } from './access/user-routes.ts';
import { createValidatorCompiler, formatErrors } from './http/validate.ts';
import { registerWebhookRoutes } from './webhook/webhook-routes.ts';

/** Where a route does not say otherwise. */
const bodyBytesMax = 1024 * 1024;
/** Whoever sends a byte a minute keeps no connection for ever. */
const requestMsMax = 120_000;

const schemas = [
  newWebhook,
  webhookChange,
  shownWebhook,
  webhookTest,
  unsavedTest,
  testResult,
  rotation,
  rotatedSecret,
  newFilter,
  shownFilter,
  filterPreviewRequest,
  filterPreview,
  ...eventSchemas,
  ...explainSchemas,
  ...deliverySchemas,
  ...bulkDeliverySchemas,
  ...intakeSchemas,
  ...quarantineSchemas,
  ...sourceSchemas,
  ...healthSchemas,
  shownFormat,
  previewRequest,
  formatPreview,
  ...userSchemas,
  ...tokenSchemas,
  ...keySchemas,
  ...sessionSchemas,
  ...deviceSchemas,
  problem,
  ...settingSchemas,
  ...auditSchemas,
  ...directorySchemas,
  ...directorySyncSchemas,
  stats,
];

/**
 * Makes the API; `listen` opens it, `close` closes it once what is being answered is answered.
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
  void app.register(async routes =>
    registerRoutes(routes.withTypeProvider<TypeBoxTypeProvider>(), options),
  );
  return app;
}

function registerRoutes(routes: Routes, options: ApiOptions): void {
  registerHealthRoutes(routes, options);
  registerSessionRoutes(routes, options);
  registerOidcRoutes(routes, options);
  registerOidcDeviceRoutes(routes, options);
  registerTokenRoutes(routes, options);
  registerUserRoutes(routes, options);
  registerKeyRoutes(routes, options);
  registerWebhookRoutes(routes, options);
  registerFilterRoutes(routes, options);
  registerSecretRoutes(routes, options);
  registerTestRoutes(routes, options);
  registerFilterPreviewRoutes(routes, options);
  registerDeliveryRoutes(routes, options);
  registerBulkDeliveryRoutes(routes, options);
  registerEventRoutes(routes, options);
  registerPreviewRoutes(routes, options);
  registerExplainRoutes(routes, options);
  registerQuarantineRoutes(routes, options);
  registerDirectoryRoutes(routes, options);
  registerDirectorySyncRoutes(routes, options);
  registerSourceRoutes(routes, options);
  registerStatsRoutes(routes, options);
  // Its parsers take bytes of any type: they are for it alone.
  void routes.register(async posted => registerIntakeRoutes(posted, options));
  registerAuditRoutes(routes, options);
  registerSettingRoutes(routes, options);
  registerCloudstackApi(routes, options);
  routes.get('/v1/openapi.json', { schema: { hide: true } }, () => routes.swagger());
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
        'Webhooks for the events of a cloud. Errors are RFC 9457 problems with a stable `code`; lists are paged with `limit` and `cursor`.',
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
