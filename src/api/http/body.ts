/** How large bodies may be, and which may be left out. */
import type { FastifyRequest } from 'fastify';

/** Bytes of a body that anybody may send who is not known yet. */
export const strangersBytesMax = 16_384;

/** Bytes of what comes in bulk: a directory that is imported, events that are posted. */
export const largeBodyBytesMax = 4 * 1024 * 1024;

/** For `preValidation`, where all of a body may be left out. */
export async function bodyMayBeAbsent(request: FastifyRequest): Promise<void> {
  request.body ??= {};
}
