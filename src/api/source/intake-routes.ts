/**
 * Ingress over HTTP: clouds post messages, which are answered once they are recorded.
 *
 *     POST /v1/in/<source>   for senders with the source's token or secret
 *     POST /v1/events        for users with permission
 *
 * The body is passed on unchanged: the source's format parses it, and signatures are over its bytes.
 */
import { isUtf8 } from 'node:buffer';

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';

import { hasToken, signatureHeaders } from '../../access/sender.ts';
import type { Message } from '../../event/message.ts';
import type { ApiOptions, RouteGroup } from '../context.ts';
import type { Intake } from '../../source/intake.ts';
import { ProblemError } from '../http/problem.ts';
import { largeBodyBytesMax } from '../http/body.ts';
import { answer, closed, problems, ref } from '../http/schema.ts';
import type { Routes } from '../http/schema.ts';
import { envelopeFields } from '../event/event-routes.ts';
import { isOpen, requireSignature, unproven, type OpenIntake } from './require-signature.ts';
import { refusedItems } from '../event/refused-items.ts';
import { anyObject, arrayOf, uuid, schemaOf, text } from '../../event/schema.ts';

/** An event in the body of `POST /v1/events`. */
const newEvent = closed(
  {
    id: Type.Optional(
      text({
        description:
          'Id chosen by the sender; an event whose id has been recorded already is not recorded again.',
      }),
    ),
    ...envelopeFields,
  },
  { $id: 'NewEvent', description: 'An event to record. Only `event` is required.' },
);

const recordedEvents = Type.Object(
  {
    ids: arrayOf(uuid(), {
      description: 'Ids of the recorded events, in order; empty for a message that contains none.',
    }),
    quarantined: refusedItems,
  },
  {
    $id: 'TakenEvents',
    description: 'The ids of the recorded events, in the order of the request.',
  },
);

const params = Type.Object({ source: text({ description: 'Name of a source of kind `http`.' }) });
const recorded = answer(
  recordedEvents,
  'Recorded. An event that was recorded before keeps its id.',
);

const schemas = {
  ingest: {
    operationId: 'postMessage',
    summary: 'Post a message of a cloud',
    description:
      'The format of the source determines the body. The answer comes once the message is recorded: 202 (200 for Cloudpods), also if some of its items cannot be decoded: they are listed under `quarantined` and must not be sent again. 422 if none can be decoded (the message is then in the quarantine), 503 with `Retry-After` if it has to be sent again. Depending on its configuration, the source requires its token (as `Authorization: Bearer`, the password of Basic authentication, or `access_token`), a signature of the body, or both.',
    tags: ['sources'],
    security: [],
    params,
    querystring: Type.Object({
      access_token: Type.Optional(
        text({ description: 'The token of the source, for senders that cannot set a header.' }),
      ),
    }),
    response: { 200: recorded, 202: recorded, ...problems },
  },
  handshake: {
    operationId: 'answerHandshake',
    summary: 'Answer the handshake of the CloudEvents WebHook specification',
    description:
      'A sender of CloudEvents asks by it whether it may post here (CloudEvents, HTTP 1.1 Web Hooks, section 4).',
    tags: ['sources'],
    security: [],
    params,
    response: {
      204: schemaOf<undefined>({
        description: 'The headers `WebHook-Allowed-Origin` and `WebHook-Allowed-Rate` are set.',
        type: 'null',
      }),
      ...problems,
    },
  },
  ingestOwn: {
    operationId: 'postEvents',
    summary: 'Post events',
    description:
      'One event or a list of them, as envelopes or as CloudEvents (`application/cloudevents+json`, `application/cloudevents-batch+json`, or `ce-` headers). The answers are those of `POST /v1/in/{source}`.',
    tags: ['events'],
    body: {
      content: {
        'application/json': { schema: { oneOf: [ref(newEvent), arrayOf(ref(newEvent))] } },
        'application/cloudevents+json': { schema: anyObject() },
        'application/cloudevents-batch+json': { schema: arrayOf(anyObject()) },
      },
    },
    response: { 202: recorded, ...problems },
  },
};

export const intakeRoutes: RouteGroup = {
  schemas: [newEvent, recordedEvents],
  register: registerIntakeRoutes,
};

function registerIntakeRoutes(app: Routes, options: ApiOptions): void {
  // Registered in a context of its own, because its content type parsers accept any bytes.
  void app.register(async routes =>
    registerBytes(routes.withTypeProvider<TypeBoxTypeProvider>(), options),
  );
}

function registerBytes(app: Routes, options: ApiOptions): void {
  const bodyLimit = largeBodyBytesMax;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  app.post(
    '/v1/in/:source',
    {
      bodyLimit,
      schema: schemas.ingest,
      // Checked before the body is read, so that senders without a token use no memory.
      onRequest: async request => {
        const intake = requireOpen(options, request.params.source);
        if (!hasToken(intake.proof, request.headers, request.query.access_token)) {
          throw unproven(intake);
        }
        requireFitting(request, intake);
      },
    },
    async (request, reply) => {
      const intake = requireOpen(options, request.params.source);
      const signedName = requireSignature(intake, {
        headers: request.headers,
        body: bodyOf(request),
        nowMs: options.now(),
      });
      return record(request, reply, { ...intake, ...(signedName !== undefined && { signedName }) });
    },
  );

  app.options('/v1/in/:source', { schema: schemas.handshake }, async (request, reply) => {
    const origin = requireOrigin(request, requireOpen(options, request.params.source));
    return reply
      .headers({ allow: 'POST', 'webhook-allowed-origin': origin, 'webhook-allowed-rate': '*' })
      .code(204)
      .send();
  });

  app.post(
    '/v1/events',
    {
      bodyLimit,
      schema: schemas.ingestOwn,
      validatorCompiler: () => () => true,
      onRequest: async request => requireFitting(request, requireOwn(options)),
    },
    async (request, reply) => record(request, reply, requireOwn(options)),
  );
}

/** @throws {ProblemError} not_found */
function requireOpen({ intakes }: ApiOptions, name: string): OpenIntake {
  const intake = intakes().find(one => one.name === name);
  if (intake && isOpen(intake)) return intake;
  throw new ProblemError('not_found', `This process runs no source ${name} to post to.`);
}

/** @throws {ProblemError} source_unavailable */
function requireOwn({ intakes, ownIntake }: ApiOptions): Intake {
  const intake = intakes().find(one => one.name === ownIntake);
  if (intake) return intake;
  throw new ProblemError(
    'source_unavailable',
    'This process accepts no events: it runs without the role ingest. Use a process that has this role.',
  );
}

function requireFitting({ headers }: FastifyRequest, { bodyBytesMax }: Intake): void {
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    throw new ProblemError(
      'encoding_unsupported',
      `The body has the Content-Encoding ${encoding}; send it without one.`,
    );
  }
  requireSize(Number(headers['content-length'] ?? 0), bodyBytesMax);
}

function requireSize(bytes: number, bytesMax: number): void {
  if (bytes <= bytesMax) return;
  throw new ProblemError(
    'body_too_large',
    `The body has ${bytes} bytes; this source accepts at most ${bytesMax}.`,
  );
}

/** An intake, and the name that a signature gives the message that came. */
type NamedIntake = Intake & { readonly signedName?: string };

/** Records the message and answers. @throws {ProblemError} body_too_large, message_malformed, source_unavailable */
async function record(
  request: FastifyRequest,
  reply: FastifyReply,
  intake: NamedIntake,
): Promise<FastifyReply> {
  // A chunked body has no Content-Length.
  requireSize(bodyOf(request).length, intake.bodyBytesMax);
  const acceptance = await intake.accept(messageOf(request, intake));
  switch (acceptance.kind) {
    case 'recorded':
      return reply
        .code(intake.status)
        .send({ ids: acceptance.eventIds, quarantined: acceptance.refused });
    case 'dropped':
      return reply.code(intake.status).send({ ids: [], quarantined: [] });
    case 'quarantined':
      throw new ProblemError('message_malformed', `${acceptance.reason}. It is in the quarantine.`);
    case 'refused':
      throw new ProblemError(
        'source_unavailable',
        acceptance.reason,
        [],
        acceptance.retryAfterSeconds,
      );
  }
}

/** The body; empty when there is none, because a CloudEvent may consist of headers only. */
const bodyOf = ({ body }: FastifyRequest): Buffer =>
  Buffer.isBuffer(body) ? body : Buffer.alloc(0);

/**
 * Reads a header's bytes, which Node gives as Latin-1: those that are UTF-8 are taken for it. SDKs of CloudEvents in Java and
 * Go write it so, against their specification.
 */
function readHeader(value: string): string {
  const bytes = Buffer.from(value, 'latin1');
  return isUtf8(bytes) ? bytes.toString() : value;
}

function messageOf(
  request: FastifyRequest,
  { proof, idempotencyHeader, signedName }: NamedIntake,
): Message {
  const { headers, method, routeOptions, ip } = request;
  const proofs = new Set([
    'authorization',
    'cookie',
    'proxy-authorization',
    'x-csrf-token',
    ...(proof ? signatureHeaders(proof) : []),
  ]);
  const passedOn = Object.entries(headers).flatMap(([name, value]) =>
    typeof value === 'string' && !proofs.has(name) ? [[name, readHeader(value)] as const] : [],
  );
  // Whoever sends a signed message again could say anything in a header that is not signed.
  const sendingId = signedName ?? headers[idempotencyHeader];
  return {
    position: `${method} ${routeOptions.url ?? ''} from ${ip}`,
    headers: Object.fromEntries(passedOn),
    body: bodyOf(request),
    redelivered: false,
    ...(typeof sendingId === 'string' && sendingId !== '' && { sendingId: readHeader(sendingId) }),
  };
}

/**
 * The origin that asks for permission to send. Source: cloudevents/spec, http-webhook.md, section 4 "Abuse Protection".
 *
 * @throws {ProblemError} request_invalid, forbidden
 */
function requireOrigin({ headers }: FastifyRequest, { origins }: Intake): string {
  const origin = headers['webhook-request-origin'];
  if (typeof origin !== 'string' || origin === '') {
    throw new ProblemError(
      'request_invalid',
      'The header `WebHook-Request-Origin` is missing; expected the name of the system that wants to send.',
    );
  }
  if (origins.includes('*') || origins.includes(origin)) return origin;
  throw new ProblemError('forbidden', 'This source does not accept that origin.');
}
