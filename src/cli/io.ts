/** The terminal, or what stands in for one: where a command writes, and what it may ask. */
import { createInterface } from 'node:readline/promises';
import { text } from 'node:stream/consumers';
import { Writable } from 'node:stream';

export interface Io {
  /** The answer. A line break is added. */
  out(line: string): void;
  /** What is about the answer: errors, hints. A line break is added. */
  err(line: string): void;
  /** Columns of the terminal; undefined when the answer goes elsewhere, and nothing is cut off. */
  readonly columns?: number;
  /** Asks without showing what is typed. @throws CommandError where nobody can be asked. */
  askSecret(question: string): Promise<string>;
  /** All of standard input. */
  readInput(): Promise<string>;
}

/** The command could not be done. Its message is for people and says what to try; exit code 1. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code = 'command_failed';
}

export function createProcessIo(): Io {
  const { stdin, stdout, stderr } = process;
  return {
    out: line => void stdout.write(`${line}\n`),
    err: line => void stderr.write(`${line}\n`),
    ...(stdout.isTTY && { columns: stdout.columns }),
    askSecret: async question => {
      if (!stdin.isTTY) {
        throw new CommandError(
          'There is no terminal to ask on; give the password by --password-stdin.',
        );
      }
      stderr.write(question);
      // The line editor's echo goes nowhere.
      const muted = new Writable({ write: (_chunk, _encoding, done) => done() });
      const lines = createInterface({ input: stdin, output: muted, terminal: true });
      try {
        return await lines.question('');
      } finally {
        lines.close();
        stderr.write('\n');
      }
    },
    readInput: () => text(stdin),
  };
}
