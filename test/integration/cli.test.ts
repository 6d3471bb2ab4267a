import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

import { sql } from 'kysely';
import { afterAll, describe, expect, it } from 'vitest';

import type { Actions } from '../../src/cli/context.ts';
import { databaseOf } from '../../src/store/database.ts';
import { insertOutcomes } from '../../src/store/delivery/outcome.ts';
import { newId, secretKey } from './api-harness.ts';
import { type Json, startCli } from './cli-harness.ts';

const cli = await startCli();
const { api, server, home, run, json, makeWebhook } = cli;
afterAll(() => cli[Symbol.asyncDispose]());

async function recordEvent(): Promise<string> {
  const eventId = newId();
  await api.store.em
    .fork()
    .execute(
      `insert into event (id, process_id, source, event, body, owed) values (?, 0, 'kafka', 'VM.START', '{"event":"VM.START"}', '{}')`,
      [eventId],
    );
  return eventId;
}

describe('hookline format', () => {
  it('is chosen for a webhook, with what is set for it', async () => {
    const made = await makeWebhook('--format', 'slack', '--body', '{"channel":"#ops"}');
    expect(made).toMatchObject({ format: 'slack', body: { channel: '#ops' } });
    const more = [
      '--format',
      'cloudpods',
      '--msg-key',
      'text',
      '--body',
      '',
      '--validation',
      'none',
    ];
    expect(await json('webhook', 'update', made.id, ...more)).toMatchObject({
      format: 'cloudpods',
      msgKey: 'text',
      body: null,
      validation: 'none',
    });
    expect(await json('webhook', 'update', made.id, '--msg-key', '')).toMatchObject({
      msgKey: null,
    });
    const wrong = await run(['webhook', 'update', made.id, '--body', '[1]']);
    expect(wrong.err).toContain('expected a JSON object, such as {"name":"value"}');
  });

  it('is listed, and previewed over the last events', async () => {
    expect((await run(['format', 'list'])).out).toMatch(/^pagerduty\s+PagerDuty Events API v2/m);
    const webhook = await makeWebhook();
    const eventId = await recordEvent();
    const shown = await run(['format', 'preview', 'standard-webhooks']);
    expect(shown.out).toContain(`webhook-id: ${eventId}\n`);
    expect(shown.out).toContain('\n\n{"type":"VM.START"');
    const { items } = Object(await json('format', 'preview', '--webhook', webhook.id));
    expect(items[0]).toMatchObject({ eventId, headers: { 'X-CS-Event': 'VM.START' } });
    const skipped = await run(['format', 'preview', 'pagerduty']);
    expect(skipped.out).toBe('VM.START is not sent: nothing failed, and nothing warns');
    const none = await run(['format', 'preview', 'envelope', '--type', 'NEVER.HAPPENED']);
    expect(none.err).toBe('There are no events to show.');
  });
});

describe('hookline webhook', () => {
  it('creates, shows, lists, updates and deletes', async () => {
    const made = await makeWebhook(
      '--secret',
      'hunter2',
      '--filter',
      'VM.START',
      '--filter',
      'Exclude:Prefix:VM.S',
    );
    expect(made).toMatchObject({
      hasSecret: true,
      filters: [
        { mode: 'Include', matchType: 'Exact', value: 'VM.START' },
        { mode: 'Exclude', matchType: 'Prefix', value: 'VM.S' },
      ],
    });
    const shown = await run(['webhook', 'show', made.id]);
    expect(shown.out).toMatch(new RegExp(`^name +${made.name}$`, 'm'));
    expect(shown.out).toMatch(/^has secret +yes$/m);
    expect(shown.out).not.toContain('hunter2');
    const listed = await run(['webhook', 'list', '--name', made.name]);
    expect(listed.out.split('\n')).toHaveLength(2);
    expect(listed.out).toContain(made.id);
    const changed = await json(
      'webhook',
      'update',
      made.id,
      '--tries',
      '7',
      '--secret',
      '',
      '--categories',
      '*',
    );
    expect(changed).toMatchObject({
      tries: 7,
      hasSecret: false,
      categories: ['*'],
      name: made.name,
    });
    expect(await run(['webhook', 'delete', made.id])).toMatchObject({
      code: 0,
      out: `${made.id} deleted`,
    });
    expect(await run(['webhook', 'show', made.id])).toMatchObject({
      code: 4,
      err: 'Unable to find the webhook with the specified ID',
    });
  });

  it('enables and disables several at once', async () => {
    const [one, two] = [await makeWebhook(), await makeWebhook()];
    const { out } = await run(['webhook', 'disable', one.id, two.id]);
    expect(out).toBe(`${one.id} is Disabled\n${two.id} is Disabled`);
    expect((await json('webhook', 'show', two.id)).state).toBe('Disabled');
    await run(['webhook', 'enable', two.id]);
    expect((await json('webhook', 'show', two.id)).state).toBe('Enabled');
  });

  it('pauses and resumes several at once', async () => {
    const [one, two] = [await makeWebhook(), await makeWebhook()];
    const { out } = await run(['webhook', 'pause', one.id, two.id]);
    expect(out).toBe(`${one.id} is Paused\n${two.id} is Paused`);
    expect((await run(['webhook', 'show', two.id])).out).toMatch(/paused by \w+/);
    await run(['webhook', 'resume', two.id]);
    expect((await json('webhook', 'show', two.id)).state).toBe('Enabled');
  });

  it('reads the secret from standard input, so that it is in no list of processes', async () => {
    const { id } = await makeWebhook();
    const { out } = await run(['webhook', 'update', id, '--secret', '-', '--json'], {
      input: 'from stdin\n',
    });
    expect(JSON.parse(out)).toMatchObject({ hasSecret: true });
  });

  it('adds and removes filters', async () => {
    const { id } = await makeWebhook();
    const added = await json('webhook', 'filter', 'add', id, 'Prefix:VM.');
    expect(added).toMatchObject({ mode: 'Include', matchType: 'Prefix', value: 'VM.' });
    expect((await run(['webhook', 'filter', 'remove', id, added.id])).code).toBe(0);
    expect((await json('webhook', 'show', id)).filters).toEqual([]);
  });

  it('previews filters before they are saved', async () => {
    await sql`insert into event (id, process_id, source, event, status, body, owed) values
        (${newId()}, 1, 's', 'PREVIEWED', 'Failed', '{"n":1}', '{}'),
        (${newId()}, 1, 's', 'PREVIEWED', 'Completed', '{"n":"x"}', '{}')`.execute(
      databaseOf(api.store),
    );
    const filters = ['Contains:PREVIEWED', 'Expression:original.n > 0'];
    const shown = await run(['webhook', 'filter', 'preview', ...filters, '--limit', '2']);
    expect(shown).toMatchObject({ code: 0, err: '' });
    expect(shown.out).toContain('1 of 2 events matched; refused: 0 by category, 1 by filters');
    expect(shown.out).toContain('For 1 an expression had no answer.');
    expect(shown.out).toMatch(/PREVIEWED .* Failed .* matched/);
    expect(shown.out).toMatch(/PREVIEWED .* Completed .* compares text with a number/);
    const wrong = await run(['webhook', 'filter', 'preview', 'Expression:a.**']);
    expect(wrong.code).not.toBe(0);
    expect(wrong.err).toContain('line 1, column 4');
  });

  it('lists as many as are asked for, over as many pages as that takes, and says when there are more', async () => {
    for (let index = 0; index < 3; index += 1) await makeWebhook();
    const { out, err } = await run(['webhook', 'list', '--limit', '2', '--json']);
    expect(JSON.parse(out)).toHaveLength(2);
    expect(err).toBe('There is more: raise --limit above 2.');
    expect(await run(['webhook', 'list', '--name', 'nobody'])).toEqual({
      code: 0,
      out: '',
      err: 'Nothing found.',
    });
  });

  it.each([
    [['webhook', 'create', '--name', 'x'], "required option '--payload-url <url>' not specified"],
    [['webhook', 'list', '--nmae', 'x'], "unknown option '--nmae'"],
    [['webhook', 'list', '--state', 'Off'], 'Allowed choices are Enabled, Paused, Disabled.'],
    [['webhook', 'list', '--limit', 'all'], 'expected a whole number'],
    [['webhook', 'show'], "missing required argument 'id'"],
    [['webhok'], "unknown command 'webhok'"],
    [[], 'Usage: hookline'],
  ])('%j is wrong usage: exit code 2', async (args, message) => {
    const { code, out, err } = await run(args);
    expect(code).toBe(2);
    expect(err).toContain(message);
    expect(out).toBe('');
  });

  it('passes on what the API says, with exit code 1', async () => {
    const { code, err } = await run([
      'webhook',
      'create',
      '--name',
      'x',
      '--payload-url',
      'ftp://x',
    ]);
    expect({ code, err }).toEqual({ code: 1, err: 'Unsupported scheme for url: ftp://x' });
  });
});

describe('hookline event and delivery', () => {
  it('list, show and deliver again', async () => {
    // The event names nobody.
    const hook = await makeWebhook('--scope', 'Global');
    const eventId = await recordEvent();
    const attempt = {
      startedAt: new Date(),
      durationMs: 3,
      error: 'connect ECONNREFUSED 127.0.0.1:9',
    };
    await insertOutcomes(databaseOf(api.store), [
      { eventId, webhookId: hook.id, state: 'failed', tries: 1, attempt },
    ]);
    expect((await run(['event', 'list', '--type', 'VM.START'])).out).toContain(eventId);
    expect((await run(['event', 'show', eventId])).out).toContain('{"event":"VM.START"}');
    const list = await run(['delivery', 'list', '--webhook', hook.id, '--state', 'failed']);
    expect(list.out).toMatch(/RESULT\n.*connect ECONNREFUSED/);
    const [failed]: Json[] = JSON.parse(
      (await run(['delivery', 'list', '--webhook', hook.id, '--json'])).out,
    );
    const again = await json('delivery', 'redeliver', failed?.id ?? '');
    expect(again).toMatchObject({ kind: 'redelivery', state: 'pending' });
    expect((await run(['delivery', 'show', again.id])).out).toContain('X-CS-Event: VM.START');
  });
});

/** Of somebody who has no token. */
const withoutToken = () => ({ HOME: home, HOOKLINE_URL: server });

describe('hookline login', () => {
  it('keeps a token that the next command finds, in a file only its user can read', async () => {
    const { code, out } = await run(['login'], { env: withoutToken(), input: 'correct horse' });
    expect(code).toBe(0);
    expect(out).toContain(`Logged in at ${server}`);
    const file = join(home, '.config/hookline/tokens.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(out).not.toContain(JSON.parse(readFileSync(file, 'utf8'))[server]);
    expect((await run(['webhook', 'list'], { env: withoutToken() })).code).toBe(0);
  });

  it('says that the password is wrong, and what to do without a login', async () => {
    expect(
      await run(['login', '--password-stdin'], { env: withoutToken(), input: 'wrong\n' }),
    ).toMatchObject({
      code: 3,
      err: 'The username or the password is wrong.',
    });
    const nobody = { HOME: '/nonexistent', HOOKLINE_URL: server };
    expect((await run(['webhook', 'list'], { env: nobody })).err).toBe(
      `You are not logged in at ${server}. Run hookline login, or set HOOKLINE_TOKEN.`,
    );
    const stale = { ...nobody, HOOKLINE_TOKEN: 'hkl_stale' };
    expect((await run(['webhook', 'list'], { env: stale })).err).toContain('is not valid any more');
  });
});

describe('hookline user and token', () => {
  it('manage who may log in', async () => {
    expect(
      (await run(['user', 'create', 'ann', '--password-stdin'], { input: 'long enough\n' })).code,
    ).toBe(0);
    expect((await run(['user', 'list'])).out).toContain('ann');
    expect((await run(['user', 'password', 'ann'], { input: 'longer still' })).code).toBe(0);
    const made = await json('token', 'create', 'ci', '--expires', '1d');
    expect((await run(['token', 'list'])).out).toContain(made.id);
    const asToken = { HOME: home, HOOKLINE_URL: server, HOOKLINE_TOKEN: made.token };
    expect((await run(['user', 'list'], { env: asToken })).code).toBe(0);
    expect((await run(['token', 'delete', made.id])).code).toBe(0);
    expect((await run(['user', 'list'], { env: asToken })).code).toBe(3);
    expect((await run(['user', 'delete', 'ann'])).out).toBe('ann deleted');
  });

  it('act straight on the database with --local, when there is no way in yet', async () => {
    const database = api.store.config.get('clientUrl') ?? '';
    const env = {
      HOME: home,
      HOOKLINE_URL: server,
      HOOKLINE_DATABASE_URL: database,
      HOOKLINE_SECRET_KEY: secretKey.toString('base64'),
    };
    const made = await run(['user', 'create', 'eve', '--local', '--password-stdin'], {
      env,
      input: 'long enough',
    });
    expect(made).toMatchObject({ code: 0, out: 'eve created' });
    const token = await run(['token', 'create', 'first', '--local', '--user', 'eve'], { env });
    expect(token.out).toMatch(/^hkl_/);
    expect(
      (await run(['user', 'list'], { env: { ...env, HOOKLINE_TOKEN: token.out } })).out,
    ).toContain('eve');
    expect((await run(['token', 'create', 'x', '--local', '--user', 'nobody'], { env })).code).toBe(
      1,
    );
    const audit = await api.ask('GET', '/v1/audit?action=user.created&limit=500');
    expect(audit.body.items.find(({ objectId }) => objectId === 'eve')?.address).toMatch(
      /^local:uid=\d+@./,
    );
    const status = await run(['migrate', 'status'], { env });
    expect(status.out).toMatch(/^done {5}0001-management/);
    expect(await run(['migrate', 'up'], { env })).toMatchObject({ code: 0, out: 'Nothing to do.' });
  });
});

describe('hookline domain and account', () => {
  it('are imported from CSV and JSON, again and again', async () => {
    writeFileSync(
      join(home, 'domains.csv'),
      'id,name,parentId\nleaf,Leaf,branch\nbranch,"Branch, the",\n',
    );
    writeFileSync(join(home, 'accounts.json'), '[{"id":"acme","name":"acme","domainId":"leaf"}]');
    expect((await run(['domain', 'import', 'domains.csv'])).out).toBe(
      '2 created, 0 updated, 0 unchanged',
    );
    expect((await run(['domain', 'import', 'domains.csv'])).out).toBe(
      '0 created, 0 updated, 2 unchanged',
    );
    expect((await run(['account', 'import', 'accounts.json'])).out).toBe(
      '1 created, 0 updated, 0 unchanged',
    );
    const input = 'id,name,domainId,kind\nacme,ACME,leaf,user\nproj,p,leaf,project\n';
    expect((await run(['account', 'import', '-'], { input })).out).toBe(
      '1 created, 1 updated, 0 unchanged',
    );
    expect((await run(['account', 'list', '--domain-id', 'leaf'])).out).toContain('ACME');
    expect((await run(['domain', 'list', '--parent-id', 'branch'])).out).toContain('Leaf');
  });

  it('are imported from what a list in JSON was', async () => {
    for (const kind of ['domain', 'account']) {
      const { out: input } = await run([kind, 'list', '--json']);
      expect((await run([kind, 'import', '-'], { input })).out).toMatch(
        /^0 created, 0 updated, [1-9]/,
      );
    }
  });

  it('are created one by one', async () => {
    const domain = await json('domain', 'create', '--name', 'one');
    const account = await json(
      'account',
      'create',
      '--name',
      'a',
      '--domain-id',
      domain.id,
      '--kind',
      'project',
    );
    expect(account).toMatchObject({ domainId: domain.id, kind: 'project' });
  });

  it.each([
    ['id,nme\n1,a\n', 'nme is not known; expected id, name, parentId'],
    ['[{"id":', 'JSON'],
    ['[1]', 'expected a JSON array of objects'],
    ['', 'nothing to import'],
    ['id,name,parentId\na,a,nowhere\n', 'There is no domain nowhere.'],
  ])('are not imported from %j', async (input, message) => {
    const { code, err } = await run(['domain', 'import', '-'], { input });
    expect(code).toBe(1);
    expect(err).toContain(message);
  });

  it('are not imported from a file that is not there', async () => {
    expect((await run(['domain', 'import', 'absent.csv'])).err).toBe(
      `${join(home, 'absent.csv')} cannot be read`,
    );
  });
});

describe('a Hookline that cannot be asked', () => {
  it('is named with what to try', async () => {
    const { code, err } = await run(['webhook', 'list', '--server', 'http://127.0.0.1:9/']);
    expect(code).toBe(5);
    expect(err).toMatch(
      /^Hookline cannot be reached at http:\/\/127\.0\.0\.1:9: connect ECONNREFUSED/,
    );
    expect(err).toContain('HOOKLINE_URL or --server');
  });

  it('may be something else that listens there', async () => {
    const other = createServer((_, response) =>
      response.writeHead(302, { location: '/x' }).end('<html>'),
    );
    await new Promise<void>(resolve => {
      other.listen(0, '127.0.0.1', resolve);
    });
    const address = other.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const { code, err } = await run(['webhook', 'list', '--server', `http://127.0.0.1:${port}`]);
    expect(code).toBe(5);
    expect(err).toContain("is this Hookline's URL?");
    other.close();
  });
});

describe('hookline config and serve', () => {
  it('show the effective configuration with every origin, secrets masked', async () => {
    const env = { HOOKLINE_AMQP_URL: 'amqp://guest:hunter2@broker', HOOKLINE_HTTP_PORT: '81' };
    const { out } = await run(['config'], { env });
    expect(out).toMatch(/^amqp\.url +amqp:\/\/guest:\*\*\*@broker +HOOKLINE_AMQP_URL$/m);
    expect(out).toMatch(/^http\.port +81 +HOOKLINE_HTTP_PORT$/m);
    expect(out).toMatch(/^database\.migrate +true +default$/m);
    const parsed: { key: string }[] = JSON.parse((await run(['config', '--json'], { env })).out);
    expect(parsed.find(({ key }) => key === 'http.port')).toMatchObject({
      value: 81,
      origin: 'HOOKLINE_HTTP_PORT',
    });
  });

  it.each([['config'], ['serve'], ['webhook', 'list'], ['migrate', 'up']])(
    'are refused with a line for each problem and exit code 2: %s %s',
    async (...args) => {
      const env = { HOOKLINE_HTTP_PORT: 'x', HOOKLINE_SECRET_KEY: 'hunter2' };
      const { code, out, err } = await run(args, { env });
      expect(code).toBe(2);
      expect(out).toBe('');
      expect(err.split('\n')).toHaveLength(2);
      expect(err).not.toContain('hunter2');
    },
  );

  it('starts what it is told with the file it is told', async () => {
    writeFileSync(join(home, 'served.yaml'), 'http: { port: 4711 }');
    const started: unknown[] = [];
    const serve: Actions['serve'] = async (config, roles) =>
      void started.push(config.http.port, roles);
    const args = ['serve', '--config', 'served.yaml', '--roles', 'ingest'];
    expect((await run(args, { env: {}, actions: { serve } })).code).toBe(0);
    expect(started).toEqual([4711, 'ingest']);
  });
});

describe('settings', () => {
  it('are listed with where they come from, set, and unset', async () => {
    const { domainId } = (await api.ask('GET', '/v1/session')).body;
    const set = ['setting', 'set', 'webhook.delivery.tries', '7', '--domain', domainId];
    expect(await json(...set)).toMatchObject({ value: '7', origin: 'domain', isSetHere: true });
    const list = await run(['setting', 'list', '--domain', domainId]);
    expect(list.out).toMatch(/webhook\.delivery\.tries +7 +domain/);
    const wrong = await run(['setting', 'set', 'webhook.delivery.tries', 'many']);
    expect(wrong).toMatchObject({ code: 1, out: '' });
    expect(wrong.err).toContain('expected a whole number from 1 to 100, not many');
    const unset = await run(['setting', 'unset', 'webhook.delivery.tries', '--domain', domainId]);
    expect(unset).toMatchObject({ code: 0, out: 'webhook.delivery.tries unset' });
  });
});

describe('the audit', () => {
  it('lists who changed what, and which fields', async () => {
    const { id } = await makeWebhook();
    await run(['webhook', 'update', id, '--description', 'new', '--tries', '4']);
    const { out } = await run(['audit', '--object', id]);
    expect(out).toMatch(/admin +webhook\.updated/);
    expect(out).toMatch(/description, tries, updated/);
  });
});
