/** A database of one's own with a joined process, and batches to record. */
import { randomBytes, randomUUID } from 'node:crypto';

import { createIdGenerator } from '../../src/event/id.ts';
import type { Log } from '../../src/event/log.ts';
import type { Message, MessageBatch, OffsetSpan } from '../../src/event/message.ts';
import { quarantine } from '../../src/record/quarantine.ts';
import type { ReadMessage } from '../../src/record/read-message.ts';
import { createRecorder, type Recorder } from '../../src/record/recorder.ts';
import { claimDue, type ClaimedDelivery } from '../../src/store/delivery/claim.ts';
import { listWaitingWebhooks } from '../../src/store/delivery/waiting.ts';
import { changePositions } from '../../src/store/record/position.ts';
import { joinProcess } from '../../src/store/record/lease.ts';
import { dayOf } from '../../src/store/schema/partition.ts';
import type { Day } from '../../src/store/delivery/waiting-rows.ts';
import { openStore } from '../../src/store/connection/open.ts';
import { databaseOf, type Store } from '../../src/store/database.ts';
import { createTestDatabase } from '../service/shared.ts';

export const newId = createIdGenerator(Date.now, randomBytes);
export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

export interface RecordHarness extends AsyncDisposable {
  readonly url: string;
  readonly store: Store;
  readonly processId: number;
  readonly recorder: Recorder;
  rows<T>(query: string): Promise<T[]>;
  count(table: string): Promise<number>;
}

export async function openRecordHarness(): Promise<RecordHarness> {
  const database = await createTestDatabase();
  const store = await openStore(database.url);
  const processId = await join(store);
  for (const source of ['kafka', 'k', 's']) await startPartition(store, source);
  const rows = async <T>(query: string): Promise<T[]> => store.em.fork().execute<T[]>(query);
  return {
    url: database.url,
    store,
    processId,
    recorder: createRecorder({ store, processId: () => processId }),
    rows,
    count: async table =>
      Number((await rows<{ n: string }>(`select count(*) as n from ${table}`))[0]?.n),
    [Symbol.asyncDispose]: async () => {
      await store.close();
      await database.drop();
    },
  };
}

/** Stores that nothing of partition 0 is recorded. */
export async function startPartition(store: Store, source: string): Promise<void> {
  const after = { topic: 'cloudstack', partition: 0, startOffset: 0n, nextOffset: 0n };
  await changePositions(store, source, [{ before: undefined, after, lost: 0n }]);
}

/** Claims due deliveries of these webhooks, of the present day. */
export async function claimNow(
  store: Store,
  processId: number,
  lanes: readonly { readonly webhookId: string; readonly room: number }[],
): Promise<readonly ClaimedDelivery[]> {
  const waiting = await listWaitingWebhooks(databaseOf(store), days());
  const wanted = waiting.flatMap(found => {
    const lane = lanes.find(({ webhookId }) => webhookId === found.webhookId);
    return lane ? { ...found, room: lane.room } : [];
  });
  return claimDue(store, processId, wanted);
}

/** Days that the rows of a test are in: two when it runs at midnight. */
export const days = (): readonly Day[] =>
  [...new Set([Date.now() - 600_000, Date.now()].map(dayOf))].toSorted();

export async function join(store: Store, ttlMs = 60_000): Promise<number> {
  return joinProcess(databaseOf(store), { host: 'test', pid: 1, ttlMs, watermark: newId() });
}

export function message(text: string, facts: Partial<Message> = {}): Message {
  return {
    position: 'test',
    routingKey: 'rk',
    body: Buffer.from(text),
    redelivered: false,
    ...facts,
  };
}

export function read(one: Message, owed: readonly string[] = []): ReadMessage {
  const envelope = { category: 'ActionEvent' as const, event: 'VM.START', status: 'Completed' };
  const event = { id: newId(), envelope, body: String(one.body), owed };
  return { message: one, events: [event], quarantined: [] };
}

/** The message, put aside whole. */
export function aside(one: Message, reason: string): ReadMessage {
  return { message: one, events: [], quarantined: [quarantine(one, newId(), reason)] };
}

export function rabbitmqBatch(
  messages: readonly Message[],
  consumerId: string = randomUUID(),
  prefetch = 2_000,
): MessageBatch {
  return { messages, consumer: { id: consumerId, prefetch }, isHeld: () => true };
}

/** Records of partition 0 with consecutive offsets, read from its beginning on. */
export function kafkaBatch(
  messages: readonly Message[],
  firstOffset: bigint,
  facts: Partial<OffsetSpan> = {},
): MessageBatch & { readonly span: OffsetSpan } {
  const offsets = messages.map((_, index) => firstOffset + BigInt(index));
  const nextOffset = firstOffset + BigInt(messages.length);
  const fromOffset = 0n;
  const span = { topic: 'cloudstack', partition: 0, fromOffset, offsets, nextOffset, ...facts };
  return { messages, span, isHeld: () => true };
}
