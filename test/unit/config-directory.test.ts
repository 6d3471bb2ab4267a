import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { DirectoryConfig } from '../../src/config/directory/directory.ts';
import { listEffective } from '../../src/config/report/effective.ts';
import { loadConfig, loadLayers } from '../../src/config/load/load.ts';
import { ConfigError } from '../../src/event/errors.ts';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'hookline-config-'));
});
afterEach(() => rmSync(cwd, { recursive: true }));

const variables = (keys: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(keys).map(([name, value]) => [`HOOKLINE_DIRECTORY_${name}`, value]),
  );
const load = (keys: Record<string, string>): DirectoryConfig | undefined =>
  loadConfig({ env: variables(keys), cwd }).directory;

function problems(keys: Record<string, string>): readonly string[] {
  try {
    load(keys);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const cloudstack = {
  KIND: 'cloudstack',
  URL: 'https://cloud.test/client/api/',
  API_KEY: 'k',
  SECRET_KEY: 's',
};
const keystone = { KIND: 'keystone', URL: 'https://cloud.test:5000/v3' };
const timing = {
  refreshMs: 300_000,
  timeoutMs: 30_000,
  pageSize: 500,
  lookUpWaitMs: 2_000,
  unknownMs: 300_000,
};

describe('the directory', () => {
  it('is not read from a cloud unless one is named', () => {
    expect(load({})).toBeUndefined();
  });

  it('is read from CloudStack with a key pair', () => {
    expect(load(cloudstack)).toEqual({
      kind: 'cloudstack',
      url: 'https://cloud.test/client/api',
      apiKey: 'k',
      secretKey: 's',
      ...timing,
    });
  });

  it('is read from Keystone with a password, for the system or a project', () => {
    const login = { KEYSTONE_USERNAME: 'u', KEYSTONE_PASSWORD: 'p' };
    const credential = { kind: 'password', username: 'u', userDomain: 'Default', password: 'p' };
    expect(load({ ...keystone, ...login })).toEqual({
      kind: 'keystone',
      url: 'https://cloud.test:5000/v3',
      credential,
      users: true,
      ...timing,
    });
    expect(load({ ...keystone, ...login, KEYSTONE_PROJECT: 'admin' })).toMatchObject({
      credential: { ...credential, project: { name: 'admin', domain: 'Default' } },
    });
  });

  it('is read from Keystone with an application credential', () => {
    const login = { KEYSTONE_CREDENTIAL_ID: 'i', KEYSTONE_CREDENTIAL_SECRET: 's' };
    expect(load({ ...keystone, ...login, KEYSTONE_USERS: 'false' })).toMatchObject({
      credential: { kind: 'application', id: 'i', secret: 's' },
      users: false,
    });
  });

  it("lets CloudStack's users log in with their keys where the operator says so", () => {
    expect(load({ ...cloudstack, KEY_LOGIN: 'true', KEY_TRUST_MS: '60000' })).toMatchObject({
      keyLogin: { trustMs: 60_000 },
    });
    expect(load(cloudstack)).toMatchObject({ keyLogin: undefined });
  });

  it('takes the authorities it trusts from a file', () => {
    const pem = '-----BEGIN CERTIFICATE-----\n';
    writeFileSync(join(cwd, 'ca.pem'), pem);
    expect(load({ ...cloudstack, CA_FILE: 'ca.pem' })?.ca).toBe(pem);
  });

  it.each([
    [{ URL: 'https://x.test/' }, ['directory.kind (default): expected cloudstack or keystone']],
    [
      { KIND: 'cloudstack' },
      ['directory.url (default)', 'directory.apiKey (default)', 'directory.secretKey (default)'],
    ],
    [{ ...cloudstack, KIND: 'cloudstak' }, ['directory.kind (HOOKLINE_DIRECTORY_KIND)']],
    [{ ...cloudstack, URL: 'ftp://x' }, ['directory.url (HOOKLINE_DIRECTORY_URL)']],
    [{ ...cloudstack, CA_FILE: 'none.pem' }, ['directory.caFile (HOOKLINE_DIRECTORY_CA_FILE)']],
    [keystone, ['directory.keystone.username (default): expected either username and password']],
    [{ KEY_LOGIN: 'true' }, ['directory.kind (default): expected cloudstack or keystone']],
    [
      {
        ...keystone,
        KEYSTONE_CREDENTIAL_ID: 'i',
        KEYSTONE_CREDENTIAL_SECRET: 's',
        KEY_LOGIN: 'true',
      },
      ['directory.keyLogin (HOOKLINE_DIRECTORY_KEY_LOGIN): expected false, because the keys are'],
    ],
    [{ ...keystone, KEYSTONE_USERNAME: 'u' }, ['directory.keystone.password (default)']],
    [
      { ...keystone, KEYSTONE_CREDENTIAL_ID: 'i' },
      ['directory.keystone.credentialSecret (default): expected the secret of that'],
    ],
    [
      { ...keystone, KEYSTONE_CREDENTIAL_ID: 'i', KEYSTONE_USERNAME: 'u', KEYSTONE_PASSWORD: 'p' },
      ['directory.keystone.username'],
    ],
  ])('is refused when it is half of one: %j', (keys, expected) => {
    const found = problems(keys);
    expect(found).toHaveLength(expected.length);
    for (const [index, start] of expected.entries()) expect(found[index]).toContain(start);
  });

  it('is shown without its secrets', () => {
    const login = { KEYSTONE_PASSWORD: 'hush-1', KEYSTONE_CREDENTIAL_SECRET: 'hush-2' };
    const keys = { ...cloudstack, API_KEY: 'hush-3', SECRET_KEY: 'hush-4', ...login };
    const shown = listEffective(loadLayers({ env: variables(keys), cwd }));
    expect(JSON.stringify(shown)).not.toContain('hush');
    expect(shown.filter(({ key }) => key.startsWith('directory.'))).toHaveLength(20);
  });
});
