/** Health checks: `/healthz` (the process is alive), `/readyz` (it can work), and `/metrics` for Prometheus. */
import { setTimeout as wait } from 'node:timers/promises';

import { Type } from 'typebox';
import type { Static } from 'typebox';

import { databaseOf } from '../store/database.ts';
import type { Store } from '../store/database.ts';
import { databaseStates, findDatabaseState } from '../store/inspect.ts';
import { findDirectoryStatus } from '../store/directory/sync-state.ts';
import type { ApiOptions, RouteGroup } from './context.ts';
import { answer, ref } from './http/schema.ts';
import type { Routes } from './http/schema.ts';
import { presentSource, source } from './source/source-routes.ts';
import { directoryKind } from './directory/directory-sync-routes.ts';
import { arrayOf, instant, nullable, oneOf, real, text, whole } from '../event/schema.ts';

/** A database that takes longer to answer counts as unreachable. */
const timeoutMs = 2_000;

const readiness = Type.Object(
  {
    status: oneOf(['ready', 'degraded', 'not ready'], {
      description:
        'While it is degraded, the API answers, but the database is read-only, or a source waits or is stopped.',
    }),
    database: oneOf([...databaseStates], {
      description: 'A database that is read-only, such as a standby, records nothing.',
    }),
    notifications: oneOf(['ok', 'missing', 'unknown'], {
      description:
        "Whether PostgreSQL's notifications arrive. While they are missing, as behind a pooler in transaction mode, the process is ready but polls for changes.",
    }),
    sources: arrayOf(ref(source)),
    directory: Type.Optional(
      Type.Object(
        {
          kind: directoryKind,
          syncedAt: nullable(instant()),
          ageSeconds: nullable(real()),
          failures: whole(),
        },
        { description: 'Absent when the directory is not synced from a cloud.' },
      ),
    ),
  },
  { $id: 'Readiness', description: 'Whether the process can do its work.' },
);

const open = { tags: ['health'], security: [] };

const schemas = {
  health: {
    ...open,
    operationId: 'checkHealth',
    summary: 'Check that the process is alive',
    description:
      'Answers 200 as long as the process answers at all; it asks neither the database nor a source.',
    response: { 200: Type.Object({ status: text() }, { description: 'It is alive.' }) },
  },
  ready: {
    ...open,
    operationId: 'checkReadiness',
    summary: 'Check that the process is ready',
    description:
      'It is ready while the database answers, and degraded unless the database can be written to and every source is running or paused.',
    response: {
      200: answer(readiness, 'Ready or degraded, and why.'),
      503: answer(readiness, 'Not ready: the database does not answer.'),
    },
  },
  metrics: {
    ...open,
    operationId: 'showMetrics',
    summary: 'Show metrics for Prometheus',
    description: 'In the text format of Prometheus, for the process that answers.',
    response: {
      200: { description: 'Metrics.', content: { 'text/plain': { schema: text() } } },
    },
  },
};

export const healthRoutes: RouteGroup = { schemas: [readiness], register: registerHealthRoutes };

function registerHealthRoutes(app: Routes, options: ApiOptions): void {
  app.get('/healthz', { schema: schemas.health }, () => ({ status: 'ok' }));

  app.get('/readyz', { schema: schemas.ready }, async (_, reply) => {
    const state = await Promise.race([
      inspect(options.recordingStore),
      wait(timeoutMs, unreachable, { ref: false }),
    ]);
    const sources = options.sources().map(presentSource);
    const areHeard = options.hearsNotifications();
    const notifications = areHeard === undefined ? 'unknown' : areHeard ? 'ok' : 'missing';
    const isWhole =
      state.database === 'ok' &&
      sources.every(({ state: now }) => now === 'running' || now === 'paused');
    const isReady = state.database !== 'unreachable';
    const status = !isReady ? 'not ready' : isWhole ? 'ready' : 'degraded';
    return reply.code(isReady ? 200 : 503).send({ status, ...state, notifications, sources });
  });

  app.get('/metrics', { schema: schemas.metrics }, async (_, reply) =>
    reply.type(options.metrics.contentType).send(await options.metrics.metrics()),
  );
}

type StoreState = Pick<Static<typeof readiness>, 'database' | 'directory'>;

const unreachable: StoreState = { database: 'unreachable' };

/** The state of the database and the directory. An outdated directory is shown, but the process stays ready: it uses the last snapshot. */
async function inspect(store: Store): Promise<StoreState> {
  const database = await findDatabaseState(store);
  if (database === 'unreachable') return unreachable;
  return { database, directory: await findDirectoryStatus(databaseOf(store)) };
}
