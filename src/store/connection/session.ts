/**
 * Session settings of connections to PostgreSQL: Hookline states what its statements need, whatever the server's default is.
 *
 * The settings are sent as SET after connecting, because connection poolers refuse most parameters in the start-up message.
 * A pooler that shares connections by the transaction may not keep them; then the time-outs are lost, and nothing else,
 * because no statement depends on the settings to be fast.
 *
 * Source: PostgreSQL, "Client Connection Defaults", "Connection Settings"; PgBouncer, `ignore_startup_parameters`.
 */
import { Socket } from 'node:net';

import { Client, type ClientBase, type ClientConfig, type PoolConfig } from 'pg';

import { isolationLevel } from '../database.ts';
import { createSilenceWatch } from './silence.ts';
import { trustGiven } from './trust.ts';

/** Maximum time that a caller waits for a free connection of a pool. */
const poolWaitMsMax = 10_000;

/**
 * Maximum time to connect. Without it, a server that accepts connections and never answers, such as behind a broken
 * network, would block every caller for ever.
 */
const connectMsMax = 5_000;

/**
 * Maximum time that a statement takes. After it the connection is closed and the statement fails. A connection that has
 * fallen silent is closed much sooner (`silence.ts`).
 */
export const silenceMsMax = 60_000;

/** Part of that time after which the server cancels a statement, so that none goes on when its connection is closed. */
const statementShare = 0.8;

/**
 * Maximum time that a transaction waits for its next statement. A process that stands still, or whose machine is gone, in
 * the middle of a claim holds its row in `process` so long, and cannot be taken over.
 */
const idleInTransactionMs = 10_000;

/** Idle time after which TCP probes the other end; the system's default is two hours. */
const keepAliveMs = 10_000;

export interface SessionOptions extends Omit<PoolConfig, 'onConnect'> {
  /** Resolves when the settings are made. */
  readonly onConnect: (client: ClientBase) => Promise<void>;
}

export interface SessionFacts {
  /** Name of the sessions in `pg_stat_activity`. */
  readonly name: string;
  /** Infinity for migrations, and the lock they hold: they have no maximum time. */
  readonly silenceMs: number;
  /** Time after which the server cancels a statement; shortly before `silenceMs` when absent. */
  readonly statementMs?: number;
}

/** Options of a pool. @param url of its database. */
export function sessionOptions(url: string, facts: SessionFacts): SessionOptions {
  const watch = createSilenceWatch(url, facts.silenceMs);
  return {
    connectionTimeoutMillis: poolWaitMsMax,
    Client: class extends Client {
      constructor(config?: ClientConfig) {
        const socket = new Socket();
        // The pool hides the password from those who list its options.
        super({ ...config, password: config?.password, ...transport(socket) });
        trustGiven(this);
        watch.add(this, socket);
      }
    },
    onConnect: async client => {
      await client.query(settings(facts));
      await watch.identify(client);
    },
  };
}

/** Connects outside of any pool, and prepares the session. @throws when the database does not answer in time. */
export async function connectAlone(
  url: string,
  facts: SessionFacts,
  prepare: (client: Client) => Promise<void>,
): Promise<Client> {
  const watch = createSilenceWatch(url, facts.silenceMs);
  const socket = new Socket();
  const client = trustGiven(new Client({ connectionString: url, ...transport(socket) }));
  // Until the caller has the connection, the rejections of its statements say enough.
  client.on('error', () => {});
  watch.add(client, socket);
  try {
    await client.connect();
    await client.query(settings(facts));
    await watch.identify(client);
    await prepare(client);
    return client;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

const transport = (socket: Socket): ClientConfig => ({
  connectionTimeoutMillis: connectMsMax,
  keepAlive: true,
  keepAliveInitialDelayMillis: keepAliveMs,
  stream: () => socket,
});

/**
 * `default_transaction_isolation`: also a statement without a transaction has one, and at another level it would fail
 * wherever a row that it changes was changed meanwhile.
 * `jit`: compilation pays for statements that run for seconds, and there are none here; where PostgreSQL expects one, it
 * costs seconds. `random_page_cost`: statements read few and recent rows, which are in memory, where a random page costs
 * as much as the next one. With the default of 4, PostgreSQL prefers collecting and sorting rows to reading them in the
 * order of an index, even when it expects a single row, and it may be wrong about that.
 */
function settings({ name, silenceMs, statementMs }: SessionFacts): string {
  const bounded = silenceMs === Infinity ? 0 : silenceMs;
  const all = {
    application_name: `'${name}'`,
    default_transaction_isolation: `'${isolationLevel}'`,
    jit: 'off',
    random_page_cost: 1,
    statement_timeout: statementMs ?? Math.floor(bounded * statementShare),
    idle_in_transaction_session_timeout: Math.min(bounded, idleInTransactionMs),
    tcp_keepalives_idle: 30,
    tcp_keepalives_interval: 10,
    tcp_keepalives_count: 3,
  };
  return Object.entries(all)
    .map(([setting, value]) => `set ${setting} = ${value}`)
    .join(';');
}

/** Whether all connections of a pool were in use for `poolWaitMsMax`. Source: pg-pool, `connect`. */
export const isPoolExhausted = (error: unknown): boolean =>
  error instanceof Error &&
  (error.message === 'timeout exceeded when trying to connect' || isPoolExhausted(error.cause));
