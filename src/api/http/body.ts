/** Size limits of bodies, and bodies that may be absent. */
import type { FastifyRequest } from 'fastify';

/** Maximum size of a body sent by somebody who is not authenticated yet. */
export const strangersBytesMax = 16_384;

/** Maximum size of bulk data: an import of the directory, posted events. */
export const largeBodyBytesMax = 4 * 1024 * 1024;

/** A `preValidation` hook for routes whose whole body is optional. */
export async function bodyMayBeAbsent(request: FastifyRequest): Promise<void> {
  request.body ??= {};
}
