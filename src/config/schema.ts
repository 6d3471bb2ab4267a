/**
 * Every key of the configuration. Names are for ever: users' files and variables have them.
 *
 * A key is stated here once, or in the file of its section: `loadConfig` checks and types its value, `hookline config`
 * shows it and the reference documents it from this statement alone.
 */
import { directoryKeys } from './directory/directory-keys.ts';
import { dispatchKeys } from './dispatch/dispatch-keys.ts';
import { egressKeys } from './dispatch/egress.ts';
import { templateKeys } from './dispatch/template-keys.ts';
import { oidcKeys } from './oidc/oidc-keys.ts';
import { kafkaKeys } from './source/kafka.ts';
import { rabbitmqKeys } from './source/rabbitmq.ts';
import type { Section, ValueOf } from './value/key.ts';

const database = {
  url: {
    doc: 'PostgreSQL 14 or newer. Without it an embedded PostgreSQL runs in dataDir.',
    kind: 'databaseUrl',
    optional: true,
  },
  migrate: {
    doc: 'Bring the schema up to date at the start. With false, run `hookline migrate up` yourself.',
    kind: 'flag',
    default: true,
  },
  poolMax: {
    doc: 'Connections to the database that one process may hold.',
    unit: 'connections',
    kind: 'whole',
    min: 2,
    max: 1000,
    default: 10,
  },
} as const satisfies Section;

const http = {
  host: {
    doc: 'Address the API, the documentation and the metrics listen on.',
    kind: 'text',
    default: '127.0.0.1',
  },
  port: {
    doc: 'Port of the API. 0 takes any free one.',
    kind: 'whole',
    min: 0,
    max: 65535,
    default: 8080,
  },
  trustedProxies: {
    doc: 'Proxies in front of the API whose X-Forwarded-For is believed, so that the login limit and the audit see the client instead of the proxy. Nobody else is believed.',
    kind: 'ranges',
    default: [],
  },
  publicUrl: {
    doc: 'Where people reach the API: `https://hookline.example`. The host a request names is never believed.',
    kind: 'httpUrl',
    optional: true,
  },
} as const satisfies Section;

const client = {
  url: {
    doc: 'Where the command line finds the API. Without it, http.host and http.port.',
    kind: 'httpUrl',
    optional: true,
    variable: 'HOOKLINE_URL',
  },
  token: {
    doc: 'Token the command line presents. Without it, the one `hookline login` kept.',
    kind: 'text',
    optional: true,
    sensitive: true,
    variable: 'HOOKLINE_TOKEN',
  },
} as const satisfies Section;

export const schema = {
  database,
  dataDir: {
    doc: 'Directory of the embedded PostgreSQL and of generated keys. Relative to the working directory.',
    kind: 'text',
    default: '.hookline',
  },
  http,
  secretKey: {
    doc: "Encrypts webhooks' secrets at rest. Required with database.url; with the embedded PostgreSQL it is generated into dataDir.",
    kind: 'base64Key',
    optional: true,
    sensitive: true,
  },
  secretKeyPrevious: {
    doc: 'The key before secretKey, while one replaces the other: what it sealed can be read, and is sealed anew in the background.',
    kind: 'base64Key',
    optional: true,
    sensitive: true,
  },
  adminPassword: {
    doc: 'Password of the user `admin`, which the first start creates. Without it a random one is printed once.',
    kind: 'text',
    optional: true,
    sensitive: true,
  },
  dispatch: dispatchKeys,
  egress: egressKeys,
  record: {
    batchMax: {
      doc: 'Messages recorded in one transaction at most; of those that tell of many events, as many as tell of so many events.',
      unit: 'messages',
      kind: 'whole',
      min: 1,
      max: 10_000,
      default: 500,
    },
  },
  lease: {
    ttlMs: {
      doc: 'A process that has not been heard of for this long is taken to be dead, and others take over what it owed.',
      unit: 'ms',
      kind: 'whole',
      min: 1_000,
      max: 600_000,
      default: 10_000,
    },
  },
  retention: {
    days: {
      doc: 'Events, deliveries and attempts older than this are dropped.',
      unit: 'days',
      kind: 'whole',
      min: 1,
      max: 3_650,
      default: 30,
    },
    keyHours: {
      doc: "For so long an event that its cloud gave an id (`message_id`, a CloudEvent's `source` and `id`, …) is known when it comes again.",
      unit: 'hours',
      kind: 'whole',
      min: 1,
      max: 8_760,
      default: 48,
    },
  },
  match: {
    resyncMs: {
      doc: 'How often webhooks, accounts and domains are read again, in case a notification was lost.',
      unit: 'ms',
      kind: 'whole',
      min: 1_000,
      max: 86_400_000,
      default: 60_000,
    },
  },
  templates: templateKeys,
  shutdownMs: {
    doc: 'How long a stop may take to finish what is in flight; what is left is released to others.',
    unit: 'ms',
    kind: 'whole',
    min: 0,
    max: 600_000,
    default: 8_000,
  },
  log: {
    level: {
      doc: 'The least severe log lines that are written.',
      kind: 'word',
      words: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
      default: 'info',
    },
  },
  signature: {
    encoding: {
      doc: "How X-CS-Signature is written: base64 as CloudStack's code does, hex as its design page says.",
      kind: 'word',
      words: ['base64', 'hex'],
      default: 'base64',
    },
  },
  success: {
    codes: {
      doc: 'Statuses that mean delivered. 200 alone is what CloudStack does.',
      kind: 'codes',
      default: '2xx',
    },
  },
  scrub: {
    keys: {
      doc: 'Further names of secrets. What a key that ends in one of them holds is taken out of messages before anything is stored, logged or sent; `ssh key` also means ssh_key, sshKey and SSH-KEY. Passwords, tokens and their like are known already.',
      kind: 'list',
      optional: true,
    },
  },
  amqp: rabbitmqKeys,
  kafka: kafkaKeys,
  sources: {
    doc: 'More sources, each with name, kind (rabbitmq, kafka or http) and the keys of its kind; see below.',
    kind: 'sources',
    default: [],
    sensitive: true,
  },
  directory: directoryKeys,
  oidc: oidcKeys,
  client,
} as const satisfies Section;

/** The value of every key after layering, before sections that need more than their keys are built. */
export type Values = ValueOf<typeof schema>;
