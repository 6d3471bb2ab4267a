/** The app without a source: deliveries are put into the tables, a real receiver gets them. */
import { randomBytes, randomUUID } from 'node:crypto';

import { pino } from 'pino';

import { seal } from '../../src/access/seal.ts';
import { startApp, type App } from '../../src/app.ts';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { databaseOf } from '../../src/store/open.ts';
import { insertOutcomes } from '../../src/store/outcome.ts';
import { recordBatch } from '../../src/store/record-batch.ts';
import { waitUntil } from '../service/wait-until.ts';
import { newId, openRecordHarness, type RecordHarness } from './record-harness.ts';

export const account = '7ae7c033-4cf3-49bf-ae0a-2e3b93abc3c7';

export interface DeliveryRow {
  readonly state: string;
  readonly tries: number;
  readonly status: number | null;
  readonly error: string | null;
  readonly response_body: string | null;
  readonly duration_ms: number | null;
  readonly next_attempt_at: string | null;
}

export interface DispatchHarness extends AsyncDisposable {
  readonly records: RecordHarness;
  start(environment?: Readonly<Record<string, string>>): Promise<App>;
  /** @returns its id. */
  webhook(payloadUrl: string, facts?: WebhookFacts): Promise<string>;
  /** An event owed to the webhook, due at once. @returns the event's id. */
  owe(webhookId: string, body?: string): Promise<string>;
  delivery(eventId: string): Promise<DeliveryRow>;
  /** Waits until the event's delivery is in one of these states. */
  settled(eventId: string, ...states: string[]): Promise<DeliveryRow>;
}

export interface WebhookFacts {
  readonly secret?: string;
  readonly sslVerification?: boolean;
  readonly tries?: number;
  readonly timeoutMs?: number;
}

const secretKey = randomBytes(32);

export async function openDispatchHarness(): Promise<DispatchHarness> {
  const stack = new AsyncDisposableStack();
  const records = stack.use(await openRecordHarness());
  await records.rows(`insert into domain (id, name) values ('root', 'ROOT')`);
  await records.rows(
    `insert into account (id, name, domain_id) values ('${account}', 'a', 'root')`,
  );
  const delivery = async (eventId: string): Promise<DeliveryRow> => {
    const [row] = await records.rows<DeliveryRow>(
      `select * from delivery where event_id = '${eventId}'`,
    );
    if (!row) throw new RangeError(`no delivery of ${eventId}`);
    return row;
  };
  return {
    records,
    delivery,
    start: async environment => {
      const app = await startApp({
        config: configOf(records.url, environment),
        databaseUrl: records.url,
        store: records.store,
        secretKey,
        roles: ['dispatch'],
        log: pino({ level: 'silent' }),
      });
      let stopping: Promise<void> | undefined;
      const stop = (): Promise<void> => (stopping ??= app.stop());
      stack.defer(stop);
      return { ...app, stop };
    },
    webhook: (payloadUrl, facts = {}) => insertWebhook(records, payloadUrl, facts),
    owe: async (webhookId, body = '{"event":"VM.START"}') => {
      const event = {
        id: newId(),
        envelope: { event: 'VM.START', account },
        body,
        owed: [webhookId],
      };
      const { store, processId } = records;
      await recordBatch(databaseOf(store), {
        processId,
        source: 's',
        events: [event],
        quarantined: [],
      });
      const due = { state: 'pending', tries: 0, nextAttemptAtMs: Date.now() } as const;
      await insertOutcomes(databaseOf(store), [{ eventId: event.id, webhookId, ...due }]);
      return event.id;
    },
    settled: async (eventId, ...states) =>
      waitUntil(`a delivery that is ${states.join(' or ')}`, async () => {
        const row = await delivery(eventId);
        return states.includes(row.state) && row;
      }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function configOf(url: string, environment: Readonly<Record<string, string>> = {}): Config {
  return loadConfig({
    cwd: '/',
    env: {
      HOOKLINE_DATABASE_URL: url,
      HOOKLINE_SECRET_KEY: secretKey.toString('base64'),
      HOOKLINE_DISPATCH_BACKOFF_BASE_MS: '50',
      HOOKLINE_SHUTDOWN_MS: '500',
      ...environment,
    },
  });
}

async function insertWebhook(
  records: RecordHarness,
  payloadUrl: string,
  facts: WebhookFacts,
): Promise<string> {
  const id = randomUUID();
  await records.rows(`insert into webhook (id, name, account_id, domain_id, payload_url, ssl_verification, tries, timeout_ms)
    values ('${id}', 'w', '${account}', 'root', '${payloadUrl}', ${facts.sslVerification ?? true},
      ${facts.tries ?? 'null'}, ${facts.timeoutMs ?? 'null'})`);
  if (facts.secret !== undefined) {
    await records.rows(`insert into webhook_secret (webhook_id, sealed)
      values ('${id}', '\\x${seal(secretKey, facts.secret).toString('hex')}')`);
  }
  return id;
}
