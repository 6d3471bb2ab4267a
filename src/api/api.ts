/** The HTTP API: `/v1`, its documentation, health and metrics. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';

import { serveConsole, withoutBase } from '../console/serve-console.ts';
import { auditRoutes } from './access/audit-routes.ts';
import { keyRoutes } from './access/key-routes.ts';
import { oidcDeviceRoutes } from './access/oidc-device-routes.ts';
import { oidcRoutes } from './access/oidc-routes.ts';
import { sessionRoutes } from './access/session-routes.ts';
import { tokenRoutes } from './access/token-routes.ts';
import { userRoutes } from './access/user-routes.ts';
import { createFirstAttempts } from './cloudstack/delivery/first-attempts.ts';
import { registerCloudstackApi } from './cloudstack/routes.ts';
import type { ApiOptions, RouteGroup } from './context.ts';
import { bulkDeliveryRoutes } from './delivery/bulk-delivery-routes.ts';
import { deliverEventRoutes } from './delivery/deliver-event.ts';
import { deliveryRoutes } from './delivery/delivery-routes.ts';
import { statsRoutes } from './delivery/stats-routes.ts';
import { directoryRoutes } from './directory/directory-routes.ts';
import { directorySyncRoutes } from './directory/directory-sync-routes.ts';
import { eventRoutes } from './event/event-routes.ts';
import { eventTypeRoutes } from './event/event-type-routes.ts';
import { explainRoutes } from './event/explain-routes.ts';
import { quarantineRoutes } from './event/quarantine-routes.ts';
import { registerFilterPreviewRoutes } from './filter/filter-preview-routes.ts';
import { registerFilterRoutes } from './filter/filter-routes.ts';
import {
  filterPreview,
  filterPreviewRequest,
  newFilter,
  savedFilter,
  shownFilter,
} from './filter/schema-filter.ts';
import { registerPreviewRoutes } from './format/preview-routes.ts';
import { formatPreview, previewRequest, shownFormat } from './format/schema-format.ts';
import { healthRoutes } from './health-routes.ts';
import { guardRoutes } from './http/authenticate.ts';
import { describeApi, documentPaths } from './http/document.ts';
import { answerErrors } from './http/errors.ts';
import { unfollowAnswered } from './http/hang-up.ts';
import { handleIdempotencyKeys } from './http/idempotency.ts';
import { lazySerializers } from './http/lazy-compilers.ts';
import { docsPolicy, guardOrigin } from './access/origin.ts';
import { problem } from './http/problem.ts';
import { createReadInTurn } from './http/read-in-turn.ts';
import { createValidatorCompiler, formatErrors } from './http/validate.ts';
import { settingRoutes } from './setting/setting-routes.ts';
import { intakeRoutes } from './source/intake-routes.ts';
import { sourceRoutes } from './source/source-routes.ts';
import { rotatedSecret, rotation, testResult } from './webhook/schema-test.ts';
import {
  newWebhook,
  savedWebhook,
  shownHealth,
  shownWebhook,
  unsavedTest,
  webhookChange,
  webhookTest,
} from './webhook/schema-webhook.ts';
import { registerSecretRoutes } from './webhook/secret-routes.ts';
import { registerTestRoutes } from './webhook/test-routes.ts';
import { registerWebhookRoutes } from './webhook/webhook-routes.ts';

/** Maximum size of a body, unless a route sets its own. */
const bodyBytesMax = 1024 * 1024;
/** Maximum time to receive a request: a client that sends a byte a minute must not hold a connection for ever. */
const requestMsMax = 120_000;

/** Maximum time to receive a request's head, which needs nobody's permission. */
const headMsMax = 15_000;
/** How often connections are checked for being too slow. */
const slownessCheckMs = 5_000;

/** All routes, in the order of the OpenAPI document. */
const groups: readonly RouteGroup[] = [
  healthRoutes,
  sessionRoutes,
  oidcRoutes,
  oidcDeviceRoutes,
  tokenRoutes,
  userRoutes,
  keyRoutes,
  {
    schemas: [newWebhook, webhookChange, shownHealth, shownWebhook, savedWebhook],
    register: registerWebhookRoutes,
  },
  { schemas: [newFilter, shownFilter, savedFilter], register: registerFilterRoutes },
  { schemas: [rotation, rotatedSecret], register: registerSecretRoutes },
  { schemas: [webhookTest, unsavedTest, testResult], register: registerTestRoutes },
  { schemas: [filterPreviewRequest, filterPreview], register: registerFilterPreviewRoutes },
  deliveryRoutes,
  deliverEventRoutes,
  bulkDeliveryRoutes,
  eventRoutes,
  eventTypeRoutes,
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
 * Creates the API; `listen` opens it, `close` closes it once all requests in progress are answered.
 *
 * @throws {RangeError} from `ready` or `listen`, when a route has no row in the permission table.
 */
export function createApi(options: ApiOptions): FastifyInstance {
  const app = Fastify({
    bodyLimit: bodyBytesMax,
    requestTimeout: requestMsMax,
    http: { headersTimeout: headMsMax, connectionsCheckingInterval: slownessCheckMs },
    trustProxy: options.trustedProxies.length > 0 && [...options.trustedProxies],
    exposeHeadRoutes: false,
    rewriteUrl: ({ url = '/' }) => withoutBase(url, options.console.basePath),
    forceCloseConnections: 'idle',
    schemaErrorFormatter: formatErrors,
    schemaController: { compilersFactory: { buildSerializer: lazySerializers } },
  });
  limitConnections(app, options);
  const readInTurn = createReadInTurn({ max: options.readsMax });
  app.setValidatorCompiler(createValidatorCompiler(schemas));
  for (const schema of schemas) app.addSchema(schema);
  acceptEmptyBodies(app);
  answerErrors(app, options.log);
  logRequests(app, options);
  guardOrigin(app);
  unfollowAnswered(app);
  guardRoutes(app, { ...options, readInTurn });
  handleIdempotencyKeys(app, options);
  void app.register(swagger, {
    openapi: describeApi(options.version),
    refResolver: {
      buildLocalReference: ({ $id }, _, __, index) =>
        typeof $id === 'string' ? $id : `schema${index}`,
    },
  });
  void app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: docsPolicy,
    uiConfig: { docExpansion: 'list' },
  });
  void app.register(async routes => {
    const typed = routes.withTypeProvider<TypeBoxTypeProvider>();
    for (const group of groups) group.register(typed, options);
    const firstAttempts = createFirstAttempts(options);
    registerCloudstackApi(routes, { ...options, readInTurn, firstAttempts });
    serveConsole(app, options.console);
    for (const path of documentPaths) {
      routes.get(path, { schema: { hide: true } }, () => routes.swagger());
    }
  });
  return app;
}

/** Closes connections beyond the maximum, and says so in the log at most once a minute. */
function limitConnections({ server }: FastifyInstance, { connectionsMax, log }: ApiOptions): void {
  server.maxConnections = connectionsMax;
  let saidAtMs = -Infinity;
  server.on('drop', () => {
    const nowMs = performance.now();
    if (nowMs - saidAtMs < dropLogMs) return;
    saidAtMs = nowMs;
    log.warn({ connectionsMax }, 'api.connection_refused');
  });
}

const dropLogMs = 60_000;

/** Many clients send `Content-Type: application/json` with every request, even without a body. */
function acceptEmptyBodies(app: FastifyInstance): void {
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

/** Writes a log line for each request, with the pattern of its route instead of its URL, which may contain secrets. */
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
