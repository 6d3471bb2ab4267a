/** What the measurements share: the server, the brokers, the receiver, and databases that hold the webhooks already. */
import { Client } from 'pg';

import { type Postgres, startPostgres } from '../service/postgres.ts';
import type { PostgresEdition } from '../service/postgres-programs.ts';
import { assertComplete } from './arrivals.ts';
import { type Bus, type BusName, type Line, openBus, publishEvents } from './bus.ts';
import { meteredSettings, openPostgresMeter, type PostgresMeter } from './postgres-meter.ts';
import { accountsOf, secret } from './event.ts';
import { type Hookline, itemsIn, startHookline, textIn } from './hookline.ts';
import type { ReceiverHandlers } from './receiver.ts';
import { type Child, startChild } from './rpc.ts';

export interface Lab extends AsyncDisposable {
  readonly receiver: Child<ReceiverHandlers>;
  /** Of the receiver. */
  readonly origin: string;
  readonly meter: PostgresMeter;
  /** Starts the broker when it is asked for first. */
  bus(name: BusName): Promise<Bus>;
  /** A Hookline of its own, warm: its source is running and has delivered some events. */
  openSubject(bus: BusName, webhookCount: number, how?: SubjectOptions): Promise<Subject>;
  /** An empty database. */
  openDatabase(): Promise<AsyncDisposable & { readonly url: string }>;
  /** The checkout whose Hookline is measured; this one when absent. */
  readonly checkout: string | undefined;
  /** The same lab, in which the Hookline of another checkout is measured. */
  of(checkout: string): Lab;
}

export interface SubjectOptions {
  readonly inspect?: boolean;
  /** Whether a process of its own dispatches; `hookline` is then the one that takes in. */
  readonly isSplit?: boolean;
}

export interface Subject extends AsyncDisposable {
  readonly hookline: Hookline;
  readonly line: Line;
  readonly database: string;
  readonly databaseUrl: string;
  /** One for each webhook. Webhook n has account n and is lane n of the receiver. */
  readonly accounts: readonly string[];
  pause(): Promise<void>;
  resume(): Promise<void>;
}

/**
 * Events sent before anything is measured: a process that runs for weeks has compiled its code. Measured, the first 20,000
 * deliveries of a process cost it half as much again as later ones.
 */
export const warmUpCount = 20_000;
export const deadlineMs = 120_000;
/** Long enough for a build whose claims take seconds. */
const warmUpDeadlineMs = 600_000;

/** @param edition of the PostgreSQL that all subjects use. */
export async function openLab(edition: PostgresEdition): Promise<Lab> {
  await using stack = new AsyncDisposableStack();
  const postgres = stack.use(await startPostgres({ edition, settings: meteredSettings }));
  const meter = stack.use(await openPostgresMeter(postgres.url()));
  const receiver = stack.use(startChild<ReceiverHandlers>('receiver.ts'));
  const origin = `http://127.0.0.1:${await receiver.call('listen', undefined)}`;
  const buses = new Map<BusName, Promise<Bus>>();
  const templates = new Map<string, Promise<string>>();
  const rest = stack.move();
  let subjectCount = 0;

  const bus: Lab['bus'] = name => {
    const open = buses.get(name) ?? openBus[name]().then(opened => rest.use(opened));
    buses.set(name, open);
    return open;
  };
  const templateOf = (webhookCount: number, checkout?: string): Promise<string> => {
    const key = `${checkout ?? ''} ${webhookCount}`;
    const name = `template_${templates.size}`;
    const made =
      templates.get(key) ?? makeTemplate(postgres, { name, origin, webhookCount, checkout });
    templates.set(key, made);
    return made;
  };
  const labOf = (checkout?: string): Lab => ({
    receiver,
    origin,
    meter,
    bus,
    checkout,
    openDatabase: async () => {
      subjectCount += 1;
      const name = `bench_${subjectCount}`;
      await postgres.createDatabase(name);
      return {
        url: postgres.url(name),
        [Symbol.asyncDispose]: () => dropDatabase(postgres, name),
      };
    },
    openSubject: async (name, webhookCount, { inspect, isSplit = false } = {}) => {
      await using owned = new AsyncDisposableStack();
      subjectCount += 1;
      const database = `bench_${subjectCount}`;
      await postgres.createDatabase(database, await templateOf(webhookCount, checkout));
      owned.defer(() => dropDatabase(postgres, database));
      const line = owned.use(await (await bus(name)).openLine(`hookline-${subjectCount}`));
      const databaseUrl = postgres.url(database);
      const hookline = owned.use(
        await startHookline({
          databaseUrl,
          checkout,
          env: line.env,
          inspect,
          roles: isSplit ? 'ingest,api,janitor' : undefined,
        }),
      );
      if (isSplit) {
        owned.use(
          await startHookline({ databaseUrl, checkout, env: line.env, roles: 'dispatch,api' }),
        );
      }
      await hookline.untilSource(name, 'running');
      const accounts = accountsOf(webhookCount);
      await warmUp(receiver, hookline, line, accounts);
      const kept = owned.move();
      const ask = async (verb: string): Promise<void> =>
        void (await hookline.request('POST', `/v1/sources/${name}/${verb}`));
      return {
        hookline,
        line,
        database,
        databaseUrl,
        accounts,
        pause: () => ask('pause'),
        resume: () => ask('resume'),
        [Symbol.asyncDispose]: () => kept.disposeAsync(),
      };
    },
    of: labOf,
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  });
  return labOf();
}

async function warmUp(
  receiver: Lab['receiver'],
  hookline: Hookline,
  line: Line,
  accounts: readonly string[],
): Promise<void> {
  await receiver.call('begin', { count: warmUpCount });
  await publishEvents(line, warmUpCount, accounts);
  await receiver.call('wait', { arrivals: warmUpCount, deadlineMs: warmUpDeadlineMs });
  assertComplete(await receiver.call('report', undefined), warmUpCount);
  await hookline.untilWritten();
}

interface Template {
  readonly name: string;
  readonly origin: string;
  readonly webhookCount: number;
  readonly checkout: string | undefined;
}

/** A database with the schema, the accounts and the webhooks, made by a Hookline that runs nothing but its API. */
async function makeTemplate(
  postgres: Postgres,
  { name, origin, webhookCount, checkout }: Template,
): Promise<string> {
  await postgres.createDatabase(name);
  const databaseUrl = postgres.url(name);
  await using hookline = await startHookline({ databaseUrl, checkout, roles: 'api' });
  const [root] = itemsIn(await hookline.request('GET', '/v1/domains'));
  const domainId = textIn(root, 'id');
  for (const [lane, id] of accountsOf(webhookCount).entries()) {
    await hookline.request('POST', '/v1/accounts', { id, name: `tenant-${lane}`, domainId });
    await hookline.request('POST', '/v1/webhooks', {
      name: `lane ${lane}`,
      payloadUrl: `${origin}/${lane}`,
      accountId: id,
      secretKey: secret,
    });
  }
  return name;
}

/** Dropped between runs, so that no vacuum of a finished run falls into the next one. */
async function dropDatabase(postgres: Postgres, name: string): Promise<void> {
  const client = new Client(postgres.url());
  await client.connect();
  try {
    await client.query(`drop database ${client.escapeIdentifier(name)} with (force)`);
  } finally {
    await client.end();
  }
}
