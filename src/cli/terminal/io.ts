/** The terminal, or a stand-in for it: where a command writes, and whom it may ask. */
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline/promises';
import { text } from 'node:stream/consumers';
import { Writable } from 'node:stream';

import { CommandError, exitCodes } from './failure.ts';

export interface Io {
  /** Writes a line of the answer, to standard output. */
  out(line: string): void;
  /** Writes a line about the answer, such as an error or a hint, to standard error. */
  err(line: string): void;
  /** Columns of the terminal; undefined when the answer goes elsewhere, and nothing is cut off. */
  readonly columns?: number;
  /** Asks without an echo of what is typed. @throws {CommandError} where there is no terminal. */
  askSecret(question: string): Promise<string>;
  /** Asks a yes-or-no question. @returns undefined where there is no terminal. */
  confirm(question: string): Promise<boolean | undefined>;
  /** Signal that aborts at Ctrl-C and SIGTERM, which from then on do not end the process by themselves. */
  interruption(): AbortSignal;
  /** All of standard input. */
  readInput(): Promise<string>;
}

export function createProcessIo(): Io {
  const { stdin, stdout, stderr } = process;
  for (const stream of [stdout, stderr]) stream.on('error', endUnread);
  return {
    out: line => void stdout.write(`${line}\n`),
    err: line => void stderr.write(`${line}\n`),
    // Read for each table: the window may change while a command watches.
    get columns() {
      return stdout.isTTY ? stdout.columns : undefined;
    },
    askSecret: async question => {
      if (!stdin.isTTY) {
        throw new CommandError(
          'There is no terminal to ask on; give the password by --password-stdin.',
          { outcome: 'usage', code: 'usage_invalid' },
        );
      }
      stderr.write(question);
      // The line editor's echo goes nowhere.
      const muted = new Writable({ write: (_chunk, _encoding, done) => done() });
      const lines = createInterface({ input: stdin, output: muted, terminal: true });
      return ask(lines, '').finally(() => void stderr.write('\n'));
    },
    confirm: async question => {
      if (!stdin.isTTY) return undefined;
      const lines = createInterface({ input: stdin, output: stderr });
      return /^y(es)?$/i.test((await ask(lines, `${question} [y/N] `)).trim());
    },
    interruption: () => {
      const stop = new AbortController();
      for (const signal of ['SIGINT', 'SIGTERM']) {
        void once(process, signal).then(() => stop.abort());
      }
      return stop.signal;
    },
    readInput: () => text(stdin),
  };
}

/**
 * Ends the process without a word once nobody reads what it writes: after `| head`, or when a pager is left. Node ignores
 * SIGPIPE, which would do that.
 */
function endUnread(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit(exitCodes.unread);
}

/** @param unanswered message where there is no terminal to ask on. @throws {CommandError} unless somebody says yes. */
export async function requireYes(io: Io, question: string, unanswered: string): Promise<void> {
  const answer = await io.confirm(question);
  if (answer === undefined)
    throw new CommandError(unanswered, { outcome: 'usage', code: 'usage_invalid' });
  if (!answer) throw new CommandError('Nothing was done.', { code: 'interrupted' });
}

/** @throws {CommandError} at Ctrl-C and Ctrl-D, after which the question alone would wait for ever. */
async function ask(lines: Interface, question: string): Promise<string> {
  const abandoned = new AbortController();
  for (const event of ['SIGINT', 'close'] as const) lines.once(event, () => abandoned.abort());
  try {
    return await lines.question(question, { signal: abandoned.signal });
  } catch (cause) {
    throw new CommandError('Nothing was done.', { code: 'interrupted', cause });
  } finally {
    lines.close();
  }
}
