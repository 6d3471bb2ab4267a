/**
 * What tenants' own words cost: a filter's expression beside JSONata's evaluator, and a body made by a template beside
 * one that is sent as it is. Prints µs of processor time each (minimum, median and maximum of the rounds), writes nothing.
 *
 *     node test/bench/render.ts
 */
import jsonata from 'jsonata';

import { formatCloudStack } from '../../src/format/cloud/cloudstack.ts';
import { compileExpression } from '../../src/expression/expression.ts';
import { Subject } from '../../src/match/subject.ts';
import type { Engine } from '../../src/render/job.ts';
import { RenderPool } from '../../src/render/pool.ts';

const roundCount = 9;
const expression =
  'original.status = "Completed" and original.entity in ["VirtualMachine", "Volume"]';
const templates: readonly (readonly [Engine, string])[] = [
  ['liquid', '{"text": {{ description | json }}, "vm": {{ entityuuid | json }}}'],
  ['jsonata', '{"text": description, "vm": entityuuid}'],
];
const original = {
  eventDateTime: '2024-07-10 08:05:07 +0000',
  entityuuid: 'b4e21db8-0fd2-4122-b604-5626bcfbd0ed',
  description: 'Successfully completed starting Vm. Vm Id: 42',
  event: 'VM.START',
  account: '7ae7c033-4cf3-49bf-ae0a-2e3b93abc3c7',
  entity: 'VirtualMachine',
  status: 'Completed',
};
const body = JSON.stringify(original);
const { event: name, account, entity, entityuuid, description, status } = original;
const envelope = { event: name, account, entity, entityuuid, description, status };
const event = { id: '01a1fb67-1801-7abc-8def-0123456789ab', envelope, body };

/** µs of this process's time for one. */
async function measure(count: number, work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  for (let at = 0; at < count; at += 1) await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

/** The same without waiting, for what takes less than a wait. */
function measureAtOnce(count: number, work: () => unknown): number {
  const before = process.cpuUsage();
  for (let at = 0; at < count; at += 1) work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

function print(title: string, values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const shown = [sorted[0], median, sorted.at(-1)].map(value => value?.toFixed(2).padStart(10));
  process.stdout.write(`${title.padEnd(44)}${shown.join('')}  µs\n`);
  return median;
}

async function rounds(title: string, work: () => number | Promise<number>): Promise<number> {
  await work();
  const values: number[] = [];
  for (let round = 0; round < roundCount; round += 1) values.push(await work());
  return print(title, values);
}

const compiled = compileExpression(expression);
if (!('holds' in compiled)) throw new Error(compiled.fault);
const theirs = jsonata(expression);
process.stdout.write(
  `${''.padEnd(44)}${['min', 'median', 'max'].map(word => word.padStart(10)).join('')}\n`,
);
const reading = await rounds('parse the original, once for all expressions', () =>
  measureAtOnce(50_000, () => new Subject(envelope, body).fact('original')),
);
const subject = new Subject(envelope, body);
const ours = await rounds('an expression', () =>
  measureAtOnce(50_000, () => compiled.holds(fact => subject.fact(fact))),
);
const whole = await rounds("the same by JSONata's evaluator", () =>
  measureAtOnce(5_000, () => theirs.evaluate({ ...envelope, original })),
);
process.stdout.write(
  `JSONata's evaluator takes ${(whole / ours).toFixed(0)} times as long; parsing costs ${(reading / ours).toFixed(1)} expressions\n\n`,
);

const plain = await rounds('a body that is sent as it is', () =>
  measureAtOnce(50_000, () => formatCloudStack({ id: event.id, event: name, account, body })),
);
const pool = new RenderPool({
  processes: 2,
  timeoutMs: 5_000,
  memoryMb: 64,
  bytesMax: 1_000_000,
  queueMax: 1_000,
  log: { debug() {}, info() {}, warn() {}, error() {} },
});
for (const [engine, template] of templates) {
  let there = 0;
  const here = await rounds(`a body by ${engine}: this process`, async () => {
    let tookMs = 0;
    const us = await measure(2_000, async () => {
      ({ tookMs } = await pool.run({ engine, template, event }));
      there += tookMs;
    });
    return us;
  });
  const child = (there / (roundCount + 1) / 2_000) * 1_000;
  process.stdout.write(
    `${`a body by ${engine}: the process that runs it`.padEnd(44)}${''.padStart(10)}${child.toFixed(2).padStart(10)}\n` +
      `in all ${((here + child) / plain).toFixed(0)} times a body that is sent as it is\n`,
  );
}
pool.close();
