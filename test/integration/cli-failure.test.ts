/** What the command line says, and exits with, when something cannot be done. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { type Ran, startCli } from './cli-harness.ts';

const cli = await startCli();
const { server, home, run, json } = cli;
afterAll(() => cli[Symbol.asyncDispose]());

const problemOf = ({ err }: Ran): Record<string, unknown> => {
  const problem: Record<string, unknown> = JSON.parse(err);
  return problem;
};

describe('a mistyped command line', () => {
  it.each([
    [['webhok', 'list'], 'Did you mean webhook?'],
    [['webhook', 'lst'], 'Did you mean list?'],
    [['webhook', 'list', '--nmae', 'x'], 'Did you mean --name?'],
    [['webhook', 'list', '--scope', 'Globl'], 'Allowed choices are Local, Domain, Global.'],
  ])('%j is told what comes nearest', async (args, hint) => {
    const { code, err } = await run(args);
    expect(code).toBe(2);
    expect(err).toContain(hint);
  });

  it.each([[['webhok', '--json']], [['webhook', 'list', '--limit', 'x', '--json']], [['--json']]])(
    '%j is one problem in JSON, and nothing else',
    async args => {
      const ran = await run(args);
      expect(ran).toMatchObject({ code: 2, out: '' });
      expect(problemOf(ran)).toMatchObject({ code: 'usage_invalid', exitCode: 2 });
    },
  );
});

describe('with --json an error', () => {
  it("is the API's problem as it came, with the exit code", async () => {
    const ran = await run(['webhook', 'show', crypto.randomUUID(), '--json']);
    expect(ran).toMatchObject({ code: 4, out: '' });
    expect(problemOf(ran)).toMatchObject({
      type: 'urn:hookline:problem:not_found',
      title: 'Not found',
      status: 404,
      code: 'not_found',
      exitCode: 4,
    });
  });

  it('is a problem as well when nobody answered', async () => {
    const ran = await run(['webhook', 'list', '--json', '--server', 'http://127.0.0.1:9']);
    expect(ran.code).toBe(5);
    expect(problemOf(ran)).toMatchObject({ code: 'server_unreachable', exitCode: 5 });
  });

  it('names every key of a configuration that cannot be used', async () => {
    const env = { HOOKLINE_HTTP_PORT: 'x', HOOKLINE_LOG_LEVEL: 'loud' };
    const ran = await run(['config', '--json'], { env });
    expect(ran.code).toBe(2);
    expect(problemOf(ran)['problems']).toHaveLength(2);
  });
});

describe('whoever may not', () => {
  it('is told which role does not, and what to do', async () => {
    await run(['domain', 'create', '--id', 'd', '--name', 'd']);
    await run(['account', 'create', '--id', 'a', '--name', 'a', '--domain-id', 'd']);
    await run(['user', 'create', 'ann', '--account', 'a', '--password-stdin'], {
      input: 'long enough',
    });
    const env = { HOME: home, HOOKLINE_URL: server };
    await run(['login', '--username', 'ann', '--password-stdin'], { env, input: 'long enough' });
    const { code, err } = await run(['domain', 'create', '--name', 'x'], { env });
    expect(code).toBe(3);
    expect(err).toBe(
      'User may not POST /v1/domains. hookline whoami shows who you are; hookline login --username <name> logs you in as somebody else.',
    );
    const who = await run(['whoami'], { env });
    expect(who.out).toMatch(/username +ann\nrole +User/);
    expect(who.out).not.toContain('csrf');
  });

  it('is told which scope the token lacks', async () => {
    const { token } = await json('token', 'create', 'reader', '--scopes', 'read');
    const env = { HOME: home, HOOKLINE_URL: server, HOOKLINE_TOKEN: token };
    expect((await run(['webhook', 'list'], { env })).code).toBe(0);
    const { code, err } = await run(['domain', 'create', '--name', 'x'], { env });
    expect(code).toBe(3);
    expect(err).toBe(
      'The token does not have the scope write. Create one that has: hookline token create <name> --scopes read,write.',
    );
  });

  it('is nobody any more after logout, and keeps no token', async () => {
    const env = { HOME: home, HOOKLINE_URL: server };
    await run(['login', '--password-stdin'], { env, input: 'correct horse' });
    const file = join(home, '.config/hookline/tokens.json');
    const kept: Record<string, string> = JSON.parse(readFileSync(file, 'utf8'));
    expect(await run(['logout'], { env })).toMatchObject({
      code: 0,
      out: `Logged out at ${server}.`,
    });
    expect(readFileSync(file, 'utf8')).not.toContain(server);
    const after = await run(['whoami'], { env: { ...env, HOOKLINE_TOKEN: kept[server] ?? '' } });
    expect(after).toMatchObject({ code: 3, out: '' });
  });
});

describe('a server that is in trouble', () => {
  it.each([
    [503, { code: 'database_unavailable', detail: 'Try again in a moment.' }, 5, 'Try again'],
    [500, { code: 'internal', detail: 'See the log of this Hookline process.' }, 1, 'See the log'],
    [
      400,
      { detail: 'no', errors: [{ path: '/tries', message: 'must be >= 1' }] },
      1,
      'no\n/tries: must be >= 1',
    ],
  ])('and answers %i is passed on', async (status, problem, code, said) => {
    const other = createServer((_, response) =>
      response.writeHead(status).end(JSON.stringify(problem)),
    );
    await new Promise<void>(resolve => {
      other.listen(0, '127.0.0.1', resolve);
    });
    const address = other.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const ran = await run(['webhook', 'list', '--server', `http://127.0.0.1:${port}`]);
    other.close();
    expect(ran.code).toBe(code);
    expect(ran.err).toContain(said);
  });

  it('is named with every address that refuses', async () => {
    const { err } = await run(['webhook', 'list', '--server', 'http://localhost:9']);
    expect(err).toMatch(/cannot be reached at http:\/\/localhost:9: .*ECONNREFUSED/);
  });
});
