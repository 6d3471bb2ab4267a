/** JSON schemas of the directory's state. */
const instant = { type: 'string', format: 'date-time' } as const;
const maybeInstant = { type: ['string', 'null'], format: 'date-time' } as const;
const count = { type: 'integer', minimum: 0 } as const;

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
  { $id: 'DirectoryStatus', ...status },
  { $id: 'UnknownAccount', ...unknownAccount },
  { $id: 'SyncRequest', ...syncRequest },
];
