/** Runs the tests that are one subject's replay, and tells what came of them. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

import type { Programs, Subject } from './subjects.ts';

/** `reason` instead of figures: the subject could not be had or its tests could not be run. */
export type ReplayResult =
  | {
      /** All of the version that was tried. */
      readonly exact: string;
      readonly passed: number;
      readonly failed: number;
      /** What the tests printed of it, each once: `lost 0`. */
      readonly losses: readonly string[];
    }
  | { readonly reason: string };

/** The file that vitest's reporter `json` writes, as far as it is read. */
interface JsonReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numFailedTestSuites: number;
  readonly testResults: readonly { readonly name: string }[];
}

const repository = resolve(import.meta.dirname, '../..');
const vitest = resolve(repository, 'node_modules/vitest/vitest.mjs');

/** @param log is given each line of the tests' output. */
export async function replay(
  { tests, get }: Subject,
  log: (line: string) => void,
): Promise<ReplayResult> {
  let programs: Programs;
  try {
    programs = await get();
  } catch (error) {
    return {
      reason: `not to be had here: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
  const folder = await mkdtemp(join(tmpdir(), 'hookline-matrix-'));
  try {
    const file = join(folder, 'report.json');
    const losses = new Set<string>();
    const code = await runTests(tests, { file, environment: programs.environment }, line => {
      log(line);
      for (const [found] of line.matchAll(/\blost (?:of [^:]*: )?\d+/g)) losses.add(found);
    });
    const report = await readReport(file);
    if (report?.testResults.length !== tests.length) {
      return { reason: `the tests could not be run (code ${code})` };
    }
    const failed = Math.max(report.numFailedTests, report.numFailedTestSuites > 0 ? 1 : 0);
    const { exact } = programs;
    return { exact, passed: report.numPassedTests, failed, losses: [...losses].toSorted() };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runTests(
  tests: readonly string[],
  told: { readonly file: string; readonly environment: Readonly<Record<string, string>> },
  onLine: (line: string) => void,
): Promise<number | null> {
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${told.file}`];
  const projects = ['--project=integration', '--project=e2e'];
  const files = tests.map(name => `test/${name}.test.ts`);
  const child = spawn(process.execPath, [vitest, 'run', ...projects, ...reporters, ...files], {
    cwd: repository,
    env: { ...process.env, NO_COLOR: '1', ...told.environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  createInterface({ input: child.stdout }).on('line', onLine);
  return new Promise((done, failed) => {
    child.once('error', failed);
    child.once('close', done);
  });
}

async function readReport(file: string): Promise<JsonReport | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const report: JsonReport = JSON.parse(text);
  return report;
}
