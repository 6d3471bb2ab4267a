/** Every key of the configuration but the sources' own, which `source-schema.ts` holds. Public: names are for ever. */
import type { DispatchConfig, SuccessCodes, TemplateConfig } from './config.ts';
import { directoryKeys } from './directory/directory-schema.ts';
import type { RawDirectory } from './directory/directory-schema.ts';
import { dispatchKeys } from './dispatch/dispatch-schema.ts';
import { egressKeys, type RawEgress } from './dispatch/egress-schema.ts';
import type { Keys } from './value/value-kind.ts';
import { oidcKeys, type RawOidc } from './oidc/oidc-schema.ts';
import { kafkaKeys, rabbitmqKeys } from './source/source-schema.ts';
import type { RawKafka, RawRabbitmq } from './source/source-schema.ts';
import { templateKeys } from './dispatch/template-schema.ts';
import { logLevels, signatureEncodings } from './words.ts';
import type { LogLevel, SignatureEncoding } from './words.ts';

/** What convict holds after layering: the schema's tree with values for keys, null where a fact is absent. */
export interface RawConfig {
  database: { url: string | null; migrate: boolean; poolMax: number };
  dataDir: string;
  http: { host: string; port: number; publicUrl: string | null; trustedProxies: string[] };
  secretKey: string | null;
  secretKeyPrevious: string | null;
  adminPassword: string | null;
  dispatch: DispatchConfig;
  egress: RawEgress;
  record: { batchMax: number };
  lease: { ttlMs: number };
  retention: { days: number; keyHours: number };
  match: { resyncMs: number };
  templates: TemplateConfig;
  shutdownMs: number;
  log: { level: LogLevel };
  signature: { encoding: SignatureEncoding };
  success: { codes: SuccessCodes };
  scrub: { keys: string[] | null };
  amqp: RawRabbitmq;
  kafka: RawKafka;
  sources: unknown[];
  directory: RawDirectory;
  oidc: RawOidc;
  client: { url: string | null; token: string | null };
}

const database: Keys<RawConfig['database']> = {
  url: {
    doc: 'PostgreSQL 14 or newer. Without it an embedded PostgreSQL runs in dataDir.',
    format: 'databaseUrl',
    default: null,
    nullable: true,
    env: 'HOOKLINE_DATABASE_URL',
  },
  migrate: {
    doc: 'Bring the schema up to date at the start. With false, run `hookline migrate up` yourself.',
    format: 'flag',
    default: true,
    env: 'HOOKLINE_DATABASE_MIGRATE',
  },
  poolMax: {
    doc: 'Connections to the database that one process may hold.',
    unit: 'connections',
    format: 'whole',
    min: 2,
    max: 1000,
    default: 10,
    env: 'HOOKLINE_DATABASE_POOL_MAX',
  },
};

const http: Keys<RawConfig['http']> = {
  host: {
    doc: 'Address the API, the documentation and the metrics listen on.',
    format: 'text',
    default: '127.0.0.1',
    env: 'HOOKLINE_HTTP_HOST',
  },
  port: {
    doc: 'Port of the API. 0 takes any free one.',
    format: 'whole',
    min: 0,
    max: 65535,
    default: 8080,
    env: 'HOOKLINE_HTTP_PORT',
  },
  trustedProxies: {
    doc: 'Proxies in front of the API whose X-Forwarded-For is believed, so that the login limit and the audit see the client instead of the proxy. Nobody else is believed.',
    format: 'ranges',
    default: [],
    env: 'HOOKLINE_HTTP_TRUSTED_PROXIES',
  },
  publicUrl: {
    doc: 'Where people reach the API: `https://hookline.example`. The host a request names is never believed.',
    format: 'httpUrl',
    default: null,
    nullable: true,
    env: 'HOOKLINE_HTTP_PUBLIC_URL',
  },
};

const client: Keys<RawConfig['client']> = {
  url: {
    doc: 'Where the command line finds the API. Without it, http.host and http.port.',
    format: 'httpUrl',
    default: null,
    nullable: true,
    env: 'HOOKLINE_URL',
  },
  token: {
    doc: 'Token the command line presents. Without it, the one `hookline login` kept.',
    format: 'text',
    default: null,
    nullable: true,
    sensitive: true,
    env: 'HOOKLINE_TOKEN',
  },
};

export const schema: Keys<RawConfig> = {
  database,
  dataDir: {
    doc: 'Directory of the embedded PostgreSQL and of generated keys. Relative to the working directory.',
    format: 'text',
    default: '.hookline',
    env: 'HOOKLINE_DATA_DIR',
  },
  http,
  secretKey: {
    doc: "Encrypts webhooks' secrets at rest. Required with database.url; with the embedded PostgreSQL it is generated into dataDir.",
    format: 'base64Key',
    default: null,
    nullable: true,
    sensitive: true,
    env: 'HOOKLINE_SECRET_KEY',
  },
  secretKeyPrevious: {
    doc: 'The key before secretKey, while one replaces the other: what it sealed can be read, and is sealed anew in the background.',
    format: 'base64Key',
    default: null,
    nullable: true,
    sensitive: true,
    env: 'HOOKLINE_SECRET_KEY_PREVIOUS',
  },
  adminPassword: {
    doc: 'Password of the user `admin`, which the first start creates. Without it a random one is printed once.',
    format: 'text',
    default: null,
    nullable: true,
    sensitive: true,
    env: 'HOOKLINE_ADMIN_PASSWORD',
  },
  dispatch: dispatchKeys,
  egress: egressKeys,
  record: {
    batchMax: {
      doc: 'Messages recorded in one transaction at most; of those that tell of many events, as many as tell of so many events.',
      unit: 'messages',
      format: 'whole',
      min: 1,
      max: 10_000,
      default: 500,
      env: 'HOOKLINE_RECORD_BATCH_MAX',
    },
  },
  lease: {
    ttlMs: {
      doc: 'A process that has not been heard of for this long is taken to be dead, and others take over what it owed.',
      unit: 'ms',
      format: 'whole',
      min: 1_000,
      max: 600_000,
      default: 10_000,
      env: 'HOOKLINE_LEASE_TTL_MS',
    },
  },
  retention: {
    days: {
      doc: 'Events, deliveries and attempts older than this are dropped.',
      unit: 'days',
      format: 'whole',
      min: 1,
      max: 3_650,
      default: 30,
      env: 'HOOKLINE_RETENTION_DAYS',
    },
    keyHours: {
      doc: "For so long an event that its cloud gave an id (`message_id`, a CloudEvent's `source` and `id`, …) is known when it comes again.",
      unit: 'hours',
      format: 'whole',
      min: 1,
      max: 8_760,
      default: 48,
      env: 'HOOKLINE_RETENTION_KEY_HOURS',
    },
  },
  match: {
    resyncMs: {
      doc: 'How often webhooks, accounts and domains are read again, in case a notification was lost.',
      unit: 'ms',
      format: 'whole',
      min: 1_000,
      max: 86_400_000,
      default: 60_000,
      env: 'HOOKLINE_MATCH_RESYNC_MS',
    },
  },
  templates: templateKeys,
  shutdownMs: {
    doc: 'How long a stop may take to finish what is in flight; what is left is released to others.',
    unit: 'ms',
    format: 'whole',
    min: 0,
    max: 600_000,
    default: 8_000,
    env: 'HOOKLINE_SHUTDOWN_MS',
  },
  log: {
    level: {
      doc: 'The least severe log lines that are written.',
      format: 'word',
      words: logLevels,
      default: 'info',
      env: 'HOOKLINE_LOG_LEVEL',
    },
  },
  signature: {
    encoding: {
      doc: "How X-CS-Signature is written: base64 as CloudStack's code does, hex as its design page says.",
      format: 'word',
      words: signatureEncodings,
      default: 'base64',
      env: 'HOOKLINE_SIGNATURE_ENCODING',
    },
  },
  success: {
    codes: {
      doc: 'Statuses that mean delivered. 200 alone is what CloudStack does.',
      format: 'codes',
      default: '2xx',
      env: 'HOOKLINE_SUCCESS_CODES',
    },
  },
  scrub: {
    keys: {
      doc: 'Further names of secrets. What a key that ends in one of them holds is taken out of messages before anything is stored, logged or sent; `ssh key` also means ssh_key, sshKey and SSH-KEY. Passwords, tokens and their like are known already.',
      format: 'list',
      default: null,
      nullable: true,
      env: 'HOOKLINE_SCRUB_KEYS',
    },
  },
  amqp: rabbitmqKeys('HOOKLINE_AMQP'),
  kafka: kafkaKeys('HOOKLINE_KAFKA'),
  sources: {
    doc: 'More sources, each with name, kind (rabbitmq, kafka or http) and the keys of its kind; see below.',
    format: 'sources',
    default: [],
    sensitive: true,
    env: 'HOOKLINE_SOURCES',
  },
  directory: directoryKeys,
  oidc: oidcKeys,
  client,
};
