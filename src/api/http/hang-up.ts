/**
 * Tells that a client has hung up while its request is being carried out.
 *
 * Fastify's `request.signal` follows the request's stream, which Node closes as soon as a body has been read.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** Ends following the connection; null where nobody follows it. */
    unfollow: (() => void) | null;
  }
}

/** Ends following a connection once the request is answered: the connection goes on. */
export function unfollowAnswered(app: FastifyInstance): void {
  app.decorateRequest('unfollow', null);
  app.addHook('onResponse', async request => request.unfollow?.());
}

/** @returns a signal that aborts when the connection closes before the request is answered. */
export function hangUpSignal(request: FastifyRequest): AbortSignal {
  const { socket } = request.raw;
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  const before = request.unfollow;
  request.unfollow = () => {
    before?.();
    socket.off('close', abort);
  };
  socket.once('close', abort);
  return controller.signal;
}
