/**
 * The clean-up deleted failed deliveries beyond `webhook.deliveries.limit`, and without its delivery no event could be
 * delivered: what failed in an outage was lost for the webhook. An old event that had just been redelivered was deleted first.
 */
import { randomBytes } from 'node:crypto';

import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { type App, startApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load/load.ts';
import { createIdGenerator } from '../../src/event/id.ts';
import { secretKey } from '../integration/api-harness.ts';
import { startCli, type CliUnderTest } from '../integration/cli-harness.ts';
import { startReceiver, type Receiver } from '../service/receiver.ts';
import { waitUntil } from '../service/wait-until.ts';

const limit = 2;
let cli: CliUnderTest;
let receiver: Receiver;
let app: App;

beforeAll(async () => {
  cli = await startCli();
  receiver = await startReceiver();
  for (const [name, value] of [
    ['webhook.deliveries.limit', String(limit)],
    ['webhook.deliveries.cleanup.initial.delay', '0'],
    ['webhook.deliveries.cleanup.interval', '1'],
    ['webhook.delivery.tries', '1'],
  ] as const) {
    await done('setting', 'set', name, value);
  }
  app = await startApp({
    config: loadConfig({
      cwd: '/',
      env: {
        HOOKLINE_DATABASE_URL: cli.api.databaseUrl,
        HOOKLINE_SECRET_KEY: secretKey.toString('base64'),
        HOOKLINE_EGRESS_ALLOW: '127.0.0.0/8',
        HOOKLINE_SHUTDOWN_MS: '500',
      },
    }),
    databaseUrl: cli.api.databaseUrl,
    store: cli.api.store,
    secretKey,
    roles: ['dispatch', 'janitor'],
    log: pino({ level: 'silent' }),
  });
});
afterAll(async () => {
  await app.stop();
  await receiver[Symbol.asyncDispose]();
  await cli[Symbol.asyncDispose]();
});

async function done(...args: readonly string[]): Promise<string> {
  const { code, out, err } = await cli.run(args);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return out;
}

/** Ids below the watermark of the process: its clean-up leaves newer events alone. */
const idOfBefore = createIdGenerator(() => Date.now() - 60_000, randomBytes);

/** Events that were owed to nobody when they were recorded, oldest first. */
async function addEvents(count: number): Promise<readonly string[]> {
  const ids = Array.from({ length: count }, idOfBefore);
  const rows = ids.map(id => `('${id}', 0, 'kafka', 'VM.START', '{"event":"x"}', '{}')`);
  await cli.api.store.em
    .fork()
    .execute(
      `insert into event (id, process_id, source, event, body, owed) values ${rows.join(', ')}`,
    );
  return ids;
}

const addHook = async (path: string): Promise<string> => {
  const facts = ['--name', path, '--payload-url', receiver.url + path, '--scope', 'Global'];
  const { id } = await cli.json('webhook', 'create', ...facts);
  return id;
};

/** The events of a webhook's deliveries in a state, by the time of the event. */
async function eventsOf(webhookId: string, state: string): Promise<readonly string[]> {
  const query = ['--webhook', webhookId, '--state', state, '--limit', '100'];
  const rows: { eventId: string }[] = JSON.parse(
    await done('delivery', 'list', ...query, '--json'),
  );
  return rows.map(({ eventId }) => eventId).toSorted();
}

const have = (webhookId: string, state: string, count: number) =>
  waitUntil(`${count} that are ${state}`, async () => {
    return (await eventsOf(webhookId, state)).length === count;
  });

const arrived = (path: string) =>
  receiver.requests
    .filter(request => request.path === `/${path}`)
    .map(({ headers }) => String(headers['webhook-id']));

it('delivers all that failed in an outage, and any event again, although the clean-up was there', async () => {
  receiver.answerWith(({ path }) => ({ status: path === '/down' ? 500 : 200 }));
  const [down, up] = [await addHook('down'), await addHook('up')];
  const failed = await addEvents(3 * limit);
  await done('event', 'deliver', ...failed, '--webhook', down);
  await have(down, 'failed', failed.length);

  const [old = ''] = failed;
  const others = await addEvents(2 * limit);
  await done('event', 'deliver', ...others, '--webhook', up);
  await waitUntil('others to arrive', () => arrived('up').length === others.length);
  await done('event', 'deliver', old, '--webhook', up);
  await waitUntil('the old one to arrive', () => arrived('up').includes(old));
  await have(up, 'delivered', limit);
  expect(await eventsOf(up, 'delivered')).toContain(old);
  expect(await eventsOf(down, 'failed')).toEqual(failed);

  receiver.answerWith({});
  receiver.clear();
  await done('webhook', 'redeliver', down, '--from', '1h');
  await waitUntil('all to arrive', () => new Set(arrived('down')).size === failed.length);
  expect(arrived('down').toSorted()).toEqual(failed);

  await have(down, 'delivered', limit);
  const trimmed = failed.find(id => !arrived('up').includes(id)) ?? '';
  await done('event', 'deliver', trimmed, '--webhook', up);
  await waitUntil('it to arrive with the id of its event', () => arrived('up').includes(trimmed));
});
