/** `hookline token …` */
import { type CommandDefinition, defineCommand } from '../command/definition.ts';
import { limit } from '../command/option.ts';
import { printDone } from '../command/print.ts';
import { parseDays, parseList } from '../command/value.ts';
import { configFor, openClient } from '../context.ts';
import { CommandError } from '../terminal/failure.ts';
import type { Row } from '../terminal/show.ts';
import { local } from './password.ts';

const createToken = defineCommand({
  words: 'token create <name>',
  about: 'create a token; it is shown only once',
  options: {
    scopes: {
      usage: '--scopes <list>  scopes of the token: read, write; both when absent',
      parse: parseList,
    },
    expiresInDays: {
      usage: '--expires <days>  days until it expires, such as 30; never when absent',
      parse: parseDays,
    },
    username: { usage: '--user <username>  its user, with --local', default: 'admin' },
    local,
  },
  run: async (context, { name, username, local: isLocal, ...fields }) => {
    if (isLocal) {
      await using database = await context.actions.openLocal(configFor(context));
      const token = await database.createToken({ username, name });
      if (token === undefined) {
        throw new CommandError(
          `There is no user ${username}. Create one with hookline user create ${username} --local.`,
        );
      }
      return printDone(context, token, { username, name, token });
    }
    const client = await openClient(context);
    const created = await client.send<Row & { token: string }>('POST', '/v1/tokens', {
      name,
      ...fields,
    });
    printDone(context, created.token, created);
  },
});

export const tokenCommands: readonly CommandDefinition[] = [
  { words: 'token', about: 'tokens for programs that act on your behalf' },
  {
    words: 'token list',
    about: 'list your tokens',
    request: 'GET /v1/tokens',
    options: { limit },
    columns: 'id name scopes created expiresAt lastUsedAt',
  },
  createToken,
  {
    words: 'token delete <id...>',
    about: 'delete tokens, which revokes them',
    request: 'DELETE /v1/tokens/{id}',
  },
];
