/** What tenants' templates do to the processes that run them, to each other, and to deliveries that have none. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { describe, expect, it } from 'vitest';

import { RenderError } from '../../src/event/errors.ts';
import type { Engine } from '../../src/render/job.ts';
import { RenderPool } from '../../src/render/pool.ts';
import type { PoolOptions } from '../../src/render/pool.ts';
import { startReceiver } from '../service/receiver.ts';
import { waitUntil } from '../service/wait-until.ts';
import { openDispatchHarness, tenant, type DispatchHarness } from './dispatch-harness.ts';
import { silent } from './record-harness.ts';

const event = {
  id: '01a1fb67-1801-7abc-8def-0123456789ab',
  envelope: { event: 'VM.START', description: `${'a'.repeat(40)}!` },
  body: '{"n":1}',
};
const plain = { engine: 'liquid', template: '{{ event }}', event } as const;
const quick = (at: number) => ({ ...plain, template: `{{ event }} ${at}` });
const endless = '($f := function($n) { $f($n + 1) }; $f(1))';

function openPool(options: Partial<PoolOptions> = {}) {
  const pool = new RenderPool({
    processes: 2,
    timeoutMs: 300,
    memoryMb: 64,
    bytesMax: 1_000_000,
    queueMax: 10_000,
    log: silent,
    ...options,
  });
  return { pool, [Symbol.dispose]: () => pool.close() };
}

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('the processes that run templates', () => {
  it('start when the first template needs them, and end with the pool', async () => {
    using opened = openPool();
    const { pool } = opened;
    expect(pool.pids).toEqual([]);
    expect(await pool.run(plain)).toMatchObject({ text: 'VM.START' });
    const { pids } = pool;
    expect(pids).toHaveLength(1);
    pool.close();
    await waitUntil('the processes to end', () => !pids.some(isRunning));
    await expect(pool.run(plain)).rejects.toThrow(/Hookline is stopping/);
  });

  it.each<[string, string]>([
    ['a list of millions', '[1..9999999]'],
    ['a text of them', '$string([1..9999999])'],
    ['text after text', '$base64encode($pad("x", 100000000))'],
    ['a list of letters', '$split($pad("x", 100000000), "")'],
    ['a list that doubles', '($f := function($a) { $f($append($a, $a)) }; $f([1..1000]))'],
  ])('outlive %s that no memory holds, by one after the other', async (_, template) => {
    using opened = openPool({ timeoutMs: 20_000 });
    const { pool } = opened;
    const failure = await pool.run({ engine: 'jsonata', template, event }).catch(String);
    expect(failure).toContain('the template needs more than 64 MB of memory');
    expect(await pool.run(plain)).toMatchObject({ text: 'VM.START' });
  });

  it.each<[Engine, string]>([
    ['jsonata', endless],
    ['jsonata', '$contains(description, /^(a+)+$/)'],
    ['liquid', `${'{% for i in (1..9999) %}'.repeat(4)}x${'{% endfor %}'.repeat(4)}`],
  ])('go on after %s that does not end: %s', async (engine, template) => {
    using opened = openPool({ processes: 1 });
    const { pool } = opened;
    await pool.run(plain);
    const { pids } = pool;
    expect(await pool.run({ engine, template, event })).toMatchObject({ limit: 'time' });
    expect(await pool.run(plain)).toMatchObject({ text: 'VM.START' });
    expect(pool.pids).toEqual(pids);
  });

  it('are replaced when something ends them, and what they were at may be tried again', async () => {
    using opened = openPool({ processes: 1, timeoutMs: 60_000 });
    const { pool } = opened;
    await pool.run(plain);
    const failing = pool
      .run({ engine: 'jsonata', template: endless, event })
      .catch((e: unknown) => e);
    const after = pool.run(plain);
    const [pid] = pool.pids;
    if (pid === undefined) throw new RangeError('a process was running');
    process.kill(pid, 'SIGKILL');
    const failure = await failing;
    expect(failure).toBeInstanceOf(RenderError);
    expect(failure).toMatchObject({ isFinal: false, message: expect.stringContaining('SIGKILL') });
    expect(await after).toMatchObject({ text: 'VM.START' });
    expect(pool.pids).not.toContain(pid);
  });

  it('serve a thousand templates beside thousands that never end', async () => {
    using opened = openPool({ timeoutMs: 5_000 });
    const { pool } = opened;
    for (let at = 0; at < 50; at += 1) await pool.run(quick(at));
    let ended = 0;
    const endlessOnes = Array.from({ length: 3_000 }, async (_, at) => {
      const job = { engine: 'jsonata', template: `${endless} & "${at}"`, event } as const;
      await pool.run(job, `account ${at % 3}`).catch(() => undefined);
      ended += 1;
    });
    for (let round = 0; round < 20; round += 1) {
      await Promise.all(Array.from({ length: 50 }, (_, at) => pool.run(quick(at))));
    }
    expect(ended).toBeLessThan(3_000);
    pool.close();
    await Promise.all(endlessOnes);
  });

  it('end when who started them is killed, in the middle of a template that never ends', async () => {
    const program = `
      import { RenderPool } from ${JSON.stringify(new URL('../../src/render/pool.ts', import.meta.url).href)};
      const log = { debug() {}, info() {}, warn() {}, error() {} };
      const pool = new RenderPool({ processes: 1, timeoutMs: 1000, memoryMb: 64, bytesMax: 1000, queueMax: 9, log });
      const event = ${JSON.stringify(event)};
      await pool.run({ engine: 'jsonata', template: '1', event });
      process.send(pool.pids);
      for (;;) await pool.run({ engine: 'jsonata', template: ${JSON.stringify(endless)}, event });`;
    const starter = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const [pids]: number[][] = await once(starter, 'message');
    starter.kill('SIGKILL');
    await waitUntil('the process to end', () => pids?.some(isRunning) === false);
  });

  it('refuse more than may wait', async () => {
    using opened = openPool({ queueMax: 2, processes: 1, timeoutMs: 60_000 });
    const { pool } = opened;
    const first = pool.run({ engine: 'jsonata', template: endless, event }).catch(() => undefined);
    const waiting = [pool.run(plain, 'a'), pool.run(plain, 'b')].map(run => run.catch(String));
    await expect(pool.run(plain, 'c')).rejects.toMatchObject({ isFinal: false, isBusy: true });
    pool.close();
    expect(await Promise.all(waiting)).toEqual([
      expect.stringContaining('Hookline is stopping'),
      expect.stringContaining('Hookline is stopping'),
    ]);
    await first;
  });
});

async function templated(
  harness: DispatchHarness,
  url: string,
  format: 'template' | 'jsonata',
  template: string,
): Promise<string> {
  const id = await harness.webhook(url, { format, tries: 2 });
  await harness.records.rows(`update webhook set template = $t$${template}$t$ where id = '${id}'`);
  return id;
}

describe('a delivery with a template', () => {
  it('has the body that the template makes, signed, and the content type that it is', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    const json = await templated(
      harness,
      `${receiver.url}json`,
      'template',
      '{"what": {{ event | json }}, "n": {{ original.n }}}',
    );
    const text = await templated(harness, `${receiver.url}text`, 'jsonata', '"it is " & event');
    await harness.start();
    await harness.owe(json, '{"n":7}');
    await harness.owe(text);
    const requests = await receiver.waitFor(2);
    const shown = requests.map(({ path, body, headers }) => [
      path,
      headers['content-type'],
      body.toString(),
    ]);
    expect(shown.toSorted((a, b) => String(a[0]).localeCompare(String(b[0])))).toEqual([
      ['/json', 'application/json', '{"what": "VM.START", "n": 7}'],
      ['/text', 'text/plain; charset=utf-8', 'it is VM.START'],
    ]);
  });

  it('fails with the place in the template, at once where another try would fail too', async () => {
    await using harness = await openDispatchHarness();
    const faulty = await templated(
      harness,
      'http://127.0.0.1:1/',
      'template',
      'a\n{{ event | nope }}',
    );
    const greedy = await templated(harness, 'http://127.0.0.1:1/2', 'jsonata', '[1..9999999]');
    const slow = await templated(harness, 'http://127.0.0.1:1/3', 'jsonata', endless);
    await harness.start({ HOOKLINE_TEMPLATES_TIMEOUT_MS: '1000' });
    const [first, second, third] = [
      await harness.owe(faulty),
      await harness.owe(greedy),
      await harness.owe(slow),
    ];
    expect(await harness.settled(first, 'failed')).toMatchObject({
      tries: 1,
      error: 'the template cannot render this event: line 2, column 1: undefined filter: nope',
    });
    expect(await harness.settled(second, 'failed')).toMatchObject({
      tries: 1,
      error: 'the template needs more than 64 MB of memory',
    });
    expect(await harness.settled(third, 'failed')).toMatchObject({
      tries: 2,
      error: 'the template cannot render this event: it takes longer than 1000 ms',
    });
  });

  it('fails, and sends nothing, where what begins as JSON is none for want of a fact', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    const source = '{"what": {{ event | json }}, "n": {{ original.n }}}';
    const faulty = await templated(harness, receiver.url, 'template', source);
    const mended = await templated(
      harness,
      `${receiver.url}mended`,
      'template',
      source.replace('original.n', 'original.n | json'),
    );
    await harness.start();
    expect(await harness.settled(await harness.owe(faulty, '{}'), 'failed')).toMatchObject({
      tries: 1,
      error: expect.stringMatching(/does not make JSON of this event: .* put "\| json" behind/),
    });
    await harness.settled(await harness.owe(faulty, '{"n":7}'), 'delivered');
    await harness.settled(await harness.owe(mended, '{}'), 'delivered');
    expect(receiver.requests.map(({ path, body }) => `${path} ${String(body)}`)).toEqual([
      '/ {"what": "VM.START", "n": 7}',
      '/mended {"what": "VM.START", "n": null}',
    ]);
  });

  it('fails in words that no database takes, and holds up nobody', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    const odd = await templated(harness, 'http://127.0.0.1:1/', 'jsonata', '$error("a\\u0000b")');
    const plainOne = await harness.webhook(receiver.url);
    await harness.start();
    const failing = await harness.owe(odd);
    expect(await harness.settled(failing, 'failed')).toMatchObject({
      error: expect.stringContaining('a\u{FFFD}b'),
    });
    await harness.settled(await harness.owe(plainOne), 'delivered');
  });

  it('waits for its turn among templates without a slot of the pool, and at the cost of no try', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    const attackers = await Promise.all(
      Array.from({ length: 6 }, (_, at) =>
        templated(harness, `${receiver.url}a/${at}`, 'jsonata', `${endless} & "${at}"`),
      ),
    );
    const none = await harness.webhook(`${receiver.url}none`, { accountId: tenant });
    await harness.start({
      HOOKLINE_TEMPLATES_TIMEOUT_MS: '20000',
      HOOKLINE_TEMPLATES_QUEUE_MAX: '4',
      HOOKLINE_DISPATCH_CONCURRENCY: '1',
      HOOKLINE_DISPATCH_SLOW_CONCURRENCY: '1',
    });
    const held = await Promise.all(attackers.map(async id => harness.owe(id)));
    for (let at = 0; at < 10; at += 1) await harness.owe(none);
    await receiver.waitFor(10);
    const rows = await Promise.all(held.map(async id => harness.delivery(id)));
    expect(rows.map(({ tries, error }) => [tries, error])).toEqual(held.map(() => [0, null]));
  });

  it('of others is not held up by templates that never end', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    const attackers = await Promise.all(
      Array.from({ length: 30 }, (_, at) =>
        templated(harness, `${receiver.url}a/${at}`, 'jsonata', `${endless} & "${at}"`),
      ),
    );
    const none = await harness.webhook(`${receiver.url}none`);
    const good = await templated(harness, `${receiver.url}good`, 'template', 'good {{ event }}');
    await harness.start({ HOOKLINE_TEMPLATES_TIMEOUT_MS: '20000' });
    // It proves to be quick before the others come.
    await harness.owe(good);
    await receiver.waitFor(1);
    for (const attacker of attackers) await harness.owe(attacker);
    for (let at = 0; at < 20; at += 1) {
      await harness.owe(none);
      await harness.owe(good);
    }
    const requests = await receiver.waitFor(41);
    expect(requests.filter(({ path }) => path.startsWith('/a/'))).toEqual([]);
    const unended = await harness.records.rows(
      `select id from delivery where finished_at is null and webhook_id in (${attackers.map(id => `'${id}'`).join()})`,
    );
    expect(unended).toHaveLength(30);
  });
});
