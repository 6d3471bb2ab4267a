/** JSON schemas of test deliveries and of the rotation of secrets. */
import { Type } from 'typebox';

import {
  arrayOf,
  flag,
  instant,
  mapOf,
  nullable,
  oneOf,
  real,
  schemaOf,
  text,
  whole,
} from '../../event/schema.ts';
import { diagnosisCodes } from '../../outcome/symptoms.ts';
import { closed, defaulted } from '../http/schema.ts';

const ms = Type.Optional(real({ description: 'Milliseconds.' }));

const diagnosis = Type.Object({
  code: oneOf(diagnosisCodes),
  text: text({ description: 'What is wrong and what to do about it, in a sentence or two.' }),
});

const request = Type.Object(
  {
    method: schemaOf<string>(oneOf(['POST'])),
    url: text(),
    headers: mapOf(text()),
    body: text(),
  },
  {
    description:
      "The request; absent when none could be made. Values of the webhook's own headers are hidden.",
  },
);

const response = Type.Object(
  {
    status: whole(),
    headers: mapOf(
      schemaOf<string | readonly string[]>({ type: ['string', 'array'], items: text() }),
    ),
    body: text({ description: 'The first bytes of the body.' }),
  },
  { description: 'The response; absent when there was none.' },
);

const timing = Type.Object(
  {
    startedAt: schemaOf<string>(instant()),
    lookupMs: ms,
    connectMs: ms,
    tlsMs: ms,
    waitMs: Type.Optional(
      real({ description: "From the request to the response's head, milliseconds." }),
    ),
    totalMs: real({ description: 'Milliseconds.' }),
  },
  {
    description:
      'Duration of each step that was reached and needed; absent when no request was tried.',
  },
);

const certificate = Type.Partial(
  Type.Object({
    subject: text(),
    issuer: text(),
    names: arrayOf(text()),
    validFrom: instant(),
    validTo: instant(),
    serialNumber: text(),
    fingerprint: text({ description: 'SHA-256.' }),
  }),
);

const tls = Type.Object(
  {
    protocol: text({ example: 'TLSv1.3' }),
    cipher: text(),
    authorized: flag({
      description: "Whether the certificate is valid, trusted, and the receiver's.",
    }),
    authorizationError: Type.Optional(text({ example: 'CERT_HAS_EXPIRED' })),
    certificate: Type.Optional(certificate),
  },
  { description: 'Details of TLS, also where the certificate was refused; absent without TLS.' },
);

const connection = Type.Object(
  {
    address: Type.Optional(text({ description: 'Absent where a proxy resolved the name.' })),
    isProxied: flag(),
  },
  { description: 'The connection; absent when none was made.' },
);

const from = Type.Object(
  {
    host: text(),
    dispatches: flag({
      description:
        'Whether this process also makes the real deliveries. If not, they are sent from elsewhere, perhaps through another network.',
    }),
  },
  { description: 'The process that sent it.' },
);

export const testResult = Type.Object(
  {
    diagnosis,
    request: Type.Optional(request),
    response: Type.Optional(response),
    error: Type.Optional(
      text({ description: "The error, as a delivery's attempt would record it." }),
    ),
    timing: Type.Optional(timing),
    connection: Type.Optional(connection),
    tls: Type.Optional(tls),
    from,
  },
  { $id: 'TestResult', description: 'What became of a test delivery.' },
);

/** 31 days. */
const overlapSecondsMax = 2_678_400;
/** A day, in which the receiver can be given the new secret. */
const overlapSeconds = 86_400;

export const rotation = closed(
  {
    secretKey: Type.Optional(
      text({
        minLength: 1,
        maxLength: 1_024,
        description:
          'The new secret; generated when absent. What libraries of Standard Webhooks take is said at `secretKey` of a webhook.',
      }),
    ),
    overlap: defaulted(
      whole({
        minimum: 0,
        maximum: overlapSecondsMax,
        description: 'Seconds for which the former secret signs as well; 0 ends it at once.',
      }),
      overlapSeconds,
    ),
  },
  { $id: 'Rotation', description: 'A new secret, and how long the present one remains valid.' },
);

export const rotatedSecret = Type.Object(
  {
    secretKey: text({ example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=' }),
    formerValidUntil: nullable(
      instant({
        description: 'Instant until which a former secret signs as well; null when none does.',
      }),
    ),
  },
  { $id: 'RotatedSecret', description: 'The secret that is valid now.' },
);
