/**
 * Where the time of one run goes: in Hookline's process by package and function, with what each allocates, and in
 * PostgreSQL by statement and WAL record. Profiled, a delivery costs more; the shares are what counts.
 */
import type { HeapProfiler, Profiler } from 'node:inspector';

import type { BusName } from './bus.ts';
import { attachInspector, type Inspector } from './inspector.ts';
import type { Lab, Subject } from './lab.ts';
import type { StatementCost, WalCost } from './postgres-meter.ts';
import { drainBus, loadBus } from './throughput.ts';

type Profile = Profiler.Profile;
type CallFrame = Profiler.ProfileNode['callFrame'];
type AllocationNode = HeapProfiler.SamplingHeapProfileNode;
/** What each function cost. */
type Costs = readonly (readonly [CallFrame, number])[];

const samplingUs = 500;
const allocationSampleBytes = 16_384;
const linesMax = 40;

export async function profileThroughput(lab: Lab, bus: BusName, count: number): Promise<string> {
  await using subject = await lab.openSubject(bus, 1, { inspect: true });
  await using inspector = await attachInspector(subject.hookline.inspectorUrl ?? '');
  return [
    await profileStatements(lab, subject, count),
    await profileTime(lab, subject, { inspector, count }),
    await profileAllocation(lab, subject, { inspector, count }),
  ].join('');
}

async function profileStatements(lab: Lab, subject: Subject, count: number): Promise<string> {
  const { meter } = lab;
  await meter.settle();
  await loadBus(lab, subject, { count });
  await meter.resetStatements();
  const from = await meter.position();
  await drainBus(lab, subject, count);
  const statements = await meter.statements(subject.database);
  const wal = await meter.wal(from, await meter.position());
  return [
    `\nPostgreSQL's statements\n`,
    ...statements.slice(0, linesMax).map(statement => statementLine(statement, count)),
    `\nWAL, bytes/delivery by record\n`,
    ...wal.slice(0, linesMax).map(cost => walLine(cost, count)),
  ].join('');
}

interface Inspection {
  readonly inspector: Inspector;
  readonly count: number;
}

async function profileTime(
  lab: Lab,
  subject: Subject,
  { inspector, count }: Inspection,
): Promise<string> {
  await loadBus(lab, subject, { count });
  await inspector.ask('Profiler.enable');
  await inspector.ask('Profiler.setSamplingInterval', { interval: samplingUs });
  await inspector.ask('Profiler.start');
  await drainBus(lab, subject, count);
  const { profile } = await inspector.ask<{ profile: Profile }>('Profiler.stop');
  return `\nThe process: µs/delivery\n${linesOf(selfTimes(profile), count)}`;
}

async function profileAllocation(
  lab: Lab,
  subject: Subject,
  { inspector, count }: Inspection,
): Promise<string> {
  await loadBus(lab, subject, { count });
  await inspector.ask('HeapProfiler.startSampling', {
    samplingInterval: allocationSampleBytes,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  });
  await drainBus(lab, subject, count);
  const stopped = await inspector.ask<{ profile: { head: AllocationNode } }>(
    'HeapProfiler.stopSampling',
  );
  return `\nThe process: bytes allocated/delivery\n${linesOf(selfSizes(stopped.profile.head), count)}`;
}

/** Self time in µs; waiting for events is left out. */
function selfTimes({ nodes, samples = [], timeDeltas = [] }: Profile): Costs {
  const times = new Map<number, number>();
  for (const [index, id] of samples.entries()) {
    times.set(id, (times.get(id) ?? 0) + (timeDeltas[index] ?? 0));
  }
  return nodes
    .filter(({ callFrame }) => callFrame.functionName !== '(idle)')
    .map(({ id, callFrame }) => [callFrame, times.get(id) ?? 0]);
}

/** Bytes allocated by each function itself, those collected since included. */
function selfSizes({ callFrame, selfSize, children }: AllocationNode): Costs {
  return [[callFrame, selfSize] as const, ...children.flatMap(selfSizes)];
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

/** The same costs twice: by package, and by function. */
function linesOf(costs: Costs, count: number): string {
  return [({ url, functionName }: CallFrame) => packageOf(url) ?? functionName, placeOf]
    .map(keyOf => sumLines(costs, keyOf, count).join(''))
    .join('\n');
}

function sumLines(costs: Costs, keyOf: (frame: CallFrame) => string, count: number): string[] {
  const sums = new Map<string, number>();
  for (const [frame, cost] of costs) sums.set(keyOf(frame), (sums.get(keyOf(frame)) ?? 0) + cost);
  const total = [...sums.values()].reduce((sum, cost) => sum + cost, 0);
  return [['in all', total] as const, ...[...sums].toSorted(([, a], [, b]) => b - a)]
    .slice(0, linesMax)
    .map(([name, cost]) => {
      const share = ((cost * 100) / total).toFixed(1);
      return `${(cost / count).toFixed(2).padStart(9)} ${share.padStart(6)} %  ${name}\n`;
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
