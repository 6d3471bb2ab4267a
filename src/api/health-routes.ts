/** `/healthz`: the process lives. `/readyz`: it can do its work. `/metrics`: for Prometheus. */
import { setTimeout as wait } from 'node:timers/promises';

import type { FastifyInstance } from 'fastify';

import { isReachable } from '../store/reach.ts';
import type { ApiOptions } from './context.ts';

/** A database that answers slower than this is as good as away. */
const patienceMs = 2_000;

export function registerHealthRoutes(app: FastifyInstance, options: ApiOptions): void {
  app.get(
    '/healthz',
    { schema: { summary: 'The process lives', tags: ['health'], security: [] } },
    () => ({
      status: 'ok',
    }),
  );

  const summary = 'The database answers and every source runs or is paused on purpose';
  app.get('/readyz', { schema: { summary, tags: ['health'], security: [] } }, async (_, reply) => {
    const database = await Promise.race([
      isReachable(options.store),
      wait(patienceMs, false, { ref: false }),
    ]);
    const sources = options.sources().map(source => ({ name: source.name, ...source.status() }));
    const ready =
      database && sources.every(({ state }) => state === 'running' || state === 'paused');
    return reply.code(ready ? 200 : 503).send({
      status: ready ? 'ready' : 'not ready',
      database: database ? 'ok' : 'unreachable',
      sources,
    });
  });

  app.get(
    '/metrics',
    {
      schema: {
        summary: 'For Prometheus',
        tags: ['health'],
        security: [],
        produces: ['text/plain'],
      },
    },
    async (_, reply) =>
      reply.type(options.metrics.contentType).send(await options.metrics.metrics()),
  );
}
