import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { generateTypes } from '../openapi/generate.ts';

it('has the console know the API as it is; `npm run console:client` writes its types anew', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hookline-client-'));
  try {
    const made = join(folder, 'openapi.d.ts');
    await generateTypes(made);
    execFileSync('node_modules/.bin/oxfmt', ['--config', '.oxfmtrc.json', made]);
    expect(readFileSync('console/src/client/openapi.d.ts', 'utf8')).toBe(
      readFileSync(made, 'utf8'),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
