/**
 * Writes the TypeScript types of the API, as openapi-typescript makes them of its document.
 *
 *     npm run client -- types.d.ts
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { buildDocument } from './document.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** @param file to write. @throws Error with what the generator printed, when it fails. */
export async function generateTypes(file: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'hookline-openapi-'));
  try {
    const document = join(folder, 'openapi.json');
    writeFileSync(document, JSON.stringify(await buildDocument()));
    const { status, stderr } = spawnSync(
      process.execPath,
      [
        '--import',
        here('old-compiler.ts'),
        here('../../node_modules/openapi-typescript/bin/cli.js'),
        document,
        // A default makes a field optional in a request; answers say themselves what they require.
        '--default-non-nullable=false',
        '--output',
        resolve(file),
      ],
      { encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(`openapi-typescript failed: ${stderr}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (import.meta.main) {
  const [file] = process.argv.slice(2);
  if (file === undefined) throw new RangeError('name the file to write');
  await generateTypes(file);
}
