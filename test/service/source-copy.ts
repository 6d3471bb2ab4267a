/** Copies of the source with a few lines more, to hold recipes such as "a field is three edits" to their word. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** The file, a text in it, and the text that is inserted after it. */
export type Insertion = readonly [path: string, after: string, text: string];

export interface SourceCopy extends Disposable {
  readonly path: string;
  /** Runs the type checker on it; `{ status: 0, stdout: '' }` when the types are sound. */
  checkTypes(): { readonly status: number | null; readonly stdout: string };
}

/** @throws RangeError when there is not exactly one place to insert at. */
export function copySource(insertions: readonly Insertion[]): SourceCopy {
  const path = mkdtempSync(join(tmpdir(), 'hookline-copy-'));
  for (const part of ['src', 'migrations', 'package.json']) {
    cpSync(part, join(path, part), { recursive: true });
  }
  symlinkSync(resolve('node_modules'), join(path, 'node_modules'));
  for (const [file, after, text] of insertions) {
    const [before, rest, ...others] = readFileSync(join(path, file), 'utf8').split(after);
    if (rest === undefined || others.length > 0) throw new RangeError(`${file}: where is ${after}`);
    writeFileSync(join(path, file), `${before}${after}${text}${rest}`);
  }
  return {
    path,
    checkTypes: () => checkTypes(path),
    [Symbol.dispose]: () => rmSync(path, { recursive: true }),
  };
}

function checkTypes(path: string): ReturnType<SourceCopy['checkTypes']> {
  const config = {
    extends: resolve('tsconfig.json'),
    compilerOptions: { typeRoots: [resolve('node_modules/@types')] },
    include: ['src/**/*.ts', 'migrations/*.ts'],
  };
  writeFileSync(join(path, 'tsconfig.json'), JSON.stringify(config));
  const tsc = resolve('node_modules/typescript/bin/tsc');
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', path], { encoding: 'utf8' });
  return { status, stdout };
}
