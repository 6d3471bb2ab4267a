/** The app without a source: deliveries are put into the tables, a real receiver gets them. */
import { randomBytes, randomUUID } from 'node:crypto';

import { pino } from 'pino';

import { seal } from '../../src/access/secret/seal.ts';
import { startApp, type App } from '../../src/app.ts';
import type { ProcessRole } from '../../src/wire.ts';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load/load.ts';
import type { Envelope } from '../../src/event/envelope.ts';
import type { Lookup } from '../../src/dispatch/egress/guard.ts';
import { databaseOf } from '../../src/store/database.ts';
import { insertOutcomes } from '../../src/store/delivery/outcome.ts';
import { recordBatch } from '../../src/store/record/record-batch.ts';
import { waitUntil } from '../service/wait-until.ts';
import { newId, openRecordHarness, type RecordHarness } from './record-harness.ts';

/** In the root domain. */
export const account = '7ae7c033-4cf3-49bf-ae0a-2e3b93abc3c7';
/** In a domain below it. */
export const tenant = 'c2b3fd6e-5d9a-4d41-8a3a-6a1d7ed14f0b';

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
  /** What the apps warned of, as JSON lines. */
  readonly warned: string[];
  /** @param lookup of receivers' names, instead of the system's. @param roles `dispatch` alone by default. */
  start(
    environment?: Readonly<Record<string, string>>,
    lookup?: Lookup,
    roles?: readonly ProcessRole[],
  ): Promise<App>;
  /** @returns its id. */
  webhook(payloadUrl: string, facts?: WebhookFacts): Promise<string>;
  /** An event of the webhook's owner, owed to the webhook, due at once. @returns the event's id. */
  owe(webhookId: string, body?: string, facts?: Partial<Envelope>): Promise<string>;
  delivery(eventId: string): Promise<DeliveryRow>;
  /** Waits until an attempt of the event's delivery has ended, in whatever way. */
  tried(eventId: string): Promise<DeliveryRow>;
  /** Waits until the event's delivery is in one of these states. */
  settled(eventId: string, ...states: string[]): Promise<DeliveryRow>;
}

export interface WebhookFacts {
  /** The root domain's account by default. */
  readonly accountId?: string;
  readonly caCertificate?: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly ratePerSecondMax?: number;
  readonly format?: string;
  readonly batch?: Readonly<Record<string, unknown>>;
  readonly secret?: string;
  readonly sslVerification?: boolean;
  readonly tries?: number;
  readonly timeoutMs?: number;
}

/** What `webhook` seals secrets with. */
export const secretKey = randomBytes(32);

export async function openDispatchHarness(): Promise<DispatchHarness> {
  const stack = new AsyncDisposableStack();
  const records = stack.use(await openRecordHarness());
  await records.rows(
    `insert into domain (id, name, parent_id) values ('root', 'ROOT', null), ('below', 'B', 'root')`,
  );
  await records.rows(`insert into account (id, name, domain_id)
    values ('${account}', 'a', 'root'), ('${tenant}', 't', 'below')`);
  const warned: string[] = [];
  const delivery = async (eventId: string): Promise<DeliveryRow> => {
    const [row] = await records.rows<DeliveryRow>(
      `select * from delivery where event_id = '${eventId}'`,
    );
    if (!row) throw new RangeError(`no delivery of ${eventId}`);
    return row;
  };
  return {
    records,
    warned,
    delivery,
    start: async (environment, lookup, roles = ['dispatch']) => {
      const config = configOf(records.url, environment);
      const app = await startApp({
        config,
        databaseUrl: records.url,
        store: records.store,
        secretKey: config.secretKey ?? secretKey,
        roles,
        ...(lookup && { lookup }),
        log: pino({ level: 'warn' }, { write: line => void warned.push(line) }),
      });
      let stopping: Promise<void> | undefined;
      const stop = (): Promise<void> => (stopping ??= app.stop());
      stack.defer(stop);
      return { ...app, stop };
    },
    webhook: (payloadUrl, facts = {}) => insertWebhook(records, payloadUrl, facts),
    owe: async (webhookId, body = '{"event":"VM.START"}', facts = {}) => {
      const [webhook] = await records.rows<{ owner: string }>(
        `select account_id as owner from webhook where id = '${webhookId}'`,
      );
      const event = {
        id: newId(),
        envelope: { event: 'VM.START', account: webhook?.owner, ...facts },
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
      await records.rows(`select pg_notify('hookline', 'due')`);
      return event.id;
    },
    tried: async eventId =>
      waitUntil('an attempt that has ended', async () => {
        const row = await delivery(eventId);
        return row.duration_ms !== null && row;
      }),
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
      HOOKLINE_EGRESS_ALLOW: '127.0.0.0/8,::1/128',
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
  const headers = facts.headers && JSON.stringify(facts.headers);
  await records.rows(`insert into webhook (id, name, account_id, domain_id, payload_url, ssl_verification, tries, timeout_ms,
      ca_certificate, headers, rate_per_second_max, format, batch)
    values ('${id}', 'w', '${facts.accountId ?? account}', 'root', '${payloadUrl}', ${facts.sslVerification ?? true},
      ${facts.tries ?? 'null'}, ${facts.timeoutMs ?? 'null'}, ${quoted(facts.caCertificate)}, ${quoted(headers)},
      ${facts.ratePerSecondMax ?? 'null'}, '${facts.format ?? 'cloudstack'}', ${quoted(facts.batch && JSON.stringify(facts.batch))})`);
  if (facts.secret !== undefined) {
    await records.rows(`insert into webhook_secret (webhook_id, sealed)
      values ('${id}', '\\x${seal(secretKey, facts.secret).toString('hex')}')`);
  }
  return id;
}

const quoted = (value: string | undefined): string => (value === undefined ? 'null' : `'${value}'`);
