/** Options and questions of the commands that log in or do without a login. */
import type { Cli } from '../context.ts';
import { CommandError } from '../terminal/failure.ts';

export const local = '--local  work on the database of the configuration directly, without a login';

export const passwordStdin = '--password-stdin  read the password from standard input';

/** Reads a password from standard input, or asks for it on the terminal. @throws {CommandError} */
export async function readPassword(
  { io }: Cli,
  options: { readonly passwordStdin?: boolean },
  question: string,
): Promise<string> {
  const password = options.passwordStdin
    ? (await io.readInput()).replace(/\r?\n$/, '')
    : await io.askSecret(question);
  if (password === '') throw new CommandError('The password is empty.', { outcome: 'usage' });
  return password;
}
