/** JSON schemas of test deliveries and of a secret that was replaced. */
import { diagnosisCodes } from '../../outcome/diagnose.ts';

const text = { type: 'string' } as const;
const instant = { type: 'string', format: 'date-time' } as const;
const ms = { type: 'number', description: 'Milliseconds.' } as const;
const headers = {
  type: 'object',
  additionalProperties: { type: ['string', 'array'], items: text },
} as const;

const diagnosis = {
  type: 'object',
  required: ['code', 'text'],
  properties: {
    code: { type: 'string', enum: diagnosisCodes },
    text: { ...text, description: 'What is wrong and what to do about it, in a sentence or two.' },
  },
} as const;

const request = {
  type: 'object',
  description: "Absent when none could be made. The webhook's own headers are hidden.",
  required: ['method', 'url', 'headers', 'body'],
  properties: {
    method: { type: 'string', enum: ['POST'] },
    url: text,
    headers: { type: 'object', additionalProperties: text },
    body: text,
  },
} as const;

const response = {
  type: 'object',
  description: 'Absent when none came.',
  required: ['status', 'headers', 'body'],
  properties: {
    status: { type: 'integer' },
    headers,
    body: { ...text, description: 'Its first bytes.' },
  },
} as const;

const timing = {
  type: 'object',
  description: 'Of each step that was reached and needed. Absent when nothing was tried.',
  required: ['startedAt', 'totalMs'],
  properties: {
    startedAt: instant,
    lookupMs: ms,
    connectMs: ms,
    tlsMs: ms,
    waitMs: { ...ms, description: "From the request to the response's head, milliseconds." },
    totalMs: ms,
  },
} as const;

const tls = {
  type: 'object',
  description: 'Also of a certificate that was refused. Absent without TLS.',
  required: ['protocol', 'cipher', 'authorized'],
  properties: {
    protocol: { ...text, example: 'TLSv1.3' },
    cipher: text,
    authorized: { type: 'boolean', description: "Valid, trusted, and the receiver's." },
    authorizationError: { ...text, example: 'CERT_HAS_EXPIRED' },
    certificate: {
      type: 'object',
      properties: {
        subject: text,
        issuer: text,
        names: { type: 'array', items: text },
        validFrom: instant,
        validTo: instant,
        serialNumber: text,
        fingerprint: { ...text, description: 'Of SHA-256.' },
      },
    },
  },
} as const;

const testResult = {
  type: 'object',
  required: ['diagnosis', 'from'],
  properties: {
    diagnosis,
    request,
    response,
    error: { ...text, description: "As a delivery's attempt would have it." },
    timing,
    connection: {
      type: 'object',
      description: 'Absent when none was made.',
      required: ['isProxied'],
      properties: {
        address: { ...text, description: 'Absent where a proxy resolved the name.' },
        isProxied: { type: 'boolean' },
      },
    },
    tls,
    from: {
      type: 'object',
      description: 'Who sent it: the process that was asked.',
      required: ['host', 'dispatches'],
      properties: {
        host: text,
        dispatches: {
          type: 'boolean',
          description:
            'Whether it also makes the real deliveries. If not, those start elsewhere and may find another network.',
        },
      },
    },
  },
} as const;

/** A month. */
const overlapSecondsMax = 2_678_400;
/** A day: time to tell the receiver. */
const overlapSeconds = 86_400;

const rotation = {
  type: 'object',
  additionalProperties: false,
  properties: {
    secretKey: {
      type: 'string',
      minLength: 1,
      maxLength: 1_024,
      description: 'The new one; one is made when absent.',
    },
    overlap: {
      type: 'integer',
      minimum: 0,
      maximum: overlapSecondsMax,
      default: overlapSeconds,
      description: 'Seconds in which the former secret signs as well; 0 ends it at once.',
    },
  },
} as const;

const rotatedSecret = {
  type: 'object',
  required: ['secretKey', 'formerValidUntil'],
  properties: {
    secretKey: { ...text, example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=' },
    formerValidUntil: {
      type: ['string', 'null'],
      format: 'date-time',
      description: 'Until when a former secret signs as well; null when none does.',
    },
  },
} as const;

export const testSchemas = [
  { $id: 'TestResult', ...testResult },
  { $id: 'Rotation', ...rotation },
  { $id: 'RotatedSecret', ...rotatedSecret },
];
