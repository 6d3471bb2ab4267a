/**
 * Idempotent POSTs: a request that is repeated with the same `Idempotency-Key`, because its answer got lost, is processed
 * once, and its answer is repeated.
 *
 * Source: IETF draft-ietf-httpapi-idempotency-key-header, sections 2.1 (syntax), 2.4 (fingerprint), 2.6 and 2.7
 * (400, 409, 422).
 */
import { hash } from 'node:crypto';

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { permissionFor } from '../../access/permission.ts';
import { open, seal, UnsealError } from '../../access/secret/seal.ts';
import { claimKey, saveAnswer, keptHours, releaseKey } from '../../store/access/idempotency-key.ts';
import { databaseOf } from '../../store/database.ts';
import type { ApiOptions } from '../context.ts';
import { ProblemError } from './problem.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Id of the claim for which the answer will be stored; null when there is none. */
    claimId: string | null;
  }
}

const header = 'idempotency-key';
/** Longer than any request takes, except a test delivery, which creates nothing and needs no replay. */
const claimMs = 300_000;
/** Headers that are stored with an answer. */
const storedHeaders = ['content-type', 'location', 'etag', 'cache-control'] as const;

interface StoredAnswer {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Applies to all routes that are registered afterwards. To be called after `guardRoutes`. */
export function handleIdempotencyKeys(app: FastifyInstance, options: ApiOptions): void {
  const { store, secretKey, secretKeys, log } = options;
  app.decorateRequest('claimId', null);

  app.addHook('onRoute', route => {
    if (route.method === 'POST' && permissionFor('POST', route.url) !== 'public') {
      route.schema = { ...route.schema, headers };
    }
  });

  app.addHook('preHandler', async (request, reply) => {
    const key = keyOf(request);
    if (key === undefined || !request.principal) return;
    const route = `POST ${request.routeOptions.url}`;
    const fingerprint = fingerprintOf(request);
    const claim = await claimKey(
      databaseOf(store),
      { userId: request.principal.userId, route, key, fingerprint },
      claimMs,
    );
    switch (claim.kind) {
      case 'first':
        request.claimId = claim.id;
        return;
      case 'other':
        throw new ProblemError(
          'idempotency_key_reused',
          `This Idempotency-Key was used with another body or path within the last ${keptHours} hours; use a new one.`,
        );
      case 'running':
        throw new ProblemError(
          'idempotency_in_progress',
          'The first request with this Idempotency-Key is still running; try again in a moment.',
        );
      case 'answered':
        return repeat(reply, claim.status, openAnswer(secretKeys, claim.sealed));
    }
  });

  app.addHook('onSend', async (request, reply, payload) => {
    const { claimId } = request;
    if (claimId === null) return;
    request.claimId = null;
    const database = databaseOf(store);
    try {
      if (reply.statusCode < 300) {
        const sealed = seal(secretKey, JSON.stringify(answerOf(reply, payload)));
        await saveAnswer(database, claimId, { status: reply.statusCode, sealed });
      } else {
        await releaseKey(database, claimId);
      }
    } catch (error) {
      // The request has been processed; a failure to store its answer must not replace the answer.
      log.warn({ err: error, route: request.routeOptions.url }, 'answer.not_kept');
    }
  });
}

const pattern = '^("[\\u0020-\\u007e]{1,255}"|[\\u0021\\u0023-\\u007e][\\u0020-\\u007e]{0,254})$';

const headers = {
  type: 'object',
  properties: {
    [header]: {
      type: 'string',
      pattern,
      description: `Any text of your choice, such as a UUID. If the same request is sent again with it within ${keptHours} hours, the first answer is repeated and nothing is done twice.`,
    },
  },
} as const;

/**
 * The key of a request. The draft requires a quoted string; most clients send it without quotes.
 *
 * @throws {ProblemError} request_invalid, also on routes that check their requests themselves.
 */
function keyOf(request: FastifyRequest): string | undefined {
  const given = request.headers[header];
  if (request.method !== 'POST' || typeof given !== 'string') return undefined;
  if (!new RegExp(pattern).test(given)) {
    throw new ProblemError(
      'request_invalid',
      'Idempotency-Key: expected 1 to 255 characters of visible ASCII.',
    );
  }
  return /^"(.*)"$/.exec(given)?.[1] ?? given;
}

function fingerprintOf({ url, body }: FastifyRequest): Buffer {
  // Some routes accept raw bytes.
  const content = Buffer.isBuffer(body) ? hash('sha256', body, 'base64') : (body ?? null);
  return hash('sha256', JSON.stringify([url, content]), 'buffer');
}

function answerOf(reply: FastifyReply, payload: unknown): StoredAnswer {
  const named = storedHeaders.flatMap(name => {
    const value = reply.getHeader(name);
    return value === undefined ? [] : [[name, String(value)] as const];
  });
  return { headers: Object.fromEntries(named), body: typeof payload === 'string' ? payload : '' };
}

function openAnswer(keys: readonly Uint8Array[], sealed: Buffer): StoredAnswer {
  try {
    const stored: StoredAnswer = JSON.parse(open(keys, sealed));
    return stored;
  } catch (error) {
    if (!(error instanceof UnsealError)) throw error;
    throw new ProblemError(
      'idempotency_key_reused',
      'The first request was carried out, but its answer was encrypted with a key that Hookline no longer has.',
    );
  }
}

// Sent as bytes, because the route's response schema would drop fields.
function repeat(reply: FastifyReply, status: number, stored: StoredAnswer): FastifyReply {
  return reply
    .code(status)
    .headers({ ...stored.headers, 'idempotency-replayed': 'true' })
    .send(Buffer.from(stored.body));
}
