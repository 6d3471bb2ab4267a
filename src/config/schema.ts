/**
 * The schema: every key of the configuration, here or in the file of its section. Names never change, because users'
 * files and variables contain them.
 *
 * A key's definition is the only place to edit: the type and check of its value, its environment variable, `hookline
 * config` and the reference all follow from it.
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
    doc: 'URL of the database, PostgreSQL 14 or newer; with `?sslmode=verify-full&sslrootcert=FILE` over TLS, to a server whose certificate is in the file or comes from an authority there. Through a pooler in transaction mode, such as PgBouncer, changes are noticed by polling, within two seconds; in session mode at once. If unset, an embedded PostgreSQL runs in dataDir.',
    kind: 'databaseUrl',
    optional: true,
  },
  migrate: {
    doc: 'Whether to bring the database schema up to date at startup. If false, run `hookline migrate up` yourself.',
    kind: 'flag',
    default: true,
  },
  poolMax: {
    doc: 'Maximum number of database connections with which a process records and dispatches events. It also opens one to hear of changes, and those of database.apiPoolMax.',
    unit: 'connections',
    kind: 'whole',
    min: 2,
    max: 1000,
    default: 10,
  },
  apiPoolMax: {
    doc: 'Maximum number of further database connections, for the requests of the API. All but one may be in use by requests that only read, half of those by one account; others wait for their turn.',
    unit: 'connections',
    kind: 'whole',
    min: 2,
    max: 1000,
    default: 5,
  },
  apiTimeoutMs: {
    doc: 'Maximum duration of a database query of the API. The query is cancelled, and its request answered with 503 `query_too_long`.',
    unit: 'ms',
    kind: 'whole',
    min: 100,
    max: 45_000,
    default: 10_000,
  },
} as const satisfies Section;

const http = {
  host: {
    doc: 'Address that the API, its documentation and the metrics listen on.',
    kind: 'text',
    default: '127.0.0.1',
  },
  port: {
    doc: 'Port that the API listens on; 0 picks any free one.',
    kind: 'whole',
    min: 0,
    max: 65535,
    default: 8080,
  },
  connectionsMax: {
    doc: 'Maximum number of connections to the API; further ones are closed at once. Keep it well below the limit of open files.',
    unit: 'connections',
    kind: 'whole',
    min: 1,
    max: 1_000_000,
    default: 1_000,
  },
  trustedProxies: {
    doc: 'Reverse proxies in front of the API whose X-Forwarded-For header is trusted, so that the login limit and the audit log see the client instead of the proxy. The header is ignored from anybody else.',
    kind: 'ranges',
    default: [],
  },
  publicUrl: {
    doc: 'URL at which people reach the API and the console, such as `https://hookline.example` or, below a path of a reverse proxy, `https://cloud.example/hookline`. The Host header of a request is never trusted for it. No webhook may deliver to its host and port.',
    kind: 'httpUrl',
    optional: true,
  },
} as const satisfies Section;

const consoleKeys = {
  frameAncestors: {
    doc: "Origins whose pages may show the console in a frame, such as that of CloudStack's own UI. By default, none may.",
    kind: 'origins',
    default: [],
  },
} as const satisfies Section;

const client = {
  url: {
    doc: 'URL at which the command line reaches the API. If unset, it follows from http.host and http.port.',
    kind: 'httpUrl',
    optional: true,
    variable: 'HOOKLINE_URL',
  },
  token: {
    doc: 'Token that the command line sends. If unset, the one that `hookline login` stored.',
    kind: 'text',
    optional: true,
    sensitive: true,
    variable: 'HOOKLINE_TOKEN',
  },
} as const satisfies Section;

export const schema = {
  database,
  dataDir: {
    doc: 'Directory for the embedded PostgreSQL and generated keys; a relative path starts at the working directory.',
    kind: 'text',
    default: '.hookline',
  },
  http,
  console: consoleKeys,
  secretKey: {
    doc: "Key that encrypts the webhooks' secrets at rest. Required with database.url; with the embedded PostgreSQL, one is generated in dataDir.",
    kind: 'base64Key',
    optional: true,
    sensitive: true,
  },
  secretKeyPrevious: {
    doc: 'Previous secretKey, while the key is being rotated: secrets encrypted with it can still be read, and are re-encrypted in the background.',
    kind: 'base64Key',
    optional: true,
    sensitive: true,
  },
  adminPassword: {
    doc: 'Password of the user `admin`, who is created on first start. If unset, a random one is generated and printed once.',
    kind: 'text',
    optional: true,
    sensitive: true,
  },
  dispatch: dispatchKeys,
  egress: egressKeys,
  record: {
    batchMax: {
      doc: 'Maximum number of messages recorded in one transaction. Where messages carry several events each, the maximum number of their events.',
      unit: 'messages',
      kind: 'whole',
      min: 1,
      max: 10_000,
      default: 500,
    },
  },
  lease: {
    ttlMs: {
      doc: 'Time without a sign of life after which a process is considered dead and others take over its deliveries.',
      unit: 'ms',
      kind: 'whole',
      min: 1_000,
      max: 600_000,
      default: 10_000,
    },
  },
  retention: {
    days: {
      doc: 'Age at which events, deliveries and attempts are deleted.',
      unit: 'days',
      kind: 'whole',
      min: 1,
      max: 3_650,
      default: 30,
    },
    keyHours: {
      doc: "How long a repeated event is recognized and dropped, where its cloud gave it an id (`message_id`, a CloudEvent's `source` and `id`, …).",
      unit: 'hours',
      kind: 'whole',
      min: 1,
      max: 8_760,
      default: 48,
    },
  },
  match: {
    resyncMs: {
      doc: 'How often webhooks, accounts and domains are all reloaded from the database. Changes take effect within a second anyway; this covers changes made while triggers were disabled.',
      unit: 'ms',
      kind: 'whole',
      min: 1_000,
      max: 86_400_000,
      default: 3_600_000,
    },
  },
  templates: templateKeys,
  shutdownMs: {
    doc: 'How long a shutdown waits for work in flight. Deliveries left over are released to other processes.',
    unit: 'ms',
    kind: 'whole',
    min: 0,
    max: 600_000,
    default: 8_000,
  },
  log: {
    level: {
      doc: 'Lowest severity of log lines to write.',
      kind: 'word',
      words: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
      default: 'info',
    },
  },
  signature: {
    encoding: {
      doc: "Encoding of the X-CS-Signature header: base64 as in CloudStack's code, hex as on its design page.",
      kind: 'word',
      words: ['base64', 'hex'],
      default: 'base64',
    },
  },
  success: {
    codes: {
      doc: 'HTTP status codes that count as delivered. CloudStack accepts 200 alone.',
      kind: 'codes',
      default: '2xx',
    },
  },
  scrub: {
    keys: {
      doc: 'Additional names of secret fields. The value of any field whose name ends in one of them is removed from messages before anything is stored, logged or sent; `ssh key` also matches ssh_key, sshKey and SSH-KEY. Passwords, tokens and the like are removed anyway.',
      kind: 'list',
      optional: true,
    },
  },
  amqp: rabbitmqKeys,
  kafka: kafkaKeys,
  sources: {
    doc: 'Further sources, each with a name, a kind (rabbitmq, kafka or http) and the keys of that kind; see Sources in docs/configuration.md.',
    kind: 'sources',
    default: [],
    sensitive: true,
  },
  directory: directoryKeys,
  oidc: oidcKeys,
  client,
} as const satisfies Section;

/** The values of all keys after layering. `Config` is built from them. */
export type Values = ValueOf<typeof schema>;
