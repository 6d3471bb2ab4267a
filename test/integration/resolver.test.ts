/** Names whose servers never answer, asked of a real name server. */
import { lookup } from 'node:dns/promises';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { hashPassword } from '../../src/access/password.ts';
import { createAskDns } from '../../src/dispatch/egress/name/ask-dns.ts';
import { openNameFiles } from '../../src/dispatch/egress/name/name-files.ts';
import { createResolver } from '../../src/dispatch/egress/name/resolve-name.ts';
import { startNameServer } from '../service/name-server.ts';
import type { NameServer } from '../service/name-server.ts';
import { startReceiver } from '../service/receiver.ts';
import { openDispatchHarness, tenant } from './dispatch-harness.ts';

let server: NameServer;
let directory: string;

beforeAll(async () => {
  const known = { 'good.test': '127.0.0.1', 'hook.cluster.test': '127.0.0.1' };
  server = await startNameServer({ known });
  directory = await mkdtemp(join(tmpdir(), 'hookline-names-'));
  await writeFile(join(directory, 'hosts'), '127.0.0.9  listed.mute.test other # a comment\n');
  await writeFile(join(directory, 'resolv.conf'), 'search cluster.test\noptions ndots:2\n');
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

const open = (options: { deadlineMs?: number } = {}) =>
  createResolver({
    files: openNameFiles(join(directory, 'hosts'), join(directory, 'resolv.conf')),
    ask: createAskDns([server.address]),
    ...options,
  });
const muteNames = Array.from({ length: 64 }, (_, at) => `b${at}.mute.test`);

it('answers for other names while 64 names are mute, and leaves the threads to passwords', async () => {
  const resolve = open({ deadlineMs: 2_000 });
  const mute = Promise.allSettled(muteNames.map(async name => resolve(name, 'b')));
  const startedAtMs = performance.now();
  expect(await resolve('good.test', 'a')).toEqual([{ address: '127.0.0.1', family: 4 }]);
  await hashPassword('a long password');
  expect(await lookup('localhost')).toBeDefined();
  expect(performance.now() - startedAtMs).toBeLessThan(1_900);
  for (const { status, ...rest } of await mute) {
    expect(status).toBe('rejected');
    expect(rest).toMatchObject({ reason: { code: 'EAI_AGAIN' } });
  }
});

it('does not ask again for a name that was mute a moment ago', async () => {
  const resolve = open({ deadlineMs: 300 });
  await expect(resolve('again.mute.test')).rejects.toThrow('no name server answers');
  const before = server.asked.length;
  await expect(resolve('again.mute.test')).rejects.toThrow('no name server answers');
  expect(server.asked.slice(before)).not.toContain('again.mute.test');
});

it('goes by the file of hosts first, and by the search list', async () => {
  const resolve = open();
  expect(await resolve('Listed.mute.test')).toEqual([{ address: '127.0.0.9', family: 4 }]);
  expect(await resolve('hook')).toEqual([{ address: '127.0.0.1', family: 4 }]);
  await writeFile(
    join(directory, 'hosts'),
    '127.0.0.10 listed.mute.test and.more.test\n::7 and.more.test\n',
  );
  expect(await resolve('and.more.test')).toEqual([
    { address: '127.0.0.10', family: 4 },
    { address: '::7', family: 6 },
  ]);
});

it('asks the system about names that DNS does not have', async () => {
  await expect(open()('nowhere.invalid')).rejects.toMatchObject({ code: 'ENOTFOUND' });
});

it('lets names that are mute hold up no delivery to another account’s receiver', async () => {
  await using harness = await openDispatchHarness();
  await using receiver = await startReceiver();
  receiver.answerWith({ headers: { connection: 'close' } });
  await harness.start({}, open());
  const good = await harness.webhook(`http://good.test:${receiver.port}/`);
  for (const name of muteNames.slice(0, 8)) {
    await harness.owe(await harness.webhook(`http://${name}/`, { accountId: tenant, tries: 1 }));
  }
  for (let count = 0; count < 40; count += 1) await harness.owe(good);
  await receiver.waitForDistinct(40, 4_000);
  expect(receiver.counts.size).toBe(40);
});
