/** A Kafka source that records into a real database, as a process does, without what comes after. */
import { createRecorder } from '../../src/record/recorder.ts';
import { createKafkaSource, type KafkaSourceOptions } from '../../src/source/kafka/kafka.ts';
import { databaseOf } from '../../src/store/database.ts';
import { openStore } from '../../src/store/connection/open.ts';
import { changePositions, listPositions } from '../../src/store/record/position.ts';
import { captureLog } from '../conformance/source-log.ts';
import { type Run, runSource } from '../conformance/source-run.ts';
import { quick } from './kafka-client.ts';
import { aside, join, read } from './record-harness.ts';

export interface Reader extends Run {
  /** The bodies of all events, sorted as numbers. */
  recorded(): Promise<readonly string[]>;
  /** The facts of log lines of this name. */
  said(event: string): readonly object[];
}

type Options = Pick<KafkaSourceOptions, 'brokers' | 'topics' | 'groupId'> &
  Partial<KafkaSourceOptions> & {
    /** Webhooks that want every event. */
    readonly owed?: readonly string[];
    /** Bodies that cannot be understood. */
    readonly refused?: readonly string[];
  };

export async function startReader(
  databaseUrl: string,
  { owed = [], refused = [], ...options }: Options,
): Promise<Reader> {
  const store = await openStore(databaseUrl);
  const processId = await join(store);
  const recorder = createRecorder({ store, processId: () => processId });
  const log = captureLog();
  const source = createKafkaSource({
    name: 'kafka',
    fromBeginning: false,
    batchMax: 100,
    ...quick,
    positions: {
      list: name => listPositions(databaseOf(store), name),
      change: (name, changes) => changePositions(store, name, changes),
    },
    log,
    ...options,
  });
  const run = runSource(source, log, async batch => {
    const entries = batch.messages.map(message =>
      refused.includes(String(message.body)) ? aside(message, 'refused') : read(message, owed),
    );
    await recorder.record('kafka', batch, entries);
  });
  return {
    ...run,
    recorded: async () => {
      const rows = await store.em.fork().execute<{ body: string }[]>('select body from event');
      return rows.map(({ body }) => body).toSorted((a, b) => Number(a) - Number(b));
    },
    said: event => log.lines.filter(line => line.event === event).map(({ facts }) => facts),
    [Symbol.asyncDispose]: async () => {
      await run[Symbol.asyncDispose]();
      await store.close();
    },
  };
}
