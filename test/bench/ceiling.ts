/**
 * What Hookline is compared with, a process of its own: a bare loop of undici's `Pool.dispatch` that signs twice, as
 * Hookline's headers do, and does nothing else. No broker, no database, no lanes, no deadlines; the bodies lie ready.
 */
import { createHmac, createSecretKey } from 'node:crypto';

import { type Dispatcher, Pool } from 'undici';

import { numberedEvent, secret } from './event.ts';
import { answerParent } from './rpc.ts';

export interface CeilingRun {
  readonly origin: string;
  readonly count: number;
  readonly inFlight: number;
  readonly account: string;
}

export interface CeilingResult {
  readonly seconds: number;
  readonly cpuMs: number;
}

const handlers = {
  run: async ({ origin, count, inFlight, account }: CeilingRun): Promise<CeilingResult> => {
    const bodies = Array.from({ length: count }, (_, number) =>
      Buffer.from(numberedEvent(number, account).body),
    );
    const pool = new Pool(origin, { connections: inFlight, pipelining: 1 });
    try {
      const cpu = process.cpuUsage();
      const startedAt = performance.now();
      await sendAll(pool, bodies, { inFlight, account });
      const { user, system } = process.cpuUsage(cpu);
      return {
        seconds: (performance.now() - startedAt) / 1_000,
        cpuMs: (user + system) / 1_000,
      };
    } finally {
      await pool.close();
    }
  },
};
export type CeilingHandlers = typeof handlers;

const key = createSecretKey(secret, 'utf8');

function sendAll(
  pool: Pool,
  bodies: readonly Buffer[],
  { inFlight, account }: { inFlight: number; account: string },
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let sent = 0;
  let answered = 0;
  const next = (): void => {
    const body = bodies[sent];
    if (!body) return;
    sent += 1;
    pool.dispatch(
      { path: '/0', method: 'POST', headers: headersOf(sent, body, account), body },
      handler,
    );
  };
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart() {},
    onResponseStart(_, status) {
      if (status !== 200) reject(new Error(`the receiver answered ${status}`));
    },
    onResponseData() {},
    onResponseEnd() {
      answered += 1;
      if (answered === bodies.length) resolve();
      next();
    },
    onResponseError: (_, error) => reject(error),
  };
  for (let slot = 0; slot < inFlight; slot += 1) next();
  return promise;
}

function headersOf(number: number, body: Buffer, account: string): string[] {
  const id = `01a1fb67-1801-7abc-8def-${String(number).padStart(12, '0')}`;
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const standard = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body);
  return [
    ['X-CS-Event-ID', id],
    ['X-CS-Event', 'VOLUME.ATTACH'],
    ['User-Agent', `CS-Hookshot/${account}`],
    ['Content-Type', 'application/json'],
    ['webhook-id', id],
    ['webhook-timestamp', timestamp],
    ['X-CS-Signature', createHmac('sha256', key).update(body).digest('base64')],
    ['webhook-signature', `v1,${standard.digest('base64')}`],
  ].flat();
}

answerParent(handlers);
