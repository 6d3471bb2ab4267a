/** The directory in the composed program: configured, synced beside everything else, stopped with it. */
import { tmpdir } from 'node:os';

import { pino } from 'pino';
import { describe, expect, it } from 'vitest';

import { startApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load/load.ts';
import { waitUntil } from '../service/wait-until.ts';
import { fillCloud, openDirectoryHarness } from './directory-harness.ts';

describe('the app', () => {
  it('fills the directory, follows the cloud within the refresh time, and stops', async () => {
    await using harness = await openDirectoryHarness();
    const { cloud, store, url: databaseUrl } = harness;
    fillCloud(cloud);
    const config = loadConfig({
      env: {
        HOOKLINE_DIRECTORY_KIND: 'cloudstack',
        HOOKLINE_DIRECTORY_URL: cloud.url,
        HOOKLINE_DIRECTORY_API_KEY: cloud.keys.apiKey,
        HOOKLINE_DIRECTORY_SECRET_KEY: cloud.keys.secretKey,
        HOOKLINE_DIRECTORY_REFRESH_MS: '1000',
      },
      cwd: tmpdir(),
    });
    const lines: string[] = [];
    const log = pino({ level: 'trace' }, { write: line => void lines.push(line) });
    const app = await startApp({
      config,
      databaseUrl,
      store,
      secretKey: Buffer.alloc(32),
      roles: ['janitor'],
      log,
    });
    const has = async (where: string): Promise<boolean> =>
      (await harness.rows(`select from account where ${where}`)).length > 0;
    try {
      await waitUntil('the accounts to be there', () => has(`id = 'anna'`));
      cloud.tables.account.splice(1, 1);
      await waitUntil('the deletion to be seen', () =>
        has(`id = 'anna' and removed_at is not null`),
      );
      expect(await app.metrics.registry.metrics()).toMatch(/^hookline_directory_age_seconds \d/m);
    } finally {
      await app.stop();
    }
    expect(lines.join('')).not.toContain(cloud.keys.secretKey);
    expect(lines.join('')).not.toContain(cloud.keys.apiKey);
    // Without a directory in the configuration nobody is told of an old one.
    const { directory: _, ...plain } = config;
    const without = await startApp({
      config: plain,
      databaseUrl,
      store,
      secretKey: Buffer.alloc(32),
      roles: ['janitor'],
      log,
    });
    try {
      await waitUntil(
        'its state to be forgotten',
        async () => (await harness.count('directory_state')) === 0,
      );
      expect(await without.metrics.registry.metrics()).not.toContain('directory_age');
    } finally {
      await without.stop();
    }
  });
});
