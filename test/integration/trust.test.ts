/** What a file of certificates makes trusted, where no message is sent by it: the database and the cloud's API. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createCloudHttp } from '../../src/directory/cloud-http.ts';
import { connectAlone } from '../../src/store/connection/session.ts';
import { openStore } from '../../src/store/connection/open.ts';
import { makeCertificate, type Certificate } from '../service/certificate.ts';
import { startPostgresTls } from '../service/postgres-tls.ts';
import { startReceiver } from '../service/receiver.ts';
import { createTestDatabase } from '../service/shared.ts';

let certificate: Certificate;
let stranger: Certificate;
beforeAll(async () => {
  certificate = await makeCertificate({ isIssued: true });
  stranger = await makeCertificate();
});

const given = [
  ['the root alone', () => certificate.ca, /^trusted$/],
  ['the issuing authority alone', () => certificate.issuing, /^trusted$/],
  ['the server’s own certificate', () => certificate.leaf, /^trusted$/],
  ['root and issuing authority', () => `${certificate.ca}${certificate.issuing}`, /^trusted$/],
  ['somebody else’s authority', () => stranger.ca, /certificate/],
  ['somebody else’s certificate', () => stranger.leaf, /certificate/],
] as const;

const trusted = (): string => 'trusted';
const messageOf = (error: unknown): string => String(error);

describe('PostgreSQL over TLS, where sslrootcert is', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hookline-trust-'));
  });
  afterAll(async () => rm(directory, { recursive: true, force: true }));

  it.each(given)('%s', async (_what, pem, outcome) => {
    await using stack = new AsyncDisposableStack();
    const database = await createTestDatabase();
    stack.defer(() => database.drop());
    const { url } = stack.use(await startPostgresTls(database.url, certificate));
    const file = join(directory, 'root.pem');
    await writeFile(file, pem());
    url.searchParams.set('sslmode', 'verify-full');
    url.searchParams.set('sslrootcert', file);
    const facts = { name: 'test', silenceMs: 10_000 };
    const alone = connectAlone(url.href, facts, async () => {});
    expect(await alone.then(async client => client.end()).then(trusted, messageOf)).toMatch(
      outcome,
    );
    const store = await openStore(url.href);
    stack.defer(() => store.close());
    expect(await store.em.fork().execute('select 1').then(trusted, messageOf)).toMatch(outcome);
  });
});

describe('the cloud’s API, where directory.caFile is', () => {
  it.each(given)('%s', async (_what, pem, outcome) => {
    await using receiver = await startReceiver({ tls: certificate });
    receiver.answerWith({ body: '{}' });
    const ask = createCloudHttp({ timeoutMs: 5_000, ca: pem() });
    const answer = ask({ method: 'GET', url: receiver.url, signal: new AbortController().signal });
    expect(await answer.then(trusted, messageOf)).toMatch(outcome);
  });
});
