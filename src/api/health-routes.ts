/** `/healthz`: the process lives. `/readyz`: it can do its work. `/metrics`: for Prometheus. */
import { setTimeout as wait } from 'node:timers/promises';

import type { FastifyInstance } from 'fastify';

import { databaseOf } from '../store/database.ts';
import type { Store } from '../store/database.ts';
import { isReachable } from '../store/ping.ts';
import { findDirectoryStatus } from '../store/directory/sync-state.ts';
import type { ApiOptions } from './context.ts';
import { answer } from './http/route.ts';
import { presentSource } from './source/source-routes.ts';

/** A database that answers slower than this is as good as away. */
const patienceMs = 2_000;

const open = { tags: ['health'], security: [] };

const schemas = {
  health: {
    ...open,
    summary: 'The process lives',
    response: {
      200: {
        description: 'It does.',
        type: 'object',
        required: ['status'],
        properties: { status: { type: 'string' } },
      },
    },
  },
  ready: {
    ...open,
    summary: 'The database answers and every source runs, or is paused on purpose',
    response: {
      200: answer('Readiness', 'Ready.'),
      503: answer('Readiness', 'Not ready, and why.'),
    },
  },
  metrics: {
    ...open,
    summary: 'For Prometheus',
    response: {
      200: { description: 'Metrics.', content: { 'text/plain': { schema: { type: 'string' } } } },
    },
  },
};

export function registerHealthRoutes(app: FastifyInstance, options: ApiOptions): void {
  app.get('/healthz', { schema: schemas.health }, () => ({ status: 'ok' }));

  app.get('/readyz', { schema: schemas.ready }, async (_, reply) => {
    const { database, directory } = await Promise.race([
      look(options.store),
      wait(patienceMs, away, { ref: false }),
    ]);
    const sources = options.sources().map(presentSource);
    const running = sources.every(({ state }) => state === 'running' || state === 'paused');
    return reply.code(database && running ? 200 : 503).send({
      status: database && running ? 'ready' : 'not ready',
      database: database ? 'ok' : 'unreachable',
      sources,
      ...(directory && { directory }),
    });
  });

  app.get('/metrics', { schema: schemas.metrics }, async (_, reply) =>
    reply.type(options.metrics.contentType).send(await options.metrics.metrics()),
  );
}

interface Inspected {
  readonly database: boolean;
  readonly directory?: object;
}

const away: Inspected = { database: false };

/** An old directory is told of, and keeps nobody from being ready: the last snapshot serves. */
async function look(store: Store): Promise<Inspected> {
  if (!(await isReachable(store))) return away;
  const status = await findDirectoryStatus(databaseOf(store));
  if (!status) return { database: true };
  const { kind, syncedAt, ageSeconds, failures } = status;
  return { database: true, directory: { kind, syncedAt, ageSeconds, failures } };
}
