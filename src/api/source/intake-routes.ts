/**
 * The way in over HTTP: messages of clouds that post, answered once they are recorded.
 *
 *     POST /v1/in/<source>   whoever has the source's token or signs with its secret
 *     POST /v1/events        a user who may
 *
 * The bytes are handed on as they came: what they mean is the matter of the source's format, and a signature is over them.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { expectedProof, hasToken, isSigned } from '../../access/sender.ts';
import type { Message } from '../../event/message.ts';
import type { ApiOptions } from '../context.ts';
import type { Intake } from '../../source/intake.ts';
import { ProblemError } from '../http/problem.ts';
import { answer, largeBodyBytesMax, problems } from '../http/route.ts';

const params = {
  type: 'object',
  required: ['source'],
  properties: { source: { type: 'string', description: 'Name of a source of kind http.' } },
} as const;
const taken = answer('TakenEvents', 'Recorded. What was recorded before has the id it has.');

const ingestPosted = {
  summary: 'Take a message of a cloud that posts',
  description:
    'The body is whatever the format of the source says. The answer comes when the message is recorded: 202 (200 with Cloudpods), 422 when it cannot be understood (it is then in the quarantine), 503 with `Retry-After` when it is to be sent again. Senders prove themselves by the token of the source (`Authorization: Bearer`, the password of Basic, or `access_token`), a signature over the body, or both, as the source is configured.',
  tags: ['sources'],
  security: [],
  params,
  querystring: { type: 'object', properties: { access_token: { type: 'string' } } },
  response: { 200: taken, 202: taken, ...problems },
};

const handshake = {
  summary: 'Agree to be sent to, as the CloudEvents WebHook specification asks',
  tags: ['sources'],
  security: [],
  params,
  response: {
    204: {
      description: '`WebHook-Allowed-Origin` and `WebHook-Allowed-Rate` are in the headers.',
      type: 'null',
    },
    ...problems,
  },
} as const;

const ingestOwn = {
  summary: 'Take events',
  description:
    'One event or a list of them, as envelopes or as CloudEvents (`application/cloudevents+json`, `application/cloudevents-batch+json`, or `ce-` headers). Answered as `POST /v1/in/{source}` is.',
  tags: ['events'],
  body: {
    content: {
      'application/json': {
        schema: { oneOf: [{ $ref: 'NewEvent#' }, { type: 'array', items: { $ref: 'NewEvent#' } }] },
      },
      'application/cloudevents+json': { schema: { type: 'object', additionalProperties: true } },
      'application/cloudevents-batch+json': {
        schema: { type: 'array', items: { type: 'object', additionalProperties: true } },
      },
    },
  },
  response: { 202: taken, ...problems },
};

interface SourceParams {
  readonly source: string;
}
interface SourceQuery {
  readonly access_token?: string;
}
type SourceRequest = FastifyRequest<{ Params: SourceParams; Querystring: SourceQuery }>;

export async function registerIntakeRoutes(
  app: FastifyInstance,
  options: ApiOptions,
): Promise<void> {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  const find = (name: string): OpenIntake => {
    const intake = options.intakes().find(one => one.name === name);
    if (intake && isOpen(intake)) return intake;
    throw new ProblemError('not_found', `This process runs no source ${name} to post to.`);
  };

  app.post<{ Params: SourceParams; Querystring: SourceQuery }>(
    '/v1/in/:source',
    {
      bodyLimit: largeBodyBytesMax,
      schema: ingestPosted,
      // Before the body is read: who has no token has no claim on the memory for one.
      onRequest: async (request: SourceRequest) => {
        const intake = find(request.params.source);
        if (!hasToken(intake.proof, request.headers, request.query.access_token)) refuse(intake);
        requireFitting(request, intake);
      },
    },
    async (request, reply) => {
      const intake = find(request.params.source);
      if (!isSigned(intake.proof, request.headers, bodyOf(request))) refuse(intake);
      return take(request, reply, intake);
    },
  );

  app.options<{ Params: SourceParams }>(
    '/v1/in/:source',
    { schema: handshake },
    async (request, reply) => shakeHands(request, reply, find(request.params.source)),
  );

  app.post(
    '/v1/events',
    {
      bodyLimit: largeBodyBytesMax,
      schema: ingestOwn,
      validatorCompiler: () => () => true,
      onRequest: async request => requireFitting(request, findOwn(options)),
    },
    async (request, reply) => take(request, reply, findOwn(options)),
  );
}

/** One that others than users may post to. */
type OpenIntake = Intake & Required<Pick<Intake, 'proof'>>;

const isOpen = (intake: Intake): intake is OpenIntake => intake.proof !== undefined;

function findOwn({ intakes, ownIntake }: ApiOptions): Intake {
  const intake = intakes().find(one => one.name === ownIntake);
  if (intake) return intake;
  throw new ProblemError(
    'source_unavailable',
    'This process takes no events in: it runs without the role ingest. Ask one that has it.',
  );
}

function refuse({ proof }: OpenIntake): never {
  throw new ProblemError('unauthenticated', `Send ${expectedProof(proof)}.`);
}

function requireFitting({ headers }: FastifyRequest, { bodyBytesMax }: Intake): void {
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    throw new ProblemError(
      'encoding_unsupported',
      `The body is encoded as ${encoding}; send it as it is.`,
    );
  }
  requireSize(Number(headers['content-length'] ?? 0), bodyBytesMax);
}

function requireSize(bytes: number, bytesMax: number): void {
  if (bytes <= bytesMax) return;
  throw new ProblemError(
    'body_too_large',
    `The body has ${bytes} bytes; this source takes at most ${bytesMax}.`,
  );
}

async function take(
  request: FastifyRequest,
  reply: FastifyReply,
  intake: Intake,
): Promise<FastifyReply> {
  // A body sent in chunks does not say its length beforehand.
  requireSize(bodyOf(request).length, intake.bodyBytesMax);
  const acceptance = await intake.accept(messageOf(request, intake));
  switch (acceptance.kind) {
    case 'recorded':
      return reply.code(intake.status).send({ ids: acceptance.eventIds });
    case 'dropped':
      return reply.code(intake.status).send({ ids: [] });
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

/** Nothing at all is an empty body: a CloudEvent may be in the headers alone. */
const bodyOf = ({ body }: FastifyRequest): Buffer =>
  Buffer.isBuffer(body) ? body : Buffer.alloc(0);

function messageOf(request: FastifyRequest, { proof, idempotencyHeader }: Intake): Message {
  const { headers, method, routeOptions, ip } = request;
  const proofs = new Set([
    'authorization',
    'cookie',
    'proxy-authorization',
    'x-csrf-token',
    ...(proof?.hmac ? [proof.hmac.header.toLowerCase()] : []),
  ]);
  const told = Object.entries(headers).flatMap(([name, value]) =>
    typeof value === 'string' && !proofs.has(name) ? [[name, value] as const] : [],
  );
  const tried = headers[idempotencyHeader];
  return {
    position: `${method} ${routeOptions.url ?? ''} from ${ip}`,
    headers: Object.fromEntries(told),
    body: bodyOf(request),
    redelivered: false,
    ...(typeof tried === 'string' && tried !== '' && { sendingId: tried }),
  };
}

/** Source: cloudevents/spec, http-webhook.md, section 4 "Abuse Protection". */
function shakeHands(request: FastifyRequest, reply: FastifyReply, intake: Intake): FastifyReply {
  const origin = request.headers['webhook-request-origin'];
  if (typeof origin !== 'string' || origin === '') {
    throw new ProblemError(
      'request_invalid',
      'There is no header `WebHook-Request-Origin`; expected the name of the system that wants to send.',
    );
  }
  if (!intake.origins.includes('*') && !intake.origins.includes(origin)) {
    throw new ProblemError('forbidden', 'This source is not open to that origin.');
  }
  return reply
    .headers({ allow: 'POST', 'webhook-allowed-origin': origin, 'webhook-allowed-rate': '*' })
    .code(204)
    .send();
}
