/**
 * Keeps answers out of caches: they hold tokens, secrets and what one caller may see, and one with a session's cookie
 * looks to a proxy like any other page. Source: RFC 9111, section 5.2.2.
 */
import type { FastifyInstance } from 'fastify';

export function keepPrivate(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply) => {
    if (!request.url.startsWith('/v1/')) return;
    void reply.header('x-content-type-options', 'nosniff');
    if (reply.hasHeader('cache-control')) return;
    // What has a tag may be kept by the one who asked, and is asked for again with it.
    void reply.header('cache-control', reply.hasHeader('etag') ? 'private, no-cache' : 'no-store');
  });
}
