/** The arguments of a command's function. */
import type { Caller } from '../http/authenticate.ts';
import type { ApiOptions } from '../context.ts';
import type { Fields } from './request/answer.ts';
import type { Arguments } from './request/arguments.ts';

export interface Call {
  readonly options: ApiOptions;
  readonly caller: Caller;
  readonly args: Arguments;
}

/** @returns the content of the answer's envelope. @throws {CommandError} @throws {ProblemError} */
export type CommandFunction = (call: Call) => Promise<Fields>;
