/** `hookline login`, `logout`, `whoami`, `hookline token …` */
import { Option } from 'commander';
import type { Command } from 'commander';

import { removeToken, writeToken } from '../../config/file/token-file.ts';
import { createClient } from '../terminal/client.ts';
import {
  clientFor,
  configFor,
  defaultLimit,
  parseLimit,
  parseList,
  parseWhole,
  printDone,
  printList,
  printRow,
  serverFor,
} from '../context.ts';
import type { Cli } from '../context.ts';
import { CommandError } from '../terminal/failure.ts';
import { local, passwordStdin, readPassword, type PasswordOptions } from './password.ts';
import { loginByDevice } from './device-login.ts';
import type { Row } from '../terminal/show.ts';

export function addAccessCommands(program: Command, cli: Cli): void {
  addLogin(program, cli);
  addSession(program, cli);
  addTokenCommands(program, cli);
}

function addLogin(program: Command, cli: Cli): void {
  program
    .command('login')
    .description('log in; the token is kept in a file only you can read')
    .option('--username <name>', 'who', 'admin')
    .option(...passwordStdin)
    .addOption(
      new Option('--oidc', 'at the identity provider, with a browser').conflicts([
        'username',
        'passwordStdin',
      ]),
    )
    .action(async (options: LoginOptions, command: Command) => {
      const { url, tokenFile } = await serverFor(cli, command);
      const session = await openSession(cli, options, url);
      await writeToken(tokenFile, url, String(session['token']));
      const until = session['expiresAt'];
      printDone(cli, command, `Logged in at ${url} until ${String(until)}.`, {
        url,
        expiresAt: until,
      });
    });
}

interface LoginOptions extends PasswordOptions {
  readonly username: string;
  readonly oidc?: boolean;
}

async function openSession(cli: Cli, options: LoginOptions, url: string): Promise<Row> {
  const client = createClient({ url });
  if (options.oidc === true) return loginByDevice(client, cli.io);
  const { username } = options;
  const password = await readPassword(cli, options, `Password of ${username} at ${url}: `);
  return client.send('POST', '/v1/login', { username, password });
}

function addSession(program: Command, cli: Cli): void {
  program
    .command('logout')
    .description('end the login: its token is of no use to anybody from then on')
    .action(async (_: object, command: Command) => {
      const { url, tokenFile } = await serverFor(cli, command);
      const client = await clientFor(cli, command);
      // First of all: what cannot be ended at the server must not stay here either.
      await removeToken(tokenFile, url);
      await client.send('POST', '/v1/logout').catch((error: unknown) => {
        if (!isStale(error)) throw error;
      });
      printDone(cli, command, `Logged out at ${url}.`, { url });
    });
  program
    .command('whoami')
    .description('show who you are at the Hookline asked, and with what rights')
    .action(async (_: object, command: Command) => {
      const { url } = await serverFor(cli, command);
      const client = await clientFor(cli, command);
      const { csrfToken: _token, ...who } = await client.get('/v1/session');
      printRow(cli, command, { url, ...who });
    });
}

const isStale = (error: unknown): boolean =>
  error instanceof CommandError && error.problem['code'] === 'unauthenticated';

function addTokenCommands(program: Command, cli: Cli): void {
  const token = program.command('token').description('tokens for programs that act for you');
  token
    .command('list')
    .description('list your tokens')
    .option('--limit <n>', 'at most so many', parseLimit, defaultLimit)
    .action(async ({ limit }: { limit: number }, command: Command) => {
      const columns = ['id', 'name', 'scopes', 'created', 'expiresAt', 'lastUsedAt'].map(field => ({
        field,
      }));
      await printList(cli, command, { path: '/v1/tokens', query: {}, limit, columns });
    });
  token
    .command('create')
    .description('make a token; it is shown this once')
    .argument('<name>')
    .option('--scopes <list>', 'what it opens: read, write; both when absent', parseList)
    .option('--expires <days>', 'when it ends, such as 30; never when absent', parseDays)
    .option('--user <username>', 'whose, with --local', 'admin')
    .option(...local)
    .action(async (name: string, options: TokenOptions, command: Command) => {
      if (options.local === true)
        return createLocalToken(cli, command, { name, username: options.user });
      const client = await clientFor(cli, command);
      const { scopes, expires: expiresInDays } = options;
      const made = await client.send('POST', '/v1/tokens', { name, scopes, expiresInDays });
      printDone(cli, command, String(made['token']), made);
    });
  token
    .command('delete')
    .description('take back tokens')
    .argument('<id...>')
    .action(async (ids: string[], _: object, command: Command) => {
      const client = await clientFor(cli, command);
      for (const id of ids) {
        await client.send('DELETE', `/v1/tokens/${encodeURIComponent(id)}`);
        printDone(cli, command, `${id} deleted`, { id });
      }
    });
}

interface TokenOptions {
  readonly scopes?: readonly string[];
  /** Days. */
  readonly expires?: number;
  readonly user: string;
  readonly local?: boolean;
}

async function createLocalToken(
  cli: Cli,
  command: Command,
  wanted: { username: string; name: string },
): Promise<void> {
  await using database = await cli.actions.openLocal(configFor(cli, command));
  const token = await database.createToken(wanted);
  if (token === undefined) {
    throw new CommandError(
      `There is no user ${wanted.username}. Make one with hookline user create ${wanted.username} --local.`,
    );
  }
  printDone(cli, command, token, { ...wanted, token });
}

/** `30` and `30d`. */
const parseDays = (text: string): number => parseWhole(text.replace(/d$/, ''));
