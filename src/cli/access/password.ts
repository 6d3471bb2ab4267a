/** Passwords, and doing without a login. */
import type { Cli } from '../context.ts';
import { CommandError } from '../terminal/failure.ts';

export interface PasswordOptions {
  readonly passwordStdin?: boolean;
  readonly local?: boolean;
}

export const local = [
  '--local',
  'act straight on the database the configuration names, without a login',
] as const;
export const passwordStdin = ['--password-stdin', 'read the password from standard input'] as const;

export async function readPassword(
  { io }: Cli,
  options: PasswordOptions,
  question: string,
): Promise<string> {
  const password =
    options.passwordStdin === true
      ? (await io.readInput()).replace(/\r?\n$/, '')
      : await io.askSecret(question);
  if (password === '') throw new CommandError('The password is empty.', { outcome: 'usage' });
  return password;
}
