/** Where the time of one run goes: in Hookline's process by function and package, in PostgreSQL by statement and WAL record. */
import type { Profiler } from 'node:inspector';

import type { BusName } from './bus.ts';
import type { StatementCost, WalCost } from './postgres-meter.ts';
import type { Lab } from './lab.ts';
import { drainBus, loadBus } from './throughput.ts';

type Profile = Profiler.Profile;
type CallFrame = Profiler.ProfileNode['callFrame'];

const samplingUs = 200;
const linesMax = 30;

export async function profileThroughput(lab: Lab, bus: BusName, count: number): Promise<string> {
  await using subject = await lab.openSubject(bus, 1, true);
  const { meter } = lab;
  await using inspector = await attach(subject.hookline.inspectorUrl ?? '');
  await meter.settle();
  await loadBus(lab, subject, { count });
  await meter.resetStatements();
  const from = await meter.position();
  await inspector.ask('Profiler.enable');
  await inspector.ask('Profiler.setSamplingInterval', { interval: samplingUs });
  await inspector.ask('Profiler.start');
  await drainBus(lab, subject, count);
  const profile = profileIn(await inspector.ask('Profiler.stop'));
  const statements = await meter.statements(subject.database);
  const wal = await meter.wal(from, await meter.position());
  return [
    `\n${bus}: the process, µs/delivery by package\n`,
    ...linesOf(
      selfTimes(profile, ({ url, functionName }) => packageOf(url) ?? functionName),
      count,
    ),
    `\n${bus}: the process, µs/delivery by function\n`,
    ...linesOf(selfTimes(profile, placeOf), count),
    `\n${bus}: PostgreSQL's statements\n`,
    ...statements.slice(0, linesMax).map(statement => statementLine(statement, count)),
    `\n${bus}: WAL, bytes/delivery by record\n`,
    ...wal.slice(0, linesMax).map(cost => walLine(cost, count)),
  ].join('');
}

interface Inspector extends AsyncDisposable {
  ask(method: string, params?: object): Promise<unknown>;
}

/** Source: Chrome DevTools Protocol, domain `Profiler`; Node's `--inspect`. */
async function attach(url: string): Promise<Inspector> {
  const socket = new WebSocket(url);
  await eventOf(socket, 'open');
  let lastId = 0;
  const answers = new Map<number, (answer: unknown) => void>();
  socket.addEventListener('message', ({ data }) => {
    const { id, result }: { id?: number; result?: unknown } = JSON.parse(String(data));
    if (id !== undefined) answers.get(id)?.(result);
  });
  return {
    ask: async (method, params = {}) => {
      lastId += 1;
      const { promise, resolve } = Promise.withResolvers<unknown>();
      answers.set(lastId, resolve);
      socket.send(JSON.stringify({ id: lastId, method, params }));
      return promise;
    },
    async [Symbol.asyncDispose]() {
      const closed = eventOf(socket, 'close');
      socket.close();
      await closed;
    },
  };
}

function eventOf(socket: WebSocket, name: 'open' | 'close'): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.addEventListener(name, () => resolve(), { once: true });
    socket.addEventListener('error', () => reject(new Error('the inspector hung up')), {
      once: true,
    });
  });
}

function profileIn(answer: unknown): Profile {
  const { profile }: { profile: Profile } = JSON.parse(JSON.stringify(answer));
  return profile;
}

/** Self time in µs, summed by what `keyOf` says of the function; waiting for events is left out. */
function selfTimes(
  { nodes, samples = [], timeDeltas = [] }: Profile,
  keyOf: (frame: CallFrame) => string,
): ReadonlyMap<string, number> {
  const keys = new Map(nodes.map(({ id, callFrame }) => [id, keyOf(callFrame)]));
  const times = new Map<string, number>();
  for (const [index, id] of samples.entries()) {
    const key = keys.get(id) ?? '';
    times.set(key, (times.get(key) ?? 0) + (timeDeltas[index] ?? 0));
  }
  times.delete('(idle)');
  return times;
}

/** `undici`, `@mikro-orm/core`, `src/dispatch`, `node:net`; undefined for what V8 itself does. */
function packageOf(url: string): string | undefined {
  const installed = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  const own = /.*\/(src\/[^/]+)/.exec(url)?.[1];
  return installed ?? own ?? (url === '' ? undefined : url);
}

function placeOf({ functionName, url, lineNumber }: CallFrame): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  const from = packageOf(url);
  return from === undefined ? name : `${name} ${from}/${url.split('/').at(-1)}:${lineNumber + 1}`;
}

function linesOf(times: ReadonlyMap<string, number>, count: number): string[] {
  const total = [...times.values()].reduce((sum, us) => sum + us, 0);
  return [['in all', total] as const, ...[...times].toSorted(([, a], [, b]) => b - a)]
    .slice(0, linesMax)
    .map(([name, us]) => {
      const share = ((us * 100) / total).toFixed(1);
      return `${(us / count).toFixed(2).padStart(9)} ${share.padStart(6)} %  ${name}\n`;
    });
}

function statementLine(
  { query, calls, totalMs, rows, walBytes }: StatementCost,
  count: number,
): string {
  const us = ((totalMs * 1_000) / count).toFixed(2);
  const words = query.replaceAll(/\s+/g, ' ').slice(0, 100);
  const facts = `${calls} calls, ${rows} rows, ${Math.round(walBytes / count)} bytes of WAL/delivery`;
  return `${us.padStart(9)} µs/delivery  ${facts}: ${words}\n`;
}

function walLine({ record, count: records, bytes }: WalCost, count: number): string {
  const each = (bytes / count).toFixed(1);
  return `${each.padStart(9)}  ${(records / count).toFixed(3).padStart(6)} records  ${record}\n`;
}
