import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { basePathOf } from '../../src/console/serve-console.ts';
import { startApi, type ApiUnderTest } from './api-harness.ts';

const script = 'export const a = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";';
let folder: string;
let api: ApiUnderTest;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hookline-console-'));
  mkdirSync(join(folder, 'console/assets'), { recursive: true });
  writeFileSync(join(folder, 'console/index.html'), '<base href="/" /><title>Console</title>');
  writeFileSync(join(folder, 'console/assets/main-1a2b3c.js'), script);
  writeFileSync(join(folder, 'console/hookline.svg'), '<svg/>');
  writeFileSync(join(folder, 'console/secret.pem'), 'not served');
  writeFileSync(join(folder, 'outside.js'), 'foreign bytes');
  symlinkSync(join(folder, 'outside.js'), join(folder, 'console/link.js'));
  api = await startApi({
    console: {
      folder: join(folder, 'console'),
      basePath: '/cloud/hooks/',
      frameAncestors: ['https://cloud.example'],
    },
  });
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const open = async (url: string, headers: Record<string, string> = {}) =>
  api.app.inject({ method: 'GET', url, headers: { accept: 'text/html', ...headers } });

describe('the page of the console', () => {
  it.each(['/', '/webhooks', '/webhooks/7?tab=audit', '/cloud/hooks/', '/cloud/hooks/webhooks'])(
    'is at %s, with the path at which people reach it',
    async url => {
      const { statusCode, body, headers } = await open(url);
      expect(statusCode).toBe(200);
      expect(body).toContain('<base href="/cloud/hooks/" />');
      expect(headers['cache-control']).toBe('no-cache');
      expect(headers['content-security-policy']).toContain(
        "frame-ancestors 'self' https://cloud.example",
      );
    },
  );

  it.each([
    ['/v1/nothing', 'text/html'],
    ['/v2/webhooks', 'text/html'],
    ['/client/nothing', 'text/html'],
    ['/assets/old-9z.js', 'text/html'],
    ['/webhooks', 'application/json'],
  ])('is not at %s for who accepts %s', async (url, accept) => {
    const answer = await open(url, { accept });
    expect(answer.statusCode).toBe(404);
    expect(answer.json()).toMatchObject({ code: 'not_found' });
  });

  it('leaves the API where it was, also below the path', async () => {
    const headers = { authorization: `Bearer ${api.token}`, accept: 'application/json' };
    for (const url of ['/v1/session', '/cloud/hooks/v1/session']) {
      expect((await open(url, headers)).json()).toMatchObject({ username: 'admin' });
    }
  });

  it('says how to build it where it is not built', async () => {
    await using bare = await startApi();
    const answer = await bare.app.inject({ url: '/', headers: { accept: 'text/html' } });
    expect(answer.statusCode).toBe(503);
    expect(answer.body).toContain('npm run console:build');
  });
});

describe('a file of the console', () => {
  it('is cached for good under a name with a hash, and asked for again under any other', async () => {
    const hashed = await open('/assets/main-1a2b3c.js');
    expect(hashed.body).toBe(script);
    expect(hashed.headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
    });
    const other = await open('/hookline.svg');
    expect(other.headers['cache-control']).toBe('no-cache');
    const again = await open('/hookline.svg', { 'if-none-match': String(other.headers.etag) });
    expect(again.statusCode).toBe(304);
  });

  it('is compressed for who accepts that', async () => {
    const answer = await open('/assets/main-1a2b3c.js', { 'accept-encoding': 'br, gzip' });
    expect(answer.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(answer.rawPayload).toString()).toBe(script);
  });

  it.each([
    '/../outside.js',
    '/assets/../../outside.js',
    '/..%2foutside.js',
    '/assets/..%2f..%2foutside.js',
    '//etc/passwd',
    '/link.js',
    '/secret.pem',
    '/assets',
  ])('is none outside of the folder, nor of a kind that is not built: %s', async url => {
    const answer = await open(url, { accept: '*/*' });
    expect(answer.statusCode).toBe(404);
    expect(answer.body).not.toMatch(/foreign bytes|not served|root:/);
  });
});

describe('the path at which people reach Hookline', () => {
  it.each([
    [undefined, '/'],
    ['https://hookline.example', '/'],
    ['https://cloud.example/hookline', '/hookline/'],
    ['https://cloud.example/a/b/', '/a/b/'],
  ])('of %s is %s', (publicUrl, path) => {
    expect(basePathOf(publicUrl)).toBe(path);
  });
});
