/**
 * Adds a fact to the envelope by the three edits that `event/envelope.ts` names, in a copy of the source, and follows it
 * from a posted message through the tables to the answers of the API.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterAll, expect, it } from 'vitest';

import type * as eventRoutes from '../../src/api/event/event-routes.ts';
import type * as loading from '../../src/config/load/load.ts';
import type * as formats from '../../src/normalize/source-formats.ts';
import type * as posting from '../../src/normalize/posted.ts';
import type * as databases from '../../src/store/database.ts';
import type * as flow from '../../src/store/event/event.ts';
import type * as recent from '../../src/store/event/recent.ts';
import type * as opening from '../../src/store/connection/open.ts';
import type * as leases from '../../src/store/record/lease.ts';
import type * as batches from '../../src/store/record/record-batch.ts';
import type * as migrating from '../../src/store/schema/migrate.ts';
import type * as partitions from '../../src/store/schema/partition.ts';
import { everything } from '../../src/store/sql/visibility.ts';
import { messageFrom, nowMs } from '../fixtures/cloud.ts';
import { createDatabase } from '../service/postgres.ts';
import { sharedService, uniqueName } from '../service/shared.ts';
import { copySource } from '../service/source-copy.ts';
import { newId } from './record-harness.ts';

/** Every edit: the file, the text before the new one, and the new one. */
const edits = [
  [
    'src/event/envelope.ts',
    "domain: { ...name, column: 'domain', doc: 'the domain' },\n",
    "region: { ...name, column: 'region', doc: 'the region', example: 'eu-west' },\n",
  ],
  ['src/store/schema/event.ts', 'domain: p.text().nullable(),\n', 'region: p.text().nullable(),\n'],
  ['migrations/0002-flow.ts', '    project text,\n    domain text,\n', '    region text,\n'],
] as const;

const copy = copySource(edits);
afterAll(() => copy[Symbol.dispose]());

async function load<T>(path: string): Promise<T> {
  return import(/* @vite-ignore */ pathToFileURL(join(copy.path, path)).href);
}

const message = messageFrom({
  body: JSON.stringify({ event: 'backup.finished', region: 'eu-west', domain: 'd-1' }),
});
const expected = { event: 'backup.finished', domain: 'd-1', region: 'eu-west' };

async function normalized() {
  const { createPostedNormalizer } = await load<typeof posting>('src/normalize/posted.ts');
  const { settingsWithDefaults } = await load<typeof formats>('src/normalize/source-formats.ts');
  const [event] = createPostedNormalizer(settingsWithDefaults({ now: () => nowMs }))(message);
  if (!event || !('envelope' in event)) throw new RangeError('the message has one event');
  return event.envelope;
}

/** The copy's tables, and nothing in them. */
async function openTables() {
  const { url } = await sharedService('postgres');
  const own = new URL(url);
  own.pathname = uniqueName('fact');
  await createDatabase(url, own.pathname.slice(1), 'template1');
  const { openStore } = await load<typeof opening>('src/store/connection/open.ts');
  const { migrate } = await load<typeof migrating>('src/store/schema/migrate.ts');
  const { openPartitions } = await load<typeof partitions>('src/store/schema/partition.ts');
  const store = await openStore(own.href);
  await migrate(store);
  await openPartitions(store, new Date());
  return store;
}

it('is read from a message, and from where a mapping says', async () => {
  expect(await normalized()).toEqual(expected);
  const { loadConfig } = await load<typeof loading>('src/config/load/load.ts');
  const env = { HOOKLINE_KAFKA_BROKERS: 'b:1', HOOKLINE_KAFKA_MAPPING_REGION: '/region' };
  const [source] = loadConfig({ env, cwd: copy.path }).sources;
  expect(source?.mapping).toEqual({ region: '/region' });
});

it('is recorded and read back', async () => {
  const store = await openTables();
  try {
    expect(await store.schema.getUpdateSchemaSQL({ wrap: false })).toBe('');
    const { databaseOf } = await load<typeof databases>('src/store/database.ts');
    const { joinProcess } = await load<typeof leases>('src/store/record/lease.ts');
    const { recordBatch } = await load<typeof batches>('src/store/record/record-batch.ts');
    const { findEvent } = await load<typeof flow>('src/store/event/event.ts');
    const { listRecentEvents } = await load<typeof recent>('src/store/event/recent.ts');
    const database = databaseOf(store);
    const process = { host: 'test', pid: 1, ttlMs: 60_000, watermark: newId() };
    const processId = await joinProcess(database, process);
    const event = { id: newId(), envelope: await normalized(), body: '{}', owed: [] };
    const rows = { processId, source: 'api', events: [event], quarantined: [] };
    await recordBatch(database, rows);
    expect(await findEvent(database, event.id, everything)).toMatchObject(expected);
    const [found] = await listRecentEvents(database, everything, { limit: 1 });
    expect(found?.envelope).toEqual(expected);
  } finally {
    await store.close();
  }
});

it('is in the REST schemas', async () => {
  const { envelopeFields } = await load<typeof eventRoutes>('src/api/event/event-routes.ts');
  expect(envelopeFields).toMatchObject({
    region: { description: 'The region.', example: 'eu-west' },
  });
});

it('has sound types', () => {
  expect(copy.checkTypes()).toEqual({ status: 0, stdout: '' });
}, 300_000);
