import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { runCommandLine } from '../../src/cli/program.ts';
import { runDoctor } from '../../src/doctor/doctor.ts';
import { importFromCloudstack } from '../../src/directory/cloudstack/import-webhooks.ts';
import { openLocal } from '../../src/local.ts';
import { openBrowser } from '../service/browser.ts';
import { waitUntil } from '../service/wait-until.ts';
import { startApi } from './api-harness.ts';
import { startOidc } from './oidc-harness.ts';
import type { OidcWorld } from './oidc-harness.ts';

let world: OidcWorld;
let server: string;
let home: string;

beforeAll(async () => {
  world = await startOidc();
  world.provider.people.set('olga', { preferred_username: 'olga', groups: ['operators'] });
  world.provider.people.set('nobody', { preferred_username: 'nobody', groups: [] });
  server = await world.api.app.listen({ host: '127.0.0.1', port: 0 });
  home = mkdtempSync(join(tmpdir(), 'hookline-device-'));
});
afterAll(async () => {
  rmSync(home, { recursive: true });
  await world[Symbol.asyncDispose]();
});

const asNobody = {};
const begin = async () => {
  const { status, text } = await world.api.ask('POST', '/v1/oidc/device', undefined, asNobody);
  expect(status).toBe(200);
  const begun: Record<string, string> = JSON.parse(text);
  return begun;
};
const finish = (handle = '') =>
  world.api.ask('POST', '/v1/oidc/device/token', { handle }, asNobody);

/** A command line that goes on by itself; what it has said so far can be read meanwhile. */
function start(args: readonly string[], url = server) {
  const said: string[] = [];
  const out: string[] = [];
  const ended = runCommandLine(args, '1.2.3', {
    io: {
      out: line => void out.push(line),
      err: line => void said.push(line),
      askSecret: async () => '',
      confirm: async () => undefined,
      interruption: () => new AbortController().signal,
      readInput: async () => '',
    },
    environment: { cwd: home, env: { HOME: home, HOOKLINE_URL: url } },
    actions: {
      serve: async () => undefined,
      doctor: runDoctor,
      openLocal,
      importFromCloudstack,
    },
  });
  return { said, out, ended };
}

describe('a device', () => {
  it('is told to wait until its person has logged in, and then gets a session, once', async () => {
    const { handle, verificationUriComplete = '', userCode } = await begin();
    expect(userCode).toMatch(/\S{4,}/);
    const early = await finish(handle);
    expect(early.status).toBe(202);
    expect(JSON.parse(early.text)).toEqual({ waiting: 'authorization_pending' });
    await openBrowser().confirmDevice(verificationUriComplete, 'olga');
    const { status, body, headers } = await finish(handle);
    expect(status).toBe(200);
    expect(headers['set-cookie']).toBeUndefined();
    const bearer = { authorization: `Bearer ${body.token}` };
    const me = await world.api.ask('GET', '/v1/session', undefined, bearer);
    expect(me.body).toMatchObject({ username: 'olga', role: 'Admin', kind: 'session' });
    expect((await finish(handle)).body).toMatchObject({ status: 401, code: 'oidc_refused' });
  });

  it('gets nothing for somebody whom the claims do not place', async () => {
    const { handle, verificationUriComplete = '' } = await begin();
    await openBrowser().confirmDevice(verificationUriComplete, 'nobody');
    expect((await finish(handle)).body).toMatchObject({ status: 403, code: 'oidc_unmapped' });
  });

  it('is not one with a handle of its own making, or one that is too old', async () => {
    expect((await finish('AAAA')).body.code).toBe('oidc_state_invalid');
    const { handle } = await begin();
    world.clock.aheadMs = 1_801_000;
    expect((await finish(handle)).body.code).toBe('oidc_state_invalid');
    world.clock.aheadMs = 0;
  });

  it('never learns what it stands for', async () => {
    const { handle = '' } = await begin();
    expect(Buffer.from(handle, 'base64url').toString('latin1')).not.toContain('deviceCode');
  });
});

describe('hookline login --oidc', () => {
  it('says where to go, waits, and keeps the token', async () => {
    const { said, out, ended } = start(['login', '--oidc']);
    const url = await waitUntil('the URL', () => /^or open (\S+)$/m.exec(said.join('\n'))?.[1]);
    await openBrowser().confirmDevice(url, 'olga');
    expect(await ended).toBe(0);
    expect(out[0]).toMatch(/^Logged in at http:\/\/127\.0\.0\.1:\d+ until 20\d\d-/);
    const tokens = readFileSync(join(home, '.config/hookline/tokens.json'), 'utf8');
    const kept: Record<string, string> = JSON.parse(tokens);
    const bearer = { authorization: `Bearer ${kept[server]}` };
    const me = await world.api.ask('GET', '/v1/session', undefined, bearer);
    expect(me.body.username).toBe('olga');
  });

  it('says why it cannot be done, where it cannot', async () => {
    const { said, ended } = start(['login', '--oidc', '--username', 'olga']);
    expect(await ended).toBe(2);
    expect(said.join('\n')).toContain("'--oidc' cannot be used with option '--username");
    await using plain = await startApi();
    const url = await plain.app.listen({ host: '127.0.0.1', port: 0 });
    const without = start(['login', '--oidc'], url);
    expect(await without.ended).toBe(4);
    expect(without.said).toEqual(['No OpenID provider is configured; see oidc.issuer.']);
  });

  it('says that a browser is needed, where the provider has no login for devices', async () => {
    await using other = await startOidc(
      {},
      { configuration: { features: { deviceFlow: { enabled: false } } } },
    );
    const url = await other.api.app.listen({ host: '127.0.0.1', port: 0 });
    const { said, ended } = start(['login', '--oidc'], url);
    expect(await ended).toBe(1);
    expect(said).toEqual(['Log in with a browser and create a token.']);
  });
});
