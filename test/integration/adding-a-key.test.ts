/** Adds keys to a copy of the source, each by one insertion, and finds them wherever a key is used. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterAll, describe, expect, it } from 'vitest';

import type * as loading from '../../src/config/load/load.ts';
import type * as effective from '../../src/config/report/effective.ts';
import type * as reference from '../../src/config/report/reference.ts';

const copy = mkdtempSync(join(tmpdir(), 'hookline-key-'));
afterAll(() => rmSync(copy, { recursive: true }));

cpSync('src/config', join(copy, 'src/config'), { recursive: true });
cpSync('src/event', join(copy, 'src/event'), { recursive: true });
cpSync('package.json', join(copy, 'package.json'));
symlinkSync(resolve('node_modules'), join(copy, 'node_modules'));

/** One edit of one file. */
function insert(path: string, after: string, text: string): void {
  const file = join(copy, path);
  const before = readFileSync(file, 'utf8');
  if (!before.includes(after)) throw new RangeError(`${path} has no ${after}`);
  writeFileSync(file, before.replace(after, `${after}${text}`));
}

const load = async <T>(path: string): Promise<T> =>
  import(/* @vite-ignore */ pathToFileURL(join(copy, path)).href);

insert(
  'src/config/dispatch/dispatch-keys.ts',
  'export const dispatchKeys = {\n',
  "  graceMs: { doc: 'A number.', unit: 'ms', kind: 'whole', max: 99, default: 7 },\n",
);
insert(
  'src/config/source/kafka.ts',
  'export const kafkaKeys = {\n',
  "  rackMode: { doc: 'A choice.', kind: 'word', words: ['near', 'far'], optional: true },\n",
);

const { loadConfig, loadLayers } = await load<typeof loading>('src/config/load/load.ts');
const { listEffective } = await load<typeof effective>('src/config/report/effective.ts');
const { renderExample, renderReference } = await load<typeof reference>(
  'src/config/report/reference.ts',
);
const kafka = { HOOKLINE_KAFKA_BROKERS: 'b:1' };

describe('a key that was added by one insertion', () => {
  it('has its default, and is read from its variable', () => {
    const given = { HOOKLINE_DISPATCH_GRACE_MS: '8', HOOKLINE_KAFKA_RACK_MODE: 'far' };
    expect(loadConfig({ env: kafka, cwd: copy })).toMatchObject({
      dispatch: { graceMs: 7 },
      sources: [{ rackMode: undefined }],
    });
    expect(loadConfig({ env: { ...kafka, ...given }, cwd: copy })).toMatchObject({
      dispatch: { graceMs: 8 },
      sources: [{ rackMode: 'far' }],
    });
  });

  it('is read from a file, also of an item of a list', () => {
    const file = join(copy, 'hookline.yaml');
    writeFileSync(
      file,
      'dispatch: { graceMs: 9 }\nsources: [{ name: z, kind: kafka, brokers: [b:1], rackMode: near }]\n',
    );
    expect(loadConfig({ env: {}, cwd: copy, file })).toMatchObject({
      dispatch: { graceMs: 9 },
      sources: [{ rackMode: 'near' }],
    });
  });

  it('is refused with the line every key is refused with', () => {
    const env = { HOOKLINE_DISPATCH_GRACE_MS: '100', HOOKLINE_KAFKA_RACK_MODE: 'here' };
    expect(() => loadConfig({ env, cwd: copy })).toThrow(
      expect.objectContaining({
        problems: [
          'dispatch.graceMs (HOOKLINE_DISPATCH_GRACE_MS): 100: expected a whole number from 0 to 99',
          'kafka.rackMode (HOOKLINE_KAFKA_RACK_MODE): "here": expected one of near, far',
        ],
      }),
    );
  });

  it('is shown by `hookline config`, the reference and the example', () => {
    expect(listEffective(loadLayers({ env: {}, cwd: copy }))).toContainEqual({
      key: 'dispatch.graceMs',
      value: 7,
      unit: 'ms',
      origin: 'default',
      variable: 'HOOKLINE_DISPATCH_GRACE_MS',
    });
    expect(renderReference()).toContain(
      '| `kafka.rackMode` | `HOOKLINE_KAFKA_RACK_MODE` | – |  | A choice. Takes one of near, far. |',
    );
    expect(renderExample()).toContain('# A number. In ms. (HOOKLINE_DISPATCH_GRACE_MS)');
  });

  it('has the type of its values', () => {
    writeFileSync(
      join(copy, 'use.ts'),
      `import type { Config } from './src/config/config.ts';
import type { KafkaConfig } from './src/config/source/kafka.ts';
type Same<A, B> = [A, B] extends [B, A] ? true : false;
export const isNumber: Same<Config['dispatch']['graceMs'], number> = true;
export const isChoice: Same<KafkaConfig['rackMode'], 'near' | 'far' | undefined> = true;
`,
    );
    const config = {
      extends: resolve('tsconfig.json'),
      compilerOptions: { typeRoots: [resolve('node_modules/@types')] },
      include: ['use.ts', 'src/config/**/*.ts'],
    };
    writeFileSync(join(copy, 'tsconfig.json'), JSON.stringify(config));
    const tsc = resolve('node_modules/typescript/bin/tsc');
    const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', copy], { encoding: 'utf8' });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  }, 60_000);
});
