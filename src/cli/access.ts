/** `hookline login`, `hookline user …`, `hookline token …` */
import { Option } from 'commander';
import type { Command } from 'commander';

import { writeToken } from '../config/token-file.ts';
import { roles } from '../store/app-user.ts';
import { createClient } from './client.ts';
import {
  clientFor,
  configFor,
  defaultLimit,
  parseLimit,
  parseWhole,
  printDone,
  printList,
  printRow,
  serverFor,
} from './context.ts';
import type { Cli } from './context.ts';
import { loginByDevice } from './device-login.ts';
import { CommandError } from './io.ts';
import type { Row } from './show.ts';

interface PasswordOptions {
  readonly passwordStdin?: boolean;
  readonly local?: boolean;
}

const local = [
  '--local',
  'act straight on the database the configuration names, without a login',
] as const;
const passwordStdin = ['--password-stdin', 'read the password from standard input'] as const;

export function addAccessCommands(program: Command, cli: Cli): void {
  addLogin(program, cli);
  addUserCommands(program, cli);
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

function addUserCommands(program: Command, cli: Cli): void {
  const user = program.command('user').description('who may log in');
  user
    .command('list')
    .description('list users')
    .option('--limit <n>', 'at most so many', parseLimit, defaultLimit)
    .action(async ({ limit }: { limit: number }, command: Command) => {
      const columns = ['username', 'role', 'accountId', 'created'].map(field => ({ field }));
      await printList(cli, command, { path: '/v1/users', query: {}, limit, columns });
    });
  user
    .command('create')
    .description('make a user; with --local an admin, or a new password for one who is there')
    .argument('<username>')
    .addOption(new Option('--role <role>', 'what they may do').choices([...roles]).default('User'))
    .option('--account <id>', 'the account what the user makes belongs to; your own when absent')
    .option(...passwordStdin)
    .option(...local)
    .action(
      async (
        username: string,
        options: PasswordOptions & { role: string; account?: string },
        command: Command,
      ) => {
        const password = await readPassword(cli, options, `Password for ${username}: `);
        if (options.local === true) return putLocalUser(cli, command, { username, password });
        const client = await clientFor(cli, command);
        const { role, account: accountId } = options;
        printRow(
          cli,
          command,
          await client.send('POST', '/v1/users', { username, password, role, accountId }),
        );
      },
    );
  user
    .command('password')
    .description('give a user a new password; their tokens and sessions end')
    .argument('<username>')
    .option(...passwordStdin)
    .option(...local)
    .action(async (username: string, options: PasswordOptions, command: Command) => {
      const password = await readPassword(cli, options, `New password for ${username}: `);
      if (options.local === true) return putLocalUser(cli, command, { username, password });
      const client = await clientFor(cli, command);
      await client.send('PATCH', pathOf(username), { password });
      printDone(cli, command, `${username} has a new password`, { username });
    });
  user
    .command('delete')
    .description('delete a user and their tokens')
    .argument('<username>')
    .action(async (username: string, _: object, command: Command) => {
      const client = await clientFor(cli, command);
      await client.send('DELETE', pathOf(username));
      printDone(cli, command, `${username} deleted`, { username });
    });
}

function addTokenCommands(program: Command, cli: Cli): void {
  const token = program.command('token').description('tokens for programs that act for you');
  token
    .command('list')
    .description('list your tokens')
    .option('--limit <n>', 'at most so many', parseLimit, defaultLimit)
    .action(async ({ limit }: { limit: number }, command: Command) => {
      const columns = ['id', 'name', 'created', 'expiresAt', 'lastUsedAt'].map(field => ({
        field,
      }));
      await printList(cli, command, { path: '/v1/tokens', query: {}, limit, columns });
    });
  token
    .command('create')
    .description('make a token; it is shown this once')
    .argument('<name>')
    .option('--expires-in-days <n>', 'for ever when absent', parseWhole)
    .option('--user <username>', 'whose, with --local', 'admin')
    .option(...local)
    .action(async (name: string, options: TokenOptions, command: Command) => {
      if (options.local === true)
        return createLocalToken(cli, command, { name, username: options.user });
      const client = await clientFor(cli, command);
      const { expiresInDays } = options;
      const made = await client.send('POST', '/v1/tokens', { name, expiresInDays });
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
  readonly expiresInDays?: number;
  readonly user: string;
  readonly local?: boolean;
}

async function putLocalUser(
  cli: Cli,
  command: Command,
  user: { username: string; password: string },
): Promise<void> {
  await using database = await cli.actions.openLocal(configFor(cli, command));
  const done = await database.putUser(user);
  const { username } = user;
  const said = done === 'created' ? `${username} made` : `${username} has a new password`;
  printDone(cli, command, said, { username, done });
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

async function readPassword(
  { io }: Cli,
  options: PasswordOptions,
  question: string,
): Promise<string> {
  const password =
    options.passwordStdin === true
      ? (await io.readInput()).replace(/\r?\n$/, '')
      : await io.askSecret(question);
  if (password === '') throw new CommandError('The password is empty.');
  return password;
}

const pathOf = (username: string): string => `/v1/users/${encodeURIComponent(username)}`;
