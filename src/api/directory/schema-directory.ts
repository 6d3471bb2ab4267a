/** JSON schemas of the directory, and of the state it is in. */
import { cloudId as cloudIdOf, line as lineOf } from '../../event/schema.ts';

const cloudId = cloudIdOf();
const line = lineOf();

const instant = { type: 'string', format: 'date-time' } as const;
const maybeInstant = { type: ['string', 'null'], format: 'date-time' } as const;
const count = { type: 'integer', minimum: 0 } as const;

const kind = { type: 'string', enum: ['user', 'project'] } as const;

const origin = {
  type: 'string',
  enum: ['local', 'cloud'],
  description: 'Made by hand or import, or kept in step with the cloud.',
} as const;
const removedAt = {
  ...maybeInstant,
  description: 'When the cloud was first seen without it.',
} as const;

const domain = {
  type: 'object',
  required: ['id', 'name', 'parentId', 'path', 'origin', 'removedAt'],
  properties: {
    id: cloudId,
    name: line,
    parentId: { type: ['string', 'null'], description: 'Null for the root.' },
    path: { type: 'string', description: 'Ids from the root down.', example: '/<root>/<child>/' },
    origin,
    removedAt,
  },
} as const;

const newDomain = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: {
    id: { ...cloudId, description: "The cloud's id; a new one when absent." },
    name: line,
    parentId: {
      ...cloudId,
      type: ['string', 'null'],
      description:
        'Without one the domain hangs under the root. The one named ROOT without a parent is the root itself.',
    },
  },
} as const;

const account = {
  type: 'object',
  required: ['id', 'name', 'domainId', 'kind', 'origin', 'alias', 'removedAt'],
  properties: {
    id: cloudId,
    name: line,
    domainId: cloudId,
    kind,
    origin,
    alias: {
      type: ['string', 'null'],
      description:
        'Another id its events carry: the uuid of the account behind a CloudStack project, once one has passed.',
    },
    removedAt: {
      ...removedAt,
      description:
        'When the cloud was first seen without it. Its webhooks are told of nothing from then on.',
    },
  },
} as const;

const newAccount = {
  type: 'object',
  additionalProperties: false,
  required: ['name', 'domainId'],
  properties: {
    id: { ...cloudId, description: "The cloud's id; a new one when absent." },
    name: line,
    domainId: cloudId,
    kind: { ...kind, default: 'user' },
  },
} as const;

/** Of an import: ids must be given, or a second import would make everything twice. */
const importOf = (item: { readonly required: readonly string[] }) => ({
  type: 'object',
  additionalProperties: false,
  required: ['items'],
  properties: {
    items: {
      type: 'array',
      maxItems: 5_000,
      items: { ...item, required: ['id', ...item.required] },
    },
  },
});

const imported = {
  type: 'object',
  required: ['created', 'updated', 'unchanged'],
  properties: {
    created: { type: 'integer' },
    updated: { type: 'integer' },
    unchanged: { type: 'integer' },
  },
} as const;

const status = {
  type: 'object',
  required: [
    'kind',
    'nextAt',
    'attemptedAt',
    'syncedAt',
    'ageSeconds',
    'error',
    'failures',
    'isWhole',
    'domains',
    'accounts',
    'localRows',
    'removalsHeld',
  ],
  properties: {
    kind: { type: 'string', enum: ['cloudstack', 'keystone'] },
    nextAt: { ...instant, description: 'When it is read anew.' },
    attemptedAt: maybeInstant,
    syncedAt: {
      ...maybeInstant,
      description: 'When the picture that serves was read; null before the first.',
    },
    ageSeconds: { type: ['number', 'null'], description: 'Since then.' },
    error: { type: ['string', 'null'], description: 'Why the last attempt failed.' },
    failures: { ...count, description: 'Attempts that failed one after the other.' },
    isWhole: {
      type: ['boolean', 'null'],
      description:
        "False: the cloud's lists were not whole, so nothing missing in them was taken for gone.",
    },
    domains: { ...count, description: "The cloud's, gone ones left out." },
    accounts: { ...count, description: "The cloud's, gone ones left out; projects are accounts." },
    localRows: {
      ...count,
      description:
        'Rows made by hand or import whose ids the cloud knows too. They are left alone until `adoptLocal`.',
    },
    removalsHeld: {
      ...count,
      description:
        "Rows missing in the cloud's answer, too many to be taken for gone until `acceptRemovals`.",
    },
  },
} as const;

const unknownAccount = {
  type: 'object',
  required: ['id', 'project', 'events', 'firstSeen', 'lastSeen'],
  properties: {
    id: { type: 'string' },
    project: { type: ['string', 'null'], description: 'The project its events name.' },
    events: count,
    firstSeen: instant,
    lastSeen: instant,
  },
} as const;

const syncRequest = {
  type: 'object',
  additionalProperties: false,
  properties: {
    acceptRemovals: {
      type: 'boolean',
      default: false,
      description: 'Take what is missing for gone, however much it is.',
    },
    adoptLocal: {
      type: 'boolean',
      default: false,
      description: 'Take over rows made by hand or import whose ids the cloud knows.',
    },
  },
} as const;

export const directorySchemas = [
  { $id: 'Domain', ...domain },
  { $id: 'NewDomain', ...newDomain },
  { $id: 'DomainImport', ...importOf(newDomain) },
  { $id: 'Account', ...account },
  { $id: 'NewAccount', ...newAccount },
  { $id: 'AccountImport', ...importOf(newAccount) },
  { $id: 'Imported', ...imported },
  { $id: 'DirectoryStatus', ...status },
  { $id: 'UnknownAccount', ...unknownAccount },
  { $id: 'SyncRequest', ...syncRequest },
];
