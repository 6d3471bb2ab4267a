/** The completion scripts, run by real shells: bash, and others where they are installed. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { describeProgram } from '../../src/cli/completion/describe.ts';
import { createBareProgram, runBare } from '../fixtures/program.ts';

let folder: string;
const script = (shell: string): string => join(folder, shell);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hookline-completion-'));
  writeFileSync(join(folder, 'webhooks.yaml'), '');
  for (const shell of ['bash', 'zsh', 'fish']) {
    writeFileSync(script(shell), await runBare('completion', shell));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What bash offers for the last of these words, which it has split as it does. */
function bash(...words: string[]): string[] {
  const program = `
    set -u
    source ${script('bash')}
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    cd ${folder}
    _hookline
    printf '%s\\n' "\${COMPREPLY[@]:-}"`;
  const out = execFileSync('bash', ['-c', program, 'bash', ...words], { encoding: 'utf8' });
  return out.split('\n').filter(line => line !== '');
}

describe('completion in bash', () => {
  it.each([
    [['hookline', 'webh'], ['webhook']],
    [
      ['hookline', 'webhook', 'e'],
      ['enable', 'export'],
    ],
    [
      ['hookline', 'user', 'key', ''],
      ['list', 'create', 'delete'],
    ],
    [
      ['hookline', 'webhook', 'list', '--s'],
      ['--state', '--scope', '--server'],
    ],
    [
      ['hookline', 'webhook', 'list', '--scope', ''],
      ['Local', 'Domain', 'Global'],
    ],
    [['hookline', 'webhook', 'list', '--scope', '=', 'D'], ['Domain']],
    [
      ['hookline', 'webhook', 'list', '--scope', '='],
      ['Local', 'Domain', 'Global'],
    ],
    [['hookline', 'webhook', 'list', '--scope', '=', 'Domain', '--stat'], ['--state']],
    [['hookline', '--server', 'webhook', 'delivery', 'redel'], ['redeliver']],
    [['hookline', 'webhook', 'list', '--name', 'export', '--limi'], ['--limit']],
    [
      ['hookline', 'migrate', ''],
      ['up', 'down', 'status'],
    ],
    [['hookline', 'completion', 'z'], ['zsh']],
    [['hookline', 'apply', '-f', 'web'], ['webhooks.yaml']],
    [['hookline', 'domain', 'import', 'web'], ['webhooks.yaml']],
    [['hookline', 'webhook', 'list', '--config', 'web'], ['webhooks.yaml']],
    [['hookline', 'webhook', 'list', '--name', ''], []],
    [['hookline', 'nonsense', ''], bash0()],
  ])('of %j is %j', (words, expected) => {
    expect(bash(...words)).toEqual(expected);
  });

  it('leads to every command and every option', () => {
    const commands = describeProgram(createBareProgram());
    expect(commands.length).toBeGreaterThan(60);
    for (const { path, commands: names, options } of commands.filter(one => one.path.length < 2)) {
      const words = bash('hookline', ...path, '');
      expect(words.slice(0, names.length)).toEqual(names);
      const offered = bash('hookline', ...path, '--');
      for (const { names: flags } of options) expect(offered).toContain(flags.at(-1));
    }
  });
});

/** At the top, and for whatever is not known. */
function bash0(): string[] {
  return [...(describeProgram(createBareProgram())[0]?.commands ?? [])];
}

it('means the same by an option everywhere: it takes a value, or it does not', () => {
  const meanings = new Map<string, boolean>();
  for (const { options } of describeProgram(createBareProgram())) {
    for (const { names, takesValue } of options) {
      for (const name of names) {
        expect([name, meanings.get(name) ?? takesValue]).toEqual([name, takesValue]);
        meanings.set(name, takesValue);
      }
    }
  }
});

const isInstalled = (shell: string): boolean =>
  spawnSync(shell, ['--version'], { stdio: 'ignore' }).status === 0;

describe('completion elsewhere', () => {
  it.each([
    ['bash', ['-n']],
    ['zsh', ['-n']],
    ['fish', ['--no-execute']],
  ])('is a script that %s can read', (shell, flags) => {
    const checked = isInstalled(shell)
      ? spawnSync(shell, [...flags, script(shell)], { encoding: 'utf8' })
      : { status: 0, stderr: '' };
    expect(checked).toMatchObject({ status: 0, stderr: '' });
  });
});
