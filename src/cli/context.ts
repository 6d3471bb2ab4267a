/** Everything a command works with: terminal, environment, shared options, configuration and API client. */
import type { Command } from 'commander';

import type { Config } from '../config/config.ts';
import { type ConfigOptions, type Layers, loadConfig, loadLayers } from '../config/load/load.ts';
import { readToken } from '../config/file/token-file.ts';
import type {
  CloudImport,
  ImportOptions,
  ImportTarget,
} from '../directory/cloudstack/import-webhooks.ts';
import type { Finding } from '../event/finding.ts';
import { type Client, createClient } from './terminal/client.ts';
import type { Io } from './terminal/io.ts';

/** Work that is done in this process instead of by a running Hookline. The program's entry supplies it. */
export interface Actions {
  /** Starts all roles, or those named; resolves once they run. @param roles as typed: `ingest,api`. */
  serve(config: Config, roles: string | undefined): Promise<void>;
  /** Checks everything the configuration names. @param receiver a payload URL to check as well. */
  doctor(config: Config, receiver: URL | undefined): Promise<readonly Finding[]>;
  /** Opens the database of the configuration. */
  openLocal(config: Config): Promise<Local>;
  /** Reads the webhooks of the CloudStack of the configuration and creates them at the target. */
  importFromCloudstack(
    config: Config,
    target: ImportTarget,
    options: ImportOptions,
  ): Promise<CloudImport>;
}

/** The database itself, for users who cannot log in yet. */
export interface Local extends AsyncDisposable {
  /** Runs pending migrations. @returns their names. */
  migrateUp(): Promise<readonly string[]>;
  /** Undoes the last migration. @returns its name, or nothing. */
  migrateDown(): Promise<readonly string[]>;
  migrationStatus(): Promise<{ executed: readonly string[]; pending: readonly string[] }>;
  putUser(user: { username: string; password: string }): Promise<'created' | 'changed'>;
  /** @returns the token; undefined where there is no such user. */
  createToken(token: { username: string; name: string }): Promise<string | undefined>;
}

export interface Cli {
  readonly io: Io;
  readonly environment: Pick<ConfigOptions, 'env' | 'cwd'>;
  readonly actions: Actions;
}

/** A command at work. */
export interface CommandContext extends Cli {
  readonly command: Command;
}

/** Options that every command takes. */
interface Shared {
  readonly config?: string;
  readonly server?: string;
  readonly json?: boolean;
}

export function addSharedOptions(program: Command): void {
  program
    .option('--config <file>', 'configuration file, YAML or JSON')
    .option('--server <url>', 'URL of Hookline; HOOKLINE_URL, else the configured one, when absent')
    .option('--json', 'print JSON, for scripts');
}

function sharedOptions(command: Command): Shared {
  return command.optsWithGlobals<Shared>();
}

/** @throws {ConfigError} */
export const configFor = (context: CommandContext): Config => loadConfig(configOptions(context));

/** Configuration in layers, each value with its origin. @throws {ConfigError} */
export const layersFor = (context: CommandContext): Layers => loadLayers(configOptions(context));

const configOptions = ({ environment, command }: CommandContext): ConfigOptions => ({
  ...environment,
  file: sharedOptions(command).config,
});

/** @throws {ConfigError} */
export async function openClient(context: CommandContext): Promise<Client> {
  const { url, token } = await serverFor(context);
  const warn = (text: string): void => context.io.err(`Warning: ${text}`);
  return createClient({ url, token, warn });
}

export const isJson = ({ command }: CommandContext): boolean =>
  sharedOptions(command).json === true;

/** Where to find Hookline, and the token for it. @throws {ConfigError} */
export async function serverFor(
  context: CommandContext,
): Promise<{ url: string; token: string | undefined; tokenFile: string }> {
  const { client } = configFor(context);
  const url = (sharedOptions(context.command).server ?? client.url).replace(/\/+$/, '');
  const token = client.token ?? (await readToken(client.tokenFile, url));
  return { url, token, tokenFile: client.tokenFile };
}
