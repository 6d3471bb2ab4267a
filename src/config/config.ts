/** What the rest of Hookline is configured with: validated, typed, complete. `load.ts` makes it. */
import type { DirectoryConfig } from './directory/directory.ts';
import type { EgressConfig } from './dispatch/egress.ts';
import type { OidcConfig } from './oidc/oidc.ts';
import type { Values } from './schema.ts';
import type { SourceConfig } from './source/source.ts';

/** The values of the keys as they are, but for those below, which are made of several or of the files they name. */
export interface Config extends Omit<Values, 'amqp' | 'kafka' | keyof Built>, Built {}

interface Built {
  /** Absolute path. */
  readonly dataDir: string;
  /** 32 bytes. Always there with `database.url`; without, see `readOrCreateSecretKey`. */
  readonly secretKey?: Buffer;
  /** 32 bytes. */
  readonly secretKeyPrevious?: Buffer;
  readonly egress: EgressConfig;
  /** Names of secrets beside the built-in ones. */
  readonly scrub: { readonly keys: readonly string[] };
  /** The sections `amqp` and `kafka`, where they make one, and the list. */
  readonly sources: readonly SourceConfig[];
  /** Absent: the directory is imported, or created by hand. */
  readonly directory?: DirectoryConfig;
  /** Absent: people log in by password alone. */
  readonly oidc?: OidcConfig;
  readonly client: ClientConfig;
}

/** How the command line reaches a running Hookline. */
interface ClientConfig extends Omit<Values['client'], 'url'> {
  /** Without a trailing slash. */
  readonly url: string;
  /** Path of the file where `hookline login` keeps tokens. */
  readonly tokenFile: string;
}
