/** `hookline login`, `logout`, `whoami` */
import { setTimeout as wait } from 'node:timers/promises';

import { removeToken, writeToken } from '../../config/file/token-file.ts';
import { type CommandDefinition, defineCommand } from '../command/definition.ts';
import { printDone, printRow } from '../command/print.ts';
import { openClient, serverFor } from '../context.ts';
import { type Client, createClient } from '../terminal/client.ts';
import { CommandError } from '../terminal/failure.ts';
import type { Io } from '../terminal/io.ts';
import type { Row } from '../terminal/show.ts';
import { passwordStdin, readPassword } from './password.ts';

interface Session {
  readonly token: string;
  readonly expiresAt: string;
}

const login = defineCommand({
  words: 'login',
  about: 'log in and keep the token in a file that only you can read',
  options: {
    username: { usage: '--username <name>  your username', default: 'admin' },
    passwordStdin,
    oidc: {
      usage: '--oidc  log in at the identity provider, with a browser',
      conflicts: ['username', 'passwordStdin'],
    },
  },
  run: async (context, { username, oidc, ...options }) => {
    const { url, tokenFile } = await serverFor(context);
    const client = createClient({ url });
    const logInByPassword = async (): Promise<Session> => {
      const question = `Password of ${username} at ${url}: `;
      const password = await readPassword(context, options, question);
      return client.send('POST', '/v1/login', { username, password });
    };
    const { token, expiresAt } = oidc
      ? await logInByDevice(client, context.io)
      : await logInByPassword();
    await writeToken(tokenFile, url, token);
    printDone(context, `Logged in at ${url} until ${expiresAt}.`, { url, expiresAt });
  },
});

interface DeviceLogin {
  readonly handle: string;
  readonly userCode: string;
  readonly verificationUri: string;
  /** The same with the code in it. */
  readonly verificationUriComplete?: string;
  /** How long to wait before each question whether the login is confirmed. */
  readonly intervalSeconds: number;
}

/** How much longer to wait after `slow_down`. Source: RFC 8628, section 3.5. */
const slowerBySeconds = 5;

/**
 * Logs in at the OpenID provider: the person confirms in a browser, on any machine.
 *
 * @throws {CommandError} when the provider or Hookline refuses.
 */
async function logInByDevice(client: Client, io: Io): Promise<Session> {
  const started = await client.send<DeviceLogin>('POST', '/v1/oidc/device');
  const { handle, userCode, verificationUri, verificationUriComplete } = started;
  // Standard output is for the answer, which a script may read as JSON.
  io.err(`Open ${verificationUri} in a browser on any machine and enter ${userCode}`);
  if (verificationUriComplete !== undefined) io.err(`or open ${verificationUriComplete}`);
  let seconds = started.intervalSeconds;
  for (;;) {
    await wait(seconds * 1_000);
    const answer = await client.send<Session | { readonly waiting: string }>(
      'POST',
      '/v1/oidc/device/token',
      { handle },
    );
    if ('token' in answer) return answer;
    if (answer.waiting === 'slow_down') seconds += slowerBySeconds;
  }
}

const logout = defineCommand({
  words: 'logout',
  about: 'log out: revoke the token and remove it from the file',
  run: async context => {
    const { url, tokenFile } = await serverFor(context);
    const client = await openClient(context);
    // Removed first, so that it does not stay here when the server cannot be reached.
    await removeToken(tokenFile, url);
    await client.send('POST', '/v1/logout').catch((error: unknown) => {
      if (!isUnauthenticated(error)) throw error;
    });
    printDone(context, `Logged out at ${url}.`, { url });
  },
});

const isUnauthenticated = (error: unknown): boolean =>
  error instanceof CommandError && error.problem.code === 'unauthenticated';

const whoami = defineCommand({
  words: 'whoami',
  about: 'show who you are logged in as, and your rights',
  run: async context => {
    const { url } = await serverFor(context);
    const client = await openClient(context);
    const { csrfToken: _, ...who } = await client.get<Row & { csrfToken?: string }>('/v1/session');
    printRow(context, { url, ...who });
  },
});

export const loginCommands: readonly CommandDefinition[] = [login, logout, whoami];
