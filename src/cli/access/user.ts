/** `hookline user …` */
import { Option } from 'commander';
import type { Command } from 'commander';

import { roles } from '../../store/schema/access.ts';
import {
  clientFor,
  configFor,
  defaultLimit,
  parseLimit,
  printDone,
  printList,
  printRow,
} from '../context.ts';
import type { Cli } from '../context.ts';
import { local, passwordStdin, readPassword, type PasswordOptions } from './password.ts';

export function addUserCommands(program: Command, cli: Cli): void {
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
  addPassword(user, cli);
  addRemoval(user, cli);
  addKeyCommands(user, cli);
}

function addPassword(user: Command, cli: Cli): void {
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
}

function addRemoval(user: Command, cli: Cli): void {
  user
    .command('delete')
    .description('delete a user and their tokens')
    .argument('<username...>')
    .action(async (usernames: string[], _: object, command: Command) => {
      const client = await clientFor(cli, command);
      for (const username of usernames) {
        await client.send('DELETE', pathOf(username));
        printDone(cli, command, `${username} deleted`, { username });
      }
    });
}

function addKeyCommands(user: Command, cli: Cli): void {
  const key = user
    .command('key')
    .description(
      "pairs of API key and secret key, for clients that sign requests as CloudStack's do",
    );
  key
    .command('list')
    .description("list a user's API keys, without their secrets")
    .argument('<username>')
    .option('--limit <n>', 'at most so many', parseLimit, defaultLimit)
    .action(async (username: string, { limit }: { limit: number }, command: Command) => {
      const columns = ['id', 'apiKey', 'created', 'lastUsedAt'].map(field => ({ field }));
      await printList(cli, command, {
        path: `${pathOf(username)}/keys`,
        query: {},
        limit,
        columns,
      });
    });
  key
    .command('create')
    .description('make a pair; the secret key is shown this once')
    .argument('<username>')
    .action(async (username: string, _: object, command: Command) => {
      const client = await clientFor(cli, command);
      printRow(cli, command, await client.send('POST', `${pathOf(username)}/keys`));
    });
  key
    .command('delete')
    .description('take back API keys')
    .argument('<username>')
    .argument('<id...>')
    .action(async (username: string, ids: string[], _: object, command: Command) => {
      const client = await clientFor(cli, command);
      for (const id of ids) {
        await client.send('DELETE', `${pathOf(username)}/keys/${encodeURIComponent(id)}`);
        printDone(cli, command, `${id} deleted`, { id });
      }
    });
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

const pathOf = (username: string): string => `/v1/users/${encodeURIComponent(username)}`;
