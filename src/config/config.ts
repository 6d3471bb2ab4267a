/** The configuration that the rest of Hookline works with: validated, typed, complete. `load/load.ts` builds it. */
import type { DirectoryConfig } from './directory/directory.ts';
import type { EgressConfig } from './dispatch/egress.ts';
import type { OidcConfig } from './oidc/oidc.ts';
import type { Values } from './schema.ts';
import type { SourceConfig } from './source/source.ts';

/** The values of the schema's keys, except for those in `Built`. */
export interface Config extends Omit<Values, 'amqp' | 'kafka' | keyof Built>, Built {}

/** What is built from several keys, or from files that keys name. */
interface Built {
  /** Absolute path. */
  readonly dataDir: string;
  /** 32 bytes. Present whenever `database.url` is; otherwise see `readOrCreateSecretKey`. */
  readonly secretKey?: Buffer;
  /** 32 bytes; present while the key is being rotated. */
  readonly secretKeyPrevious?: Buffer;
  readonly egress: EgressConfig;
  /** Names of secret fields in addition to the built-in ones. */
  readonly scrub: { readonly keys: readonly string[] };
  /** Sources of the sections `amqp` and `kafka`, and of the list `sources`. */
  readonly sources: readonly SourceConfig[];
  /** Cloud that the directory is read from; absent: it is imported, or created by hand. */
  readonly directory?: DirectoryConfig;
  /** OpenID provider; absent: people log in by password alone. */
  readonly oidc?: OidcConfig;
  readonly client: ClientConfig;
}

/** How the command line reaches a running Hookline. */
interface ClientConfig extends Omit<Values['client'], 'url'> {
  /** Base URL of the API, without a trailing slash. */
  readonly url: string;
  /** Path of the file in which `hookline login` stores tokens. */
  readonly tokenFile: string;
}
