/** Command lines run in this process, against an API on a database of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'vitest';

import type { Actions } from '../../src/cli/context.ts';
import { runCommandLine } from '../../src/cli/program.ts';
import type { ApiOptions } from '../../src/api/context.ts';
import { runDoctor } from '../../src/doctor/doctor.ts';
import { importFromCloudstack } from '../../src/directory/cloudstack/import-webhooks.ts';
import { openLocal } from '../../src/local.ts';
import { startApi } from './api-harness.ts';
import type { ApiUnderTest } from './api-harness.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Situation {
  readonly env?: Record<string, string>;
  readonly input?: string;
  readonly actions?: Partial<Actions>;
  /** What a question is answered with; nobody is there when absent. */
  readonly answer?: boolean;
  /** Ctrl-C. */
  readonly interruption?: AbortSignal;
  /** Sees each line of output as it comes. */
  readonly onLine?: (line: string) => void;
}

/** What some command or other answers with `--json`. */
export interface Json {
  readonly id: string;
  readonly state: string;
  readonly name: string;
  readonly kind: string;
  readonly token: string;
  readonly hasSecret: boolean;
  readonly filters: readonly object[];
}

export interface CliUnderTest extends AsyncDisposable {
  readonly api: ApiUnderTest;
  readonly server: string;
  /** Of the user, and where relative paths begin. */
  readonly home: string;
  /** As the admin unless the environment says otherwise. */
  run(this: void, args: readonly string[], environment?: Situation): Promise<Ran>;
  /** What a command that must be done answers with `--json`. */
  json(this: void, ...args: string[]): Promise<Json>;
  /** With a URL of its own. */
  makeWebhook(this: void, ...more: string[]): Promise<Json>;
}

export async function startCli(options: Partial<ApiOptions> = {}): Promise<CliUnderTest> {
  const api = await startApi(options);
  const server = await api.app.listen({ host: '127.0.0.1', port: 0 });
  const home = mkdtempSync(join(tmpdir(), 'hookline-cli-'));
  const env = { HOME: home, HOOKLINE_URL: server, HOOKLINE_TOKEN: api.token };
  const run: CliUnderTest['run'] = async (args, environment = {}) =>
    runIn({ cwd: home, env: environment.env ?? env }, args, environment);
  const json: CliUnderTest['json'] = async (...args) => {
    const { code, out, err } = await run([...args, '--json']);
    expect(err).toBe('');
    expect(code).toBe(0);
    const parsed: Json = JSON.parse(out);
    return parsed;
  };
  let count = 0;
  return {
    api,
    server,
    home,
    run,
    json,
    makeWebhook: (...more) => {
      count += 1;
      const url = `http://receiver.example/${count}`;
      return json('webhook', 'create', '--name', `hook ${count}`, '--payload-url', url, ...more);
    },
    [Symbol.asyncDispose]: async () => {
      rmSync(home, { recursive: true });
      await api[Symbol.asyncDispose]();
    },
  };
}

/** Runs a command line that needs no API of its own. */
export async function runIn(
  where: { readonly cwd: string; readonly env: Record<string, string> },
  args: readonly string[],
  { input = '', actions, answer, interruption, onLine }: Situation = {},
): Promise<Ran> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runCommandLine(args, '1.2.3', {
    io: {
      out: line => {
        out.push(line);
        onLine?.(line);
      },
      err: line => {
        err.push(line);
        onLine?.(line);
      },
      askSecret: async () => input,
      confirm: async () => answer,
      interruption: () => interruption ?? new AbortController().signal,
      readInput: async () => input,
    },
    environment: where,
    actions: {
      serve: async () => undefined,
      doctor: runDoctor,
      openLocal,
      importFromCloudstack,
      ...actions,
    },
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}
