/**
 * Adds a cloud as docs/adding-a-cloud.md says, with nothing but the text of that page, to a copy of the source, and holds
 * it to what every cloud is held to.
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterAll, describe, expect, it } from 'vitest';

import type * as loading from '../../src/config/load/load.ts';
import type { NormalizerSettings } from '../../src/normalize/source-formats.ts';
import type { Normalizer } from '../../src/normalize/normalizer.ts';
import type { CloudSamples } from '../fixtures/cloud.ts';
import { describeNormalizer } from '../unit/normalizer-suite.ts';

/** As the copy has it, which knows one more. */
interface Formats {
  readonly normalizerFor: (format: 'nimbus', settings: NormalizerSettings) => Normalizer;
}

const page = readFileSync('docs/adding-a-cloud.md', 'utf8');
const copy = mkdtempSync(join(tmpdir(), 'hookline-recipe-'));
afterAll(() => rmSync(copy, { recursive: true }));

/** The block of the page that belongs to this file. */
function blockOf(path: string): string {
  const [, block] = page.split(`\`\`\`ts ${path}\n`);
  const [text] = block?.split('```') ?? [];
  if (text === undefined) throw new RangeError(`the page has no block for ${path}`);
  return text;
}

function insert(path: string, after: string, text: string): void {
  const file = join(copy, path);
  const before = readFileSync(file, 'utf8');
  if (!before.includes(after)) throw new RangeError(`${path} has no ${after}`);
  writeFileSync(file, before.replace(after, `${after}${text}`));
}

async function load<T>(path: string): Promise<T> {
  return import(/* @vite-ignore */ pathToFileURL(join(copy, path)).href);
}

cpSync('src', join(copy, 'src'), { recursive: true });
mkdirSync(join(copy, 'test/fixtures'), { recursive: true });
cpSync('package.json', join(copy, 'package.json'));
cpSync('test/fixtures/cloud.ts', join(copy, 'test/fixtures/cloud.ts'));
symlinkSync(resolve('node_modules'), join(copy, 'node_modules'));
for (const path of ['src/normalize/cloud/nimbus.ts', 'test/fixtures/nimbus.ts']) {
  writeFileSync(join(copy, path), blockOf(path));
}
insert(
  'src/config/source/format-keys.ts',
  'export const sourceFormats = [\n',
  blockOf('src/config/source/format-keys.ts'),
);
insert(
  'src/normalize/source-formats.ts',
  'const factories = {\n',
  blockOf('src/normalize/source-formats.ts'),
);
insert(
  'src/normalize/source-formats.ts',
  "import type { MappingRules } from './mapping.ts';\n",
  "import { createNimbusNormalizer } from './cloud/nimbus.ts';\n",
);

const { normalizerFor } = await load<Formats>('src/normalize/source-formats.ts');
const { loadConfig } = await load<typeof loading>('src/config/load/load.ts');
const { nimbusSamples: samples } = await load<{ nimbusSamples: CloudSamples }>(
  'test/fixtures/nimbus.ts',
);

describeNormalizer({
  about: 'a cloud that was added by its recipe',
  samples,
  create: settings => normalizerFor('nimbus', settings),
});

describe('a cloud that was added by its recipe', () => {
  it('can be configured', () => {
    const env = { HOOKLINE_KAFKA_BROKERS: 'b:1', HOOKLINE_KAFKA_FORMAT: 'nimbus' };
    expect(loadConfig({ env, cwd: copy }).sources).toMatchObject([{ format: 'nimbus' }]);
  });

  it('has sound types', () => {
    const config = {
      extends: resolve('tsconfig.json'),
      compilerOptions: { typeRoots: [resolve('node_modules/@types')] },
      include: ['src/normalize/**/*.ts', 'src/normalize/normalizers.ts', 'test/fixtures/*.ts'],
    };
    writeFileSync(join(copy, 'tsconfig.json'), JSON.stringify(config));
    const tsc = resolve('node_modules/typescript/bin/tsc');
    const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', copy], { encoding: 'utf8' });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  }, 60_000);
});
