/** What commands are handed, and what they have in common. */
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';

import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load/load.ts';
import type { ConfigOptions } from '../config/load/load.ts';
import { readToken } from '../config/file/token-file.ts';
import type {
  CloudImport,
  ImportOptions,
  ImportTarget,
} from '../directory/cloudstack/import-webhooks.ts';
import type { Finding } from '../event/finding.ts';
import { createClient } from './terminal/client.ts';
import type { Client, Query } from './terminal/client.ts';
import type { Io } from './terminal/io.ts';
import { showFacts, showTable } from './terminal/show.ts';
import type { Column, Row } from './terminal/show.ts';

/** What the command line does in this process instead of asking a running one. The program's entry supplies it. */
export interface Actions {
  /** Starts everything, or the parts named; resolves once it runs. @param roles as typed: `ingest,api`. */
  serve(config: Config, roles: string | undefined): Promise<void>;
  /** Looks at all that the configuration names. @param receiver a payload URL to judge. */
  doctor(config: Config, receiver: URL | undefined): Promise<readonly Finding[]>;
  /** Opens the database the configuration names. */
  openLocal(config: Config): Promise<Local>;
  /** Reads the webhooks of the CloudStack the configuration names, and makes them where it is told to. */
  importFromCloudstack(
    config: Config,
    target: ImportTarget,
    options: ImportOptions,
  ): Promise<CloudImport>;
}

/** The database itself, for those who cannot or need not ask the API. */
export interface Local extends AsyncDisposable {
  /** @returns names of the migrations that were run. */
  migrateUp(): Promise<readonly string[]>;
  /** Undoes the last one. */
  migrateDown(): Promise<readonly string[]>;
  migrationStatus(): Promise<{ executed: readonly string[]; pending: readonly string[] }>;
  putUser(user: { username: string; password: string }): Promise<'created' | 'changed'>;
  /** @returns undefined when there is no such user. */
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
    .option('--server <url>', 'where Hookline listens; HOOKLINE_URL, else as configured')
    .option('--json', 'answer in JSON, for scripts');
}

export function sharedOptions(command: Command): Shared {
  return command.optsWithGlobals<Shared>();
}

/** @throws {ConfigError} */
export function configFor({ environment }: Cli, command: Command): Config {
  const { config: file } = sharedOptions(command);
  return loadConfig({ ...environment, ...(file !== undefined && { file }) });
}

/** @throws {ConfigError} */
export async function clientFor(cli: Cli, command: Command): Promise<Client> {
  const { url, token } = await serverFor(cli, command);
  return createClient({ url, ...(token !== undefined && { token }) });
}

/** @throws {ConfigError} */
export const openClient = (context: CommandContext): Promise<Client> =>
  clientFor(context, context.command);

export const isJson = ({ command }: CommandContext): boolean =>
  sharedOptions(command).json === true;

/** Where to ask, and what to prove oneself with. */
export async function serverFor(
  cli: Cli,
  command: Command,
): Promise<{ url: string; token: string | undefined; tokenFile: string }> {
  const { client } = configFor(cli, command);
  const url = (sharedOptions(command).server ?? client.url).replace(/\/+$/, '');
  const token = client.token ?? (await readToken(client.tokenFile, url));
  return { url, token, tokenFile: client.tokenFile };
}

export interface ListRequest {
  readonly path: string;
  readonly query: Query;
  readonly limit: number;
  readonly columns: readonly Column[];
  /** Makes the row a table shows of the one that came; JSON is as it came. */
  readonly digest?: (row: Row) => Row;
}

/** Asks for a list and prints it. */
export async function printList(cli: Cli, command: Command, request: ListRequest): Promise<void> {
  const { io } = cli;
  const client = await clientFor(cli, command);
  const { rows, more } = await client.list(request.path, request.query, request.limit);
  if (sharedOptions(command).json === true) io.out(JSON.stringify(rows, null, 2));
  else if (rows.length === 0) io.err('Nothing found.');
  else io.out(showTable(rows.map(request.digest ?? (row => row)), request.columns, io.columns));
  if (more) io.err(`There is more: raise --limit above ${rows.length}.`);
}

/** Prints one thing. @param shown what people see of it. */
export function printRow({ io }: Cli, command: Command, row: Row, shown: Row = row): void {
  io.out(sharedOptions(command).json === true ? JSON.stringify(row, null, 2) : showFacts(shown));
}

/** Says that something was done; to a script, the thing itself. */
export function printDone(cli: Cli, command: Command, said: string, row: Row): void {
  if (sharedOptions(command).json === true) printRow(cli, command, row);
  else cli.io.out(said);
}

/** For an option's value. */
export function parseWhole(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('expected a whole number');
  return Number(text);
}

/** For `--limit`. */
export function parseLimit(text: string): number {
  const limit = parseWhole(text);
  if (limit < 1) throw new InvalidArgumentError('expected at least 1');
  return limit;
}

/** For a list in one value: `a,b`. */
export function parseList(text: string): string[] {
  return text.split(',').map(item => item.trim());
}

export const defaultLimit = 50;
