/** JSON schemas of users and their tokens, and of problems. */
import { passwordLengthMin } from '../../access/password.ts';
import { roles } from '../../store/schema/access.ts';
import { fullScopes, tokenScopes } from '../../store/schema/access.ts';
import { cloudId as cloudIdOf } from '../../event/schema.ts';

const instant = { type: 'string', format: 'date-time' } as const;
const maybeInstant = { type: ['string', 'null'], format: 'date-time' } as const;
const cloudId = cloudIdOf();
const line = { type: 'string', maxLength: 255, pattern: '^(?=[\\s\\S]*\\S)[^\\u0000]*$' } as const;
const username = { ...line, pattern: '^[^\\u0000\\s/][^\\u0000/]*$' } as const;
const password = { type: 'string', minLength: passwordLengthMin, maxLength: 1_024 } as const;

const user = {
  type: 'object',
  required: ['username', 'role', 'accountId', 'issuer', 'created'],
  properties: {
    username,
    role: { type: 'string', enum: roles },
    accountId: { type: ['string', 'null'] },
    issuer: {
      type: ['string', 'null'],
      description: 'The OpenID provider they log in at; null for a user with a password here.',
    },
    created: instant,
  },
} as const;

const newUser = {
  type: 'object',
  additionalProperties: false,
  required: ['username', 'password'],
  properties: {
    username,
    password,
    role: {
      type: 'string',
      enum: roles,
      default: 'User',
      description: 'DomainAdmin and User need an account; only an Admin makes an Admin.',
    },
    accountId: {
      ...cloudId,
      description: 'The account what the user makes belongs to. Your own when absent.',
    },
  },
} as const;

const scopes = {
  type: 'array',
  minItems: 1,
  uniqueItems: true,
  items: { type: 'string', enum: tokenScopes },
  description:
    '`read` opens GET, `write` everything that changes something, `ingest` only POST /v1/events.',
} as const;

const apiKey = {
  type: 'object',
  required: ['id', 'apiKey', 'created', 'lastUsedAt'],
  properties: {
    id: { type: 'string', format: 'uuid' },
    apiKey: { type: 'string' },
    created: instant,
    lastUsedAt: { ...maybeInstant, description: 'Exact to a minute.' },
  },
} as const;

const token = {
  type: 'object',
  required: ['id', 'name', 'scopes', 'created', 'expiresAt', 'lastUsedAt'],
  properties: {
    id: { type: 'string', format: 'uuid' },
    name: line,
    scopes,
    created: instant,
    expiresAt: maybeInstant,
    lastUsedAt: { ...maybeInstant, description: 'Exact to a minute.' },
  },
} as const;

const problem = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code'],
  properties: {
    type: { type: 'string', example: 'urn:hookline:problem:not_found' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string', description: 'Stable, for programs.' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['path', 'message'],
        properties: {
          path: { type: 'string' },
          message: { type: 'string' },
          line: { type: 'integer', description: 'In an expression or a template, from 1.' },
          column: { type: 'integer', description: 'From 1.' },
        },
      },
    },
  },
} as const;

export const accessSchemas = [
  { $id: 'User', ...user },
  { $id: 'NewUser', ...newUser },
  {
    $id: 'UserChange',
    type: 'object',
    additionalProperties: false,
    required: ['password'],
    properties: { password },
  },
  { $id: 'Token', ...token },
  {
    $id: 'NewToken',
    type: 'object',
    additionalProperties: false,
    required: ['name'],
    properties: {
      name: line,
      scopes: { ...scopes, default: fullScopes },
      expiresInDays: {
        type: 'integer',
        minimum: 1,
        maximum: 3_650,
        description: 'For ever when absent.',
      },
    },
  },
  {
    $id: 'MadeToken',
    ...token,
    required: [...token.required, 'token'],
    properties: { ...token.properties, token: { type: 'string', description: 'Shown this once.' } },
  },
  {
    $id: 'Identity',
    type: 'object',
    required: ['username', 'role', 'kind', 'scopes'],
    properties: {
      username,
      role: { type: 'string', enum: roles },
      kind: { type: 'string', enum: ['session', 'token', 'key'] },
      scopes,
      accountId: { type: 'string' },
      domainId: { type: 'string' },
      csrfToken: { type: 'string', description: 'For `X-CSRF-Token`, with the cookie.' },
    },
  },
  { $id: 'ApiKey', ...apiKey },
  {
    $id: 'MadeApiKey',
    ...apiKey,
    required: [...apiKey.required, 'secretKey'],
    properties: {
      ...apiKey.properties,
      secretKey: { type: 'string', description: 'Shown this once.' },
    },
  },
  { $id: 'Problem', ...problem },
];
