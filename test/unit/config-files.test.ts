import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parse } from 'yaml';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { renderExample } from '../../src/config/report/reference.ts';
import { loadConfig } from '../../src/config/load/load.ts';
import { readOrCreateSecretKey } from '../../src/config/file/secret-key.ts';
import { readToken, writeToken } from '../../src/config/file/token-file.ts';
import { ConfigError } from '../../src/event/errors.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'hookline-files-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const mode = (path: string): number => statSync(path).mode & 0o777;

describe('the example file', () => {
  it('changes nothing as it stands, and nothing with every line let in', () => {
    const before = loadConfig({ env: {}, cwd: dir });
    writeFileSync(join(dir, 'asis.yaml'), renderExample());
    expect(loadConfig({ env: {}, cwd: dir, file: 'asis.yaml' })).toEqual(before);

    const letIn = renderExample().replaceAll(/^( *)# ([A-Za-z]+:.*)$/gm, '$1$2');
    expect(parse(letIn)).toMatchObject({ http: { port: 8080 }, kafka: { tls: { verify: true } } });
    writeFileSync(join(dir, 'letin.yaml'), letIn);
    expect(loadConfig({ env: {}, cwd: dir, file: 'letin.yaml' })).toEqual(before);
  });
});

describe('the generated secret key', () => {
  it('is made once, the same for all who ask at once, and only the user can read it', async () => {
    const data = join(dir, 'data');
    const keys = await Promise.all(Array.from({ length: 8 }, () => readOrCreateSecretKey(data)));
    expect(keys[0]).toHaveLength(32);
    for (const key of keys) expect(key).toEqual(keys[0]);
    expect(await readOrCreateSecretKey(data)).toEqual(keys[0]);
    expect(readdirSync(data)).toEqual(['secret-key']);
    expect(mode(join(data, 'secret-key'))).toBe(0o600);
  });

  it('is never replaced when it was damaged', async () => {
    writeFileSync(join(dir, 'secret-key'), 'short\n');
    await expect(readOrCreateSecretKey(dir)).rejects.toThrow(ConfigError);
    expect(readFileSync(join(dir, 'secret-key'), 'utf8')).toBe('short\n');
  });
});

describe('the token file', () => {
  it('keeps one token for each URL, for the user alone', async () => {
    const file = join(dir, 'hookline', 'tokens.json');
    expect(await readToken(file, 'http://a')).toBeUndefined();
    await writeToken(file, 'http://a', 'one');
    await writeToken(file, 'http://b', 'two');
    await writeToken(file, 'http://a', 'three');
    expect(await readToken(file, 'http://a')).toBe('three');
    expect(await readToken(file, 'http://b')).toBe('two');
    expect(mode(file)).toBe(0o600);
    expect(mode(join(dir, 'hookline'))).toBe(0o700);
  });

  it('says what to do when it is damaged', async () => {
    writeFileSync(join(dir, 'tokens.json'), '{');
    await expect(readToken(join(dir, 'tokens.json'), 'http://a')).rejects.toThrow(
      /remove it and log in again/,
    );
  });
});
