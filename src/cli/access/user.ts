/** `hookline user …` */
import { roles } from '../../store/schema/access-words.ts';
import { type CommandDefinition, defineCommand } from '../command/definition.ts';
import { limit } from '../command/option.ts';
import { printDone, printRow } from '../command/print.ts';
import { type CommandContext, configFor, openClient } from '../context.ts';
import { local, passwordStdin, readPassword } from './password.ts';

const createUser = defineCommand({
  words: 'user create <username>',
  about: 'create a user; with --local an admin, or set the password of an existing user',
  options: {
    role: { usage: '--role <role>  role of the user', choices: roles, default: 'User' },
    accountId: '--account <id>  account that owns what the user creates; your own when absent',
    passwordStdin,
    local,
  },
  run: async (context, { username, role, accountId, local: isLocal, ...options }) => {
    const password = await readPassword(context, options, `Password for ${username}: `);
    if (isLocal) return putLocalUser(context, { username, password });
    const client = await openClient(context);
    const fields = { username, password, role, accountId };
    printRow(context, await client.send('POST', '/v1/users', fields));
  },
});

const setPassword = defineCommand({
  words: 'user password <username>',
  about: "set a user's password, which revokes their tokens and sessions",
  options: { passwordStdin, local },
  run: async (context, { username, local: isLocal, ...options }) => {
    const password = await readPassword(context, options, `New password for ${username}: `);
    if (isLocal) return putLocalUser(context, { username, password });
    const client = await openClient(context);
    await client.send('PATCH', `/v1/users/${encodeURIComponent(username)}`, { password });
    printDone(context, `${username} has a new password`, { username });
  },
});

async function putLocalUser(
  context: CommandContext,
  user: { username: string; password: string },
): Promise<void> {
  await using database = await context.actions.openLocal(configFor(context));
  const done = await database.putUser(user);
  const { username } = user;
  const message = done === 'created' ? `${username} created` : `${username} has a new password`;
  printDone(context, message, { username, done });
}

export const userCommands: readonly CommandDefinition[] = [
  { words: 'user', about: 'users who may log in' },
  {
    words: 'user list',
    about: 'list users',
    request: 'GET /v1/users',
    options: { limit },
    columns: 'username role accountId created',
  },
  createUser,
  setPassword,
  {
    words: 'user update <username>',
    about: 'give a user another role or account; it holds at once',
    request: 'PATCH /v1/users/{username}',
    options: {
      role: { usage: '--role <role>  role of the user', choices: roles },
      accountId: '--account <id>  account that owns what the user creates',
    },
    done: '{username} updated',
  },
  {
    words: 'user delete <username...>',
    about: 'delete users and their tokens',
    request: 'DELETE /v1/users/{username}',
  },
  {
    words: 'user key',
    about:
      'pairs of API key and secret key, for clients that sign requests the way CloudStack clients do',
  },
  {
    words: 'user key list <username>',
    about: "list a user's API keys, without the secret keys",
    request: 'GET /v1/users/{username}/keys',
    options: { limit },
    columns: 'id apiKey created lastUsedAt',
  },
  {
    words: 'user key create <username>',
    about: 'create a pair of keys; the secret key is shown only once',
    request: 'POST /v1/users/{username}/keys',
  },
  {
    words: 'user key delete <username> <id...>',
    about: 'delete API keys, which revokes them',
    request: 'DELETE /v1/users/{username}/keys/{id}',
  },
];
