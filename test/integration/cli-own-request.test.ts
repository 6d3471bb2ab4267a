/** `hookline webhook create` with what only a file could set before: headers, and certificate authorities; and its warnings. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { databaseOf } from '../../src/store/database.ts';
import { makeCertificate } from '../service/certificate.ts';
import { startCli } from './cli-harness.ts';

const cli = await startCli();
const { api, home, run, json, makeWebhook } = cli;
afterAll(() => cli[Symbol.asyncDispose]());

const storedHeaders = async (id: string): Promise<unknown> => {
  const row = await databaseOf(api.store)
    .selectFrom('webhook')
    .select('headers')
    .where('id', '=', id)
    .executeTakeFirst();
  return row?.headers;
};

describe('hookline webhook create', () => {
  it('sets headers, typed or read from a file', async () => {
    writeFileSync(join(home, 'token.txt'), 'Bearer t0ken\n');
    const typed = ['--header', 'Authorization: @token.txt', '--header', 'X-Team:  ops: night '];
    const made = await makeWebhook(...typed);
    expect(made).toMatchObject({ headers: { Authorization: '***', 'X-Team': '***' } });
    expect(await storedHeaders(made.id)).toEqual({
      Authorization: 'Bearer t0ken',
      'X-Team': 'ops: night',
    });
  });

  it('keeps the value of a header that reads ***, and unsets all of them', async () => {
    const made = await makeWebhook('--header', 'X-A: 1', '--header', 'X-B: 2');
    await json('webhook', 'update', made.id, '--header', 'X-A: ***');
    expect(await storedHeaders(made.id)).toEqual({ 'X-A': '1' });
    expect(await json('webhook', 'update', made.id, '--header', '')).toMatchObject({
      headers: null,
    });
  });

  it.each([
    [['--header', 'no colon'], '--header no colon: expected "Name: value"'],
    [['--header', 'X-A: @missing.txt'], 'missing.txt cannot be read'],
    [['--ca-certificate', 'missing.pem'], 'missing.pem cannot be read'],
  ])('refuses %j as wrong usage', async (more, said) => {
    const made = ['webhook', 'create', '--name', 'n', '--payload-url', 'https://r.example/'];
    const { code, err } = await run([...made, ...more]);
    expect(code).toBe(2);
    expect(err).toContain(said);
  });

  it('reads certificate authorities from a file, and the API judges them', async () => {
    writeFileSync(join(home, 'ca.pem'), 'no certificate');
    const refused = await run(
      'webhook create --name n --payload-url https://ca.example/ --ca-certificate ca.pem'.split(
        ' ',
      ),
    );
    expect(refused.code).toBe(1);
    expect(refused.err).toContain('caCertificate');
    const { ca: pem } = await makeCertificate();
    writeFileSync(join(home, 'ca.pem'), pem);
    const made = await makeWebhook('--ca-certificate', 'ca.pem');
    expect(made).toMatchObject({ caCertificate: pem });
  });

  it('says what will not work on standard error, and creates the webhook all the same', async () => {
    const { code, out, err } = await run(
      'webhook create --name n --payload-url http://169.254.169.254/ --filter VM.STRAT'.split(' '),
    );
    expect(code).toBe(0);
    expect(err).toContain('Warning: No delivery will get to http://169.254.169.254/: blocked by');
    expect(err).toContain('Did you mean VM.START?');
    expect(out).not.toContain('warnings');
  });
});
