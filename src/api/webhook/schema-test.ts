/** JSON schemas of test deliveries and of a secret that was replaced. */
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
import { diagnosisCodes } from '../../outcome/diagnose.ts';
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
  { description: "Absent when none could be made. The webhook's own headers are hidden." },
);

const response = Type.Object(
  {
    status: whole(),
    headers: mapOf(
      schemaOf<string | readonly string[]>({ type: ['string', 'array'], items: text() }),
    ),
    body: text({ description: 'Its first bytes.' }),
  },
  { description: 'Absent when none came.' },
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
  { description: 'Of each step that was reached and needed. Absent when nothing was tried.' },
);

const certificate = Type.Partial(
  Type.Object({
    subject: text(),
    issuer: text(),
    names: arrayOf(text()),
    validFrom: instant(),
    validTo: instant(),
    serialNumber: text(),
    fingerprint: text({ description: 'Of SHA-256.' }),
  }),
);

const tls = Type.Object(
  {
    protocol: text({ example: 'TLSv1.3' }),
    cipher: text(),
    authorized: flag({ description: "Valid, trusted, and the receiver's." }),
    authorizationError: Type.Optional(text({ example: 'CERT_HAS_EXPIRED' })),
    certificate: Type.Optional(certificate),
  },
  { description: 'Also of a certificate that was refused. Absent without TLS.' },
);

const connection = Type.Object(
  {
    address: Type.Optional(text({ description: 'Absent where a proxy resolved the name.' })),
    isProxied: flag(),
  },
  { description: 'Absent when none was made.' },
);

const from = Type.Object(
  {
    host: text(),
    dispatches: flag({
      description:
        'Whether it also makes the real deliveries. If not, those start elsewhere and may find another network.',
    }),
  },
  { description: 'Who sent it: the process that was asked.' },
);

export const testResult = Type.Object(
  {
    diagnosis,
    request: Type.Optional(request),
    response: Type.Optional(response),
    error: Type.Optional(text({ description: "As a delivery's attempt would have it." })),
    timing: Type.Optional(timing),
    connection: Type.Optional(connection),
    tls: Type.Optional(tls),
    from,
  },
  { $id: 'TestResult' },
);

/** A month. */
const overlapSecondsMax = 2_678_400;
/** A day: time to tell the receiver. */
const overlapSeconds = 86_400;

export const rotation = closed(
  {
    secretKey: Type.Optional(
      text({
        minLength: 1,
        maxLength: 1_024,
        description: 'The new one; one is made when absent.',
      }),
    ),
    overlap: defaulted(
      whole({
        minimum: 0,
        maximum: overlapSecondsMax,
        description: 'Seconds in which the former secret signs as well; 0 ends it at once.',
      }),
      overlapSeconds,
    ),
  },
  { $id: 'Rotation' },
);

export const rotatedSecret = Type.Object(
  {
    secretKey: text({ example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=' }),
    formerValidUntil: nullable(
      instant({ description: 'Until when a former secret signs as well; null when none does.' }),
    ),
  },
  { $id: 'RotatedSecret' },
);
