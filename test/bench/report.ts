/** What the rounds found, as a table for people and JSON for programs. */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { dirname } from 'node:path';

/** Values by name; the name says what was measured and in what unit: `rabbitmq: deliveries/s`. */
export type Figures = Readonly<Record<string, number>>;

export interface Summary {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** What the issue and the design ask for, beside the figure it is asked of. */
const wanted: readonly (readonly [RegExp, string])[] = [
  [/^(rabbitmq|kafka): of the ceiling$/, '≥ 0.30'],
  [/^(rabbitmq|kafka): process CPU, µs\/delivery$/, '≤ 95'],
  [/^(rabbitmq|kafka): PostgreSQL CPU, µs\/delivery$/, '≤ 30'],
  [/^latency, split roles, .*: p50, ms$/, '≤ 15'],
  [/^latency, split roles, .*: p99, ms$/, '≤ 60'],
  [/^backlog: of fresh$/, '≥ 0.8'],
  [/^backlog: peak memory, MB$/, '≤ 300'],
  [/^idle: process CPU, ms\/minute$/, '≤ 350'],
  [/^idle: statements\/minute$/, '≤ 30'],
  [/^start: process CPU, ms$/, '≤ 1,500'],
  [/^start: longest block/, '≤ 200'],
  [/^start: memory, MB$/, '≤ 120'],
  [/^start: memory after 20 s, MB$/, '≤ 100'],
  [/^idle limit, .*: failed attempts$/, '0'],
  [/^idle limit, .*: p99 of the delay, ms$/, '≤ 100'],
  [/^black hole.*: rate kept$/, '≥ 0.95'],
  [/^black hole.*: p99 grew$/, '≤ 2'],
  [/^isolation, .*: in time$/, '≥ 0.98'],
  [/^isolation, .* of its own: p99 against alone$/, '≤ 3'],
  [/^isolation, .*: p99 against alone$/, '≤ 1.5'],
];

/** Adds the ratios of what was measured in one round: noise on the machine meets both sides. */
export function withRatios(figures: Figures): Figures {
  const ratio = (name: string, above: string, below: string): Figures => {
    const [over, under] = [figures[above], figures[below]];
    return over === undefined || under === undefined ? {} : { [name]: over / under };
  };
  const ratios = ['rabbitmq', 'kafka'].map(bus => ({
    ...ratio(`${bus}: of the ceiling`, `${bus}: deliveries/s`, 'ceiling: deliveries/s'),
    ...ratio(
      `${bus}: times Apache Camel`,
      `${bus}: deliveries/s`,
      `Apache Camel, ${bus}: deliveries/s`,
    ),
  }));
  return Object.assign({}, figures, ...ratios);
}

/** The figures of this build, those of the build before, and their ratios: of one round each, as all ratios. */
export function againstBefore(own: Figures, before: Figures): Figures {
  const all: Record<string, number> = { ...own };
  for (const [name, value] of Object.entries(before)) {
    all[`${name}, before`] = value;
    all[`${name}, times before`] = (own[name] ?? Number.NaN) / value;
  }
  return all;
}

export function summarize(rounds: readonly Figures[]): Readonly<Record<string, Summary>> {
  const names = new Set(rounds.flatMap(figures => Object.keys(figures)));
  return Object.fromEntries(
    [...names].map(name => {
      const values = rounds.flatMap(figures => figures[name] ?? []);
      return [name, summaryOf(values)] as const;
    }),
  );
}

function summaryOf(values: readonly number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  const middle = (sorted.length - 1) / 2;
  return {
    min: at(0),
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    max: at(sorted.length - 1),
  };
}

/** @param notes lines below the table: what was left out, and why. */
export function tableOf(
  summary: Readonly<Record<string, Summary>>,
  notes: readonly string[],
): string {
  const head = ['min', 'median', 'max', 'wanted'].map(word => word.padStart(columnWidth)).join('');
  const nameWidth = Math.max(0, ...Object.keys(summary).map(name => name.length)) + 1;
  const lines = Object.entries(summary)
    .toSorted(([left], [right]) => groupOf(left) - groupOf(right))
    .map(([name, { min, median, max }]) => {
      const values = [min, median, max].map(value => format(value).padStart(columnWidth)).join('');
      const target = wanted.find(([pattern]) => pattern.test(name))?.[1] ?? '';
      return `${name.padEnd(nameWidth)}${values}${target.padStart(columnWidth)}`;
    });
  return [`${''.padEnd(nameWidth)}${head}`, ...lines, ...notes, ''].join('\n');
}

const columnWidth = 11;
const groups = [
  'ceiling',
  'rabbitmq',
  'kafka',
  'Apache Camel',
  'latency',
  'black hole',
  'isolation',
  'backlog',
  'idle',
  'start',
  'history',
  'machine',
];

function groupOf(name: string): number {
  return groups.findIndex(group => name.startsWith(group));
}

/** Three digits that say something: 4,812 · 87.3 · 0.317. */
function format(value: number): string {
  if (value >= 1_000) return Math.round(value).toLocaleString('en');
  return Number.isNaN(value) ? '–' : value.toPrecision(3);
}

export async function writeReport(path: string, report: object): Promise<void> {
  const [processor] = cpus();
  const machine = {
    processor: processor?.model,
    processors: cpus().length,
    memoryMb: Math.round(totalmem() / 1e6),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
  };
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${JSON.stringify({ machine, ...report }, undefined, 2)}\n`);
}
