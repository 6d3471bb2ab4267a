/** The commands about what flows through, beside a whole app that delivers. */
import { pino } from 'pino';
import { afterAll, describe, expect, it } from 'vitest';

import { type App, startApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load/load.ts';
import { databaseOf } from '../../src/store/database.ts';
import { insertOutcomes } from '../../src/store/delivery/outcome.ts';
import { startReceiver } from '../service/receiver.ts';
import { waitUntil } from '../service/wait-until.ts';
import { newId, secretKey } from './api-harness.ts';
import { startCli } from './cli-harness.ts';

const cli = await startCli({ redrive: id => app.redrive(id) });
const { api, run, json, makeWebhook } = cli;
const receiver = await startReceiver();
const app: App = await startApp({
  config: loadConfig({
    cwd: '/',
    env: {
      HOOKLINE_DATABASE_URL: api.databaseUrl,
      HOOKLINE_SECRET_KEY: secretKey.toString('base64'),
      HOOKLINE_AMQP_URL: 'amqp://127.0.0.1:1',
      HOOKLINE_EGRESS_ALLOW: '127.0.0.0/8',
      HOOKLINE_SHUTDOWN_MS: '500',
    },
  }),
  databaseUrl: api.databaseUrl,
  store: api.store,
  secretKey,
  roles: ['dispatch'],
  log: pino({ level: 'silent' }),
});
afterAll(async () => {
  await app.stop();
  await receiver[Symbol.asyncDispose]();
  await cli[Symbol.asyncDispose]();
});

let count = 0;
const hook = (...more: string[]) => {
  count += 1;
  const url = `${receiver.url}${count}`;
  return json('webhook', 'create', '--name', `hook ${count}`, '--payload-url', url, ...more);
};

async function addEvent(type = 'VM.START'): Promise<string> {
  const id = newId();
  await api.store.em
    .fork()
    .execute(
      `insert into event (id, process_id, source, event, body, owed) values (?, 0, 'kafka', ?, '{"event":"x"}', '{}')`,
      [id, type],
    );
  return id;
}

/** An event of the webhook's owner, and a delivery of it that failed for good. @returns the delivery's id. */
async function addFailed(webhookId: string, type?: string): Promise<string> {
  const eventId = await addEvent(type);
  await api.store.em
    .fork()
    .execute(
      `update event set account = (select account_id from webhook where id = ?) where id = ?`,
      [webhookId, eventId],
    );
  const attempt = { startedAt: new Date(), durationMs: 3, error: 'connect ECONNREFUSED' };
  await insertOutcomes(databaseOf(api.store), [
    { eventId, webhookId, state: 'failed', tries: 1, attempt },
  ]);
  const { out } = await run(['delivery', 'list', '--event', eventId, '--json']);
  const [{ id }]: [{ id: string }] = JSON.parse(out);
  return id;
}

describe('hookline webhook test', () => {
  it('shows request, answer and time of a saved webhook', async () => {
    const { id } = await hook('--secret', 's3cret');
    const ran = await run(['webhook', 'test', id, '--payload', '{"try":1}']);
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out).toMatch(/^result +The receiver accepted it with status 200\./);
    expect(ran.out).toMatch(/request body +\{"try":1\}/);
    expect(ran.out).toMatch(/timing .*totalMs: [\d.]+/s);
    expect(receiver.requests.at(-1)?.body.toString()).toBe('{"try":1}');
    const piped = await run(['webhook', 'test', id, '--payload', '-', '--json'], {
      input: 'piped',
    });
    expect(JSON.parse(piped.out)).toMatchObject({ diagnosis: { code: 'delivered' } });
    expect(receiver.requests.at(-1)?.body.toString()).toBe('piped');
  });

  it('fails with the diagnosis when it is not accepted, also of a URL that is not saved', async () => {
    const { code, out, err } = await run([
      'webhook',
      'test',
      '--payload-url',
      'http://127.0.0.1:9/',
    ]);
    expect({ code, err }).toEqual({
      code: 1,
      err: 'It was not accepted (refused).',
    });
    expect(out).toMatch(/^result +Nothing listens at 127\.0\.0\.1:9: the connection was refused\./);
    expect(out).toContain('ECONNREFUSED');
  });

  it('wants a webhook or a URL', async () => {
    const { code, err } = await run(['webhook', 'test']);
    expect(code).toBe(2);
    expect(err).toContain('--payload-url');
  });
});

describe('hookline webhook rotate-secret', () => {
  it('shows the new secret once, with the end of the old one', async () => {
    const { id } = await hook('--secret', 'old');
    const { out } = await run(['webhook', 'rotate-secret', id, '--overlap', '2h', '--json']);
    const rotated: { secretKey: string; formerValidUntil: string } = JSON.parse(out);
    expect(rotated.secretKey).toMatch(/^whsec_/);
    const leftMs = Date.parse(rotated.formerValidUntil) - Date.now();
    expect(Math.round(leftMs / 600_000)).toBe(12);
    const given = await run(['webhook', 'rotate-secret', id, '--secret', '-', '--overlap', '0'], {
      input: 'mine\n',
    });
    expect(given.out).toMatch(/secret key +mine/);
    expect((await run(['webhook', 'rotate-secret', id, '--overlap', 'soon'])).code).toBe(2);
  });
});

describe('hookline webhook redeliver', () => {
  it('delivers the past once more, after saying what that would be', async () => {
    const { id } = await hook();
    for (const type of ['VM.START', 'VM.START', 'VM.STOP']) await addFailed(id, type);
    const choice = ['--from', '1h', '--type', 'VM.START'];
    const dry = await run(['webhook', 'redeliver', id, ...choice, '--dry-run']);
    expect(dry.out).toMatch(/^EVENT ID .*\n(.*VM\.START.*\n){2}2 would be delivered again$/);
    const before = receiver.total();
    expect((await run(['webhook', 'redeliver', id, ...choice])).out).toBe('2 are delivered again');
    await receiver.waitFor(before + 2);
    expect((await run(['webhook', 'redeliver', id])).err).toContain('--from');
    expect((await run(['webhook', 'redeliver', id, '--from', 'yesterday'])).code).toBe(2);
  });
});

describe('hookline delivery', () => {
  it('deletes some, or those of a webhook once somebody says yes', async () => {
    const { id: webhook } = await hook();
    const ids = [];
    for (const type of ['A', 'B', 'C', 'C']) ids.push(await addFailed(webhook, type));
    const [first = ''] = ids;
    expect(await run(['delivery', 'delete', first])).toMatchObject({ out: `${first} deleted` });
    expect((await run(['delivery', 'show', first])).code).toBe(4);
    const many = ['delivery', 'delete', '--webhook', webhook, '--type', 'C'];
    expect((await run(many)).code).toBe(2);
    expect(await run(many, { answer: false })).toMatchObject({ code: 1, err: 'Nothing was done.' });
    expect((await run(many, { answer: true })).out).toBe('2 deleted');
    const all = await run(['delivery', 'delete', '--webhook', webhook, '--yes', '--json']);
    expect(JSON.parse(all.out)).toEqual({ webhookId: webhook, count: 1 });
    for (const wrong of [[], [first, '--webhook', webhook]])
      expect((await run(['delivery', 'delete', ...wrong])).code).toBe(2);
  });

  it('watches: prints those there are, then each that comes or changes, until Ctrl-C', async () => {
    const { id: webhook } = await hook();
    const first = await addFailed(webhook);
    const lines: string[] = [];
    const stop = new AbortController();
    const watching = run(['delivery', 'list', '--webhook', webhook, '--watch', '--interval', '0'], {
      interruption: stop.signal,
      onLine: line => void lines.push(line),
    });
    await waitUntil('the first', () => lines.some(line => line.startsWith(first)));
    const second = await addFailed(webhook);
    await waitUntil('the second', () => lines.some(line => line.startsWith(second)));
    await run(['delivery', 'redeliver', second]);
    await waitUntil('the third', () => lines.some(line => line.includes('delivered')));
    stop.abort();
    expect(await watching).toMatchObject({ code: 0, err: '' });
    expect(lines.filter(line => line.startsWith(first))).toHaveLength(1);
    expect(lines.filter(line => line.startsWith('ID '))).not.toHaveLength(0);
  });

  it('watches for scripts, one object a line, and says when it may not', async () => {
    const { id: webhook } = await hook();
    const id = await addFailed(webhook);
    const stop = new AbortController();
    const watch = ['delivery', 'list', '--webhook', webhook, '--watch', '--json'];
    const { out } = await run(watch, { interruption: stop.signal, onLine: () => stop.abort() });
    expect(JSON.parse(out)).toMatchObject({ id, state: 'failed' });
    const env = { HOME: '/nonexistent', HOOKLINE_URL: cli.server, HOOKLINE_TOKEN: 'hkl_wrong' };
    expect((await run(watch, { env })).code).toBe(3);
  });

  it('goes on watching while Hookline is away, and says so once', async () => {
    const stop = new AbortController();
    const said: string[] = [];
    const ran = await run(['delivery', 'list', '--watch', '--server', 'http://127.0.0.1:9'], {
      interruption: stop.signal,
      onLine: line => {
        said.push(line);
        stop.abort();
      },
    });
    expect(ran.code).toBe(0);
    expect(said).toEqual([expect.stringMatching(/cannot be reached[^]*Trying again/)]);
  });
});

describe('hookline event explain', () => {
  it('says of each webhook why', async () => {
    const [yes, no] = [await hook('--scope', 'Global', '--categories', '*'), await hook()];
    const event = await addEvent();
    const { out } = await run(['event', 'explain', event, '--webhook', yes.id]);
    expect(out).toMatch(new RegExp(`${yes.id} .* yes +global +no`));
    const other = await run(['event', 'explain', event, '--webhook', no.id]);
    expect(other.out).toMatch(/no +– +no +– +the event names no account/);
    const matched = await run(['event', 'explain', event, '--matched', '--json']);
    expect(JSON.parse(matched.out)).toMatchObject([{ webhookId: yes.id, matched: true }]);
    const rest = await run(['event', 'explain', event, '--no-matched']);
    expect(rest.out).toContain(no.id);
    expect(rest.out).not.toContain(yes.id);
  });
});

const park = async (body: string): Promise<string> => {
  const id = newId();
  await api.store.em.fork().execute(
    `insert into quarantine (id, source, position, routing_key, reason, body) values
      (?, 'rabbitmq', 'e k', 'management-server.ActionEvent.VM-START.VirtualMachine.e-1', 'no JSON', ?)`,
    [id, Buffer.from(body)],
  );
  return id;
};

describe('hookline quarantine', () => {
  it('lists, shows, deletes and reads again', async () => {
    const good = await park(
      '{"event":"VM.START","status":"Completed","eventDateTime":"2026-11-21 10:00:00 +0000"}',
    );
    const bad = await park('{"half');
    const listed = await run(['quarantine', 'list', '--source', 'rabbitmq']);
    expect(listed.out).toMatch(/no JSON/);
    expect((await run(['quarantine', 'show', bad])).out).toMatch(/body +\{"half/);
    const shown = await run(['quarantine', 'show', bad, '--json']);
    expect(JSON.parse(shown.out)).toMatchObject({ body: Buffer.from('{"half').toString('base64') });
    const { out } = await run(['quarantine', 'retry', good, bad]);
    const [first = '', second = ''] = out.split('\n');
    expect(first).toMatch(new RegExp(`^${good} recorded as [0-9a-f-]{36}$`));
    expect(second).toMatch(new RegExp(`^${bad} stays: .*JSON`));
    expect((await run(['quarantine', 'delete', bad])).out).toBe(`${bad} deleted`);
    expect((await run(['quarantine', 'show', bad])).code).toBe(4);
  });
});

describe('hookline user key', () => {
  it('creates a pair that is shown once, lists it and deletes it', async () => {
    const made: { id: string; apiKey: string; secretKey: string } = JSON.parse(
      (await run(['user', 'key', 'create', 'admin', '--json'])).out,
    );
    const listed = await run(['user', 'key', 'list', 'admin']);
    expect(listed.out).toContain(made.apiKey);
    expect(listed.out).not.toContain(made.secretKey);
    const gone = await run(['user', 'key', 'delete', 'admin', made.id]);
    expect(gone.out).toBe(`${made.id} deleted`);
    expect((await run(['user', 'key', 'list', 'admin'])).err).toBe('Nothing found.');
  });
});

describe('the smaller commands', () => {
  it('list sources, and hold them back', async () => {
    let paused = false;
    api.sources.push({
      name: 'rabbitmq',
      kind: 'rabbitmq',
      status: () => ({ state: paused ? 'paused' : 'running', lag: 7 }),
      pause: () => (paused = true),
      resume: () => (paused = false),
    });
    expect((await run(['source', 'list'])).out).toMatch(/rabbitmq +rabbitmq +running +7/);
    expect((await run(['source', 'pause', 'rabbitmq'])).out).toBe('rabbitmq is paused');
    expect((await run(['source', 'resume', 'rabbitmq'])).out).toBe('rabbitmq is running');
    expect((await run(['source', 'pause', 'none'])).code).toBe(4);
  });

  it('show a domain, an account, a setting, filters and the audit', async () => {
    const domain = await json('domain', 'create', '--name', 'shown');
    expect(await json('domain', 'show', domain.id)).toMatchObject({ name: 'shown' });
    const account = await json('account', 'create', '--name', 'a', '--domain-id', domain.id);
    expect(await json('account', 'show', account.id)).toMatchObject({ domainId: domain.id });
    const { out } = await run(['setting', 'show', 'webhook.delivery.tries']);
    expect(out).toMatch(/value +3/);
    const unknown = await run(['setting', 'show', 'webhook.delivery.trise']);
    expect(unknown).toMatchObject({ code: 4 });
    expect(unknown.err).toContain('did you mean webhook.delivery.tries?');
    const { id } = await makeWebhook('--filter', 'VM.START');
    expect((await run(['webhook', 'filter', 'list', id])).out).toMatch(
      /Include +EventType +Exact +VM\.START/,
    );
    expect((await run(['audit', 'list', '--object', id])).out).toMatch(/webhook\.created/);
  });
});

describe('the statistics', () => {
  it('are a table, divided as it is asked for, and JSON for scripts', async () => {
    const webhook = await hook();
    await addFailed(webhook.id, 'VM.STATS');
    const { out } = await run(['stats', '--by', 'eventType', '--webhook', webhook.id]);
    const [head = '', line = ''] = out.split('\n');
    expect(head).toMatch(/EVENT TYPE.*FAILED.*SUCCESS/);
    expect(line).toContain('VM.STATS');
    expect(line).toContain('0.0 %');
    expect(await json('stats', '--webhook', webhook.id)).toMatchObject({
      isComplete: true,
      items: [{ deliveries: 1, failed: 1 }],
    });
  });

  it('refuse what they cannot be divided by', async () => {
    expect((await run(['stats', '--by', 'weather'])).err).toContain('webhook, eventType, time');
  });
});

describe('a webhook', () => {
  it('says how its deliveries go, and how long an outage may last', async () => {
    const webhook = await hook();
    const healthOf = async () => {
      const { text } = await api.ask('GET', `/v1/webhooks/${webhook.id}`);
      return JSON.parse(text).health;
    };
    expect(await healthOf()).toEqual({
      state: 'ok',
      since: null,
      reason: null,
      lastError: null,
      nextProbeAt: null,
      backlog: 0,
      backlogCutAt: null,
      attempted: 0,
      delivered: 0,
      lastAttemptAt: null,
    });
    await addFailed(webhook.id);
    expect(await healthOf()).toMatchObject({
      state: 'ok',
      attempted: 1,
      delivered: 0,
      lastAttemptAt: expect.stringMatching(/^20/),
      lastError: expect.any(String),
    });
    const { out } = await run(['webhook', 'show', webhook.id]);
    expect(out).toMatch(/health +state: ok/);
    expect(out).toContain('an outage may last 24 hours without loss');
    expect((await run(['webhook', 'list'])).out).toMatch(/HEALTH/);
  });
});
