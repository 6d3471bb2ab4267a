/** What the rest of Hookline is configured with: validated, typed, complete. `load.ts` makes it. */
import type { DirectoryConfig } from './directory/directory.ts';
import type { OidcConfig } from './oidc/oidc.ts';
import type { MappingConfig } from './source/format-schema.ts';
import type { TlsConfig } from './value/tls.ts';
import type {
  HmacAlgorithm,
  HmacEncoding,
  LogLevel,
  ProxyResolve,
  QueueType,
  SaslMechanism,
  SignatureEncoding,
  SourceFormat,
} from './words.ts';

export interface Config {
  readonly database: {
    /** Absent: an embedded PostgreSQL kept in `dataDir`. */
    readonly url?: string;
    readonly migrate: boolean;
    readonly poolMax: number;
  };
  /** Absolute. */
  readonly dataDir: string;
  readonly http: {
    readonly host: string;
    readonly port: number;
    /** Ranges of IP addresses. */
    readonly trustedProxies: readonly string[];
    /** Where people reach the API. */
    readonly publicUrl?: string;
  };
  /** 32 bytes. Always there with `database.url`; without, see `readOrCreateSecretKey`. */
  readonly secretKey?: Buffer;
  /** 32 bytes. */
  readonly secretKeyPrevious?: Buffer;
  readonly adminPassword?: string;
  readonly dispatch: DispatchConfig;
  readonly egress: EgressConfig;
  readonly record: { readonly batchMax: number };
  readonly lease: { readonly ttlMs: number };
  readonly retention: { readonly days: number; readonly keyHours: number };
  readonly match: { readonly resyncMs: number };
  readonly templates: TemplateConfig;
  readonly shutdownMs: number;
  readonly log: { readonly level: LogLevel };
  readonly signature: { readonly encoding: SignatureEncoding };
  readonly success: { readonly codes: SuccessCodes };
  /** Names of secrets beside the built-in ones. */
  readonly scrub: { readonly keys: readonly string[] };
  readonly sources: readonly SourceConfig[];
  /** Absent: the directory is imported or made by hand. */
  readonly directory?: DirectoryConfig;
  /** Absent: people log in by password alone. */
  readonly oidc?: OidcConfig;
  readonly client: ClientConfig;
}

export interface DispatchConfig {
  /** Requests in flight, in all. */
  readonly concurrency: number;
  /** Deliveries held in memory, in all. */
  readonly windowMax: number;
  /** A fresh delivery that has waited this long in its webhook's lane is written down as due. */
  readonly laneWaitMs: number;
  /** An average answer above this makes a webhook slow. */
  readonly slowMs: number;
  /** An ended attempt waits this long for company before it is written. */
  readonly flushMs: number;
  readonly flushMax: number;
  /** Undelivered deliveries at which the sources pause. */
  readonly backlogMax: number;
  readonly timeoutMs: number;
  readonly tries: number;
  readonly responseBytesMax: number;
  readonly backoff: BackoffConfig;
}

/** What runs the templates of webhooks, and what one may take. */
export interface TemplateConfig {
  readonly processes: number;
  /** For one event. */
  readonly timeoutMs: number;
  /** Of one process. */
  readonly memoryMb: number;
  /** The longest body. */
  readonly bytesMax: number;
  /** Events that may wait. */
  readonly queueMax: number;
}

/** Where deliveries may go, and how. */
export interface EgressConfig {
  /** Ranges of IP addresses, `10.0.0.0/8`. */
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  readonly proxy?: {
    readonly url: string;
    readonly noProxy: readonly string[];
    readonly resolve: ProxyResolve;
  };
  /** PEM text. */
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

export interface BackoffConfig {
  readonly baseMs: number;
  readonly capMs: number;
  /** The longest wait a receiver may ask for by Retry-After. */
  readonly waitMsMax: number;
}

/** Which statuses mean delivered: all of 2xx, or these of them. */
export type SuccessCodes = '2xx' | readonly number[];

/** How a source's messages are read. */
export interface FormatConfig {
  readonly format: SourceFormat;
  readonly keepAudit: boolean;
  /** 0 drops none. */
  readonly alarmTtlMs: number;
  readonly showPayload: boolean;
  readonly mapping: MappingConfig;
}

export type SourceConfig = RabbitmqConfig | KafkaConfig | HttpConfig;

export interface RabbitmqConfig extends FormatConfig {
  readonly kind: 'rabbitmq';
  readonly name: string;
  readonly url: string;
  readonly exchange: readonly string[];
  readonly bindings: readonly string[];
  readonly queue: string;
  readonly queueType: QueueType;
  readonly prefetch: number;
  /** Given only where a TLS key is set; an `amqps:` URL alone uses the system's authorities. */
  readonly tls?: TlsConfig;
}

export interface KafkaConfig extends FormatConfig {
  readonly kind: 'kafka';
  readonly name: string;
  readonly brokers: readonly string[];
  readonly topics: readonly string[];
  readonly groupId: string;
  readonly fromBeginning: boolean;
  readonly sessionTimeoutMs: number;
  readonly sasl?: {
    readonly mechanism: SaslMechanism;
    readonly username: string;
    readonly password: string;
  };
  /** Absent: plain text. */
  readonly tls?: TlsConfig;
}

/** A path that others post to. Of `token` and `hmac` each that is there must be right; one is. */
export interface HttpConfig extends FormatConfig {
  readonly kind: 'http';
  readonly name: string;
  readonly token?: string;
  /** A signature over the body. */
  readonly hmac?: {
    readonly secret: string;
    readonly header: string;
    readonly algorithm: HmacAlgorithm;
    readonly encoding: HmacEncoding;
    readonly prefix?: string;
  };
  readonly idempotencyHeader: string;
  /** `*` is everybody. */
  readonly origins: readonly string[];
  readonly bodyBytesMax: number;
  readonly waitMs: number;
  readonly waitingMax: number;
}

/** How the command line reaches a running Hookline. */
export interface ClientConfig {
  /** Without a trailing slash. */
  readonly url: string;
  readonly token?: string;
  /** Where `hookline login` keeps tokens. */
  readonly tokenFile: string;
}
