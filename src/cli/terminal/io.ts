/** The terminal, or what stands in for one: where a command writes, and what it may ask. */
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline/promises';
import { text } from 'node:stream/consumers';
import { Writable } from 'node:stream';

import { CommandError } from './failure.ts';

export interface Io {
  /** The answer. A line break is added. */
  out(line: string): void;
  /** What is about the answer: errors, hints. A line break is added. */
  err(line: string): void;
  /** Columns of the terminal; undefined when the answer goes elsewhere, and nothing is cut off. */
  readonly columns?: number | undefined;
  /** Asks without showing what is typed. @throws CommandError where nobody can be asked. */
  askSecret(question: string): Promise<string>;
  /** Whether somebody says yes. Undefined where nobody can be asked. */
  confirm(question: string): Promise<boolean | undefined>;
  /** Aborts at Ctrl-C and SIGTERM, which from then on end the command in order and not the process at once. */
  interruption(): AbortSignal;
  /** All of standard input. */
  readInput(): Promise<string>;
}

export function createProcessIo(): Io {
  const { stdin, stdout, stderr } = process;
  return {
    out: line => void stdout.write(`${line}\n`),
    err: line => void stderr.write(`${line}\n`),
    // Asked anew for each table: a window may be made wider while a command watches.
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
      const told = new AbortController();
      for (const signal of ['SIGINT', 'SIGTERM']) {
        void once(process, signal).then(() => told.abort());
      }
      return told.signal;
    },
    readInput: () => text(stdin),
  };
}

/** @throws CommandError for Ctrl-C and Ctrl-D; the question would wait for ever. */
async function ask(lines: Interface, question: string): Promise<string> {
  const left = new AbortController();
  for (const event of ['SIGINT', 'close'] as const) lines.once(event, () => left.abort());
  try {
    return await lines.question(question, { signal: left.signal });
  } catch (cause) {
    throw new CommandError('Nothing was done.', { code: 'interrupted', cause });
  } finally {
    lines.close();
  }
}
