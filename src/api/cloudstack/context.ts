/** The arguments of a command's function. */
import type { Caller } from '../http/authenticate.ts';
import type { ApiOptions } from '../context.ts';
import type { ReadInTurn } from '../http/read-in-turn.ts';
import type { FirstAttempts } from './delivery/first-attempts.ts';
import type { Fields } from './request/answer.ts';
import type { Arguments } from './request/arguments.ts';

export interface CloudstackOptions extends ApiOptions {
  readonly readInTurn: ReadInTurn;
  readonly firstAttempts: FirstAttempts;
}

export interface Call {
  readonly options: CloudstackOptions;
  readonly caller: Caller;
  readonly args: Arguments;
}

/** @returns the content of the answer's envelope. @throws {CommandError} @throws {ProblemError} */
export type CommandFunction = (call: Call) => Promise<Fields>;
