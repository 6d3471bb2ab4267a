/**
 * What Hookline bears, in one run: several rounds in which everything is measured once, so that a change of the machine's
 * mood meets both sides of a ratio. Needs Linux (/proc) and what `npm test` needs.
 *
 *     npm run bench -- --rounds 3 --events 30000 --seconds 20 --only ceiling,rabbitmq,kafka,camel,latency,split,blackhole,isolation,backlog,idle,start,history
 *     npm run bench -- --only rabbitmq --rounds 0 --prof      where the time goes
 *     npm run bench -- --only backlog --due 1000000 --postgres distribution
 *     npm run bench -- --only history --history 10000000
 *     npm run bench -- --only idle-limit --rounds 1             six web servers at their idle limit
 *     npm run bench -- --only rabbitmq --against DIR          each part also with the program of another checkout
 *
 * Prints a table (minimum, median, maximum over the rounds; ratios are of one round each) and writes `.cache/bench.json`.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { measureBacklog } from './backlog.ts';
import { measureBlackHole } from './black-hole.ts';
import { type BusName, busNames } from './bus.ts';
import { type Camel, findCamel, measureCamel } from './camel.ts';
import type { PostgresEdition } from '../service/postgres-programs.ts';
import { measureHistory } from './history.ts';
import { measureIdle } from './idle.ts';
import { measureIdleLimit } from './idle-limit.ts';
import { type Lab, openLab } from './lab.ts';
import { measureIsolation } from './isolation.ts';
import { measureLatency } from './latency.ts';
import { watchOthers } from './proc.ts';
import { profileThroughput } from './profile.ts';
import {
  againstBefore,
  type Figures,
  summarize,
  tableOf,
  withRatios,
  writeReport,
} from './report.ts';
import { measureStart } from './start.ts';
import { measureCeiling, measureThroughput } from './throughput.ts';

const parts = [
  'ceiling',
  'rabbitmq',
  'kafka',
  'camel',
  'latency',
  'split',
  'blackhole',
  'isolation',
  'backlog',
  'idle',
  'start',
  'history',
  'idle-limit',
] as const;
type Part = (typeof parts)[number];
/** Parts that are run only when they are named: they need more than the tests do. */
const named: readonly Part[] = ['idle-limit'];
/** The parts that measure a Hookline; the others have nothing to compare. */
const ofBuilds: readonly Part[] = [
  'rabbitmq',
  'kafka',
  'latency',
  'split',
  'blackhole',
  'isolation',
  'backlog',
  'idle',
  'start',
  'history',
];

interface Plan {
  readonly rounds: number;
  /** A multiple of ten. */
  readonly events: number;
  /** Of each run at a fixed rate. */
  readonly seconds: number;
  /** Deliveries in the backlog. */
  readonly due: number;
  /** Ended deliveries of the history. */
  readonly history: number;
  readonly postgres: PostgresEdition;
  readonly only: readonly Part[];
  readonly prof: boolean;
  /** Another checkout, with its dependencies installed, whose Hookline is measured in the same rounds. */
  readonly against?: string;
}

const file = resolve(import.meta.dirname, '../../.cache/bench.json');

function readPlan(): Plan {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '3' },
      events: { type: 'string', default: '30000' },
      seconds: { type: 'string', default: '20' },
      due: { type: 'string', default: '100000' },
      history: { type: 'string', default: '1000000' },
      postgres: { type: 'string', default: 'embedded' },
      only: { type: 'string', default: parts.filter(part => !named.includes(part)).join() },
      prof: { type: 'boolean', default: false },
      against: { type: 'string' },
    },
  });
  const whole = (name: 'rounds' | 'events' | 'seconds' | 'due' | 'history', step = 1): number => {
    const value = Number(values[name]);
    if (Number.isInteger(value) && value >= 0 && value % step === 0) return value;
    throw new RangeError(`--${name} ${values[name]}: expected a multiple of ${step}`);
  };
  const unknown = values.only.split(',').filter(name => !parts.some(part => part === name));
  if (unknown.length > 0) {
    throw new RangeError(`--only ${unknown.join()}: expected any of ${parts.join()}`);
  }
  if (values.postgres !== 'embedded' && values.postgres !== 'distribution') {
    throw new RangeError(`--postgres ${values.postgres}: expected embedded or distribution`);
  }
  return {
    rounds: whole('rounds'),
    events: whole('events', 10),
    seconds: whole('seconds'),
    due: whole('due'),
    history: whole('history'),
    postgres: values.postgres,
    only: parts.filter(part => values.only.split(',').includes(part)),
    prof: values.prof,
    against: values.against === undefined ? undefined : resolve(values.against),
  };
}

async function runRound(lab: Lab, plan: Plan, camel: Camel | undefined): Promise<Figures> {
  const figures: Figures[] = [];
  const others = watchOthers();
  for (const part of plan.only) {
    process.stderr.write(`  ${part}…\n`);
    figures.push(await runBuilds(lab, part, { ...plan, camel }));
  }
  figures.push({ 'machine: processors busy with other programs': others() });
  return withRatios(Object.assign({}, ...figures));
}

/** Which build goes first changes from call to call, so that neither always meets the warmer machine. */
let otherFirst = false;

async function runBuilds(
  lab: Lab,
  part: Part,
  plan: Plan & { readonly camel: Camel | undefined },
): Promise<Figures> {
  const own = async (): Promise<Figures> => runPart(lab, part, plan);
  if (plan.against === undefined || !ofBuilds.includes(part)) return own();
  const other = lab.of(plan.against);
  const before = async (): Promise<Figures> => runPart(other, part, plan);
  otherFirst = !otherFirst;
  if (!otherFirst) return againstBefore(await own(), await before());
  const beforeFigures = await before();
  return againstBefore(await own(), beforeFigures);
}

async function runPart(
  lab: Lab,
  part: Part,
  { events, seconds, due, history, camel }: Plan & { readonly camel: Camel | undefined },
): Promise<Figures> {
  switch (part) {
    case 'ceiling':
      return measureCeiling(lab, events);
    case 'rabbitmq':
    case 'kafka':
      return measureThroughput(lab, part, events);
    case 'camel':
      return camel ? onBoth(bus => measureCamel(lab, camel, { bus, count: events })) : {};
    case 'latency':
      return onBoth(bus => measureLatency(lab, { bus, seconds, isSplit: false }));
    case 'split':
      return onBoth(bus => measureLatency(lab, { bus, seconds, isSplit: true }));
    case 'blackhole':
      return measureBlackHole(lab, events * 2, seconds);
    case 'isolation':
      return measureIsolation(lab, seconds);
    case 'backlog':
      return measureBacklog(lab, { fresh: events, due });
    case 'idle':
      return measureIdle(lab, seconds);
    case 'start':
      return measureStart(lab);
    case 'history':
      return measureHistory(lab, { fresh: events, ended: history });
    case 'idle-limit':
      return measureIdleLimit();
  }
}

async function onBoth(measure: (bus: BusName) => Promise<Figures>): Promise<Figures> {
  return { ...(await measure('rabbitmq')), ...(await measure('kafka')) };
}

const plan = readPlan();
const startedAt = new Date();
const camel = plan.only.includes('camel') ? await findCamel() : undefined;
const notes = typeof camel === 'string' ? [`Apache Camel was not run: ${camel}`] : [];
await using lab = await openLab(plan.postgres);
const rounds: Figures[] = [];
for (let round = 1; round <= plan.rounds; round += 1) {
  process.stderr.write(`round ${round} of ${plan.rounds}\n`);
  rounds.push(await runRound(lab, plan, typeof camel === 'object' ? camel : undefined));
}
const summary = summarize(rounds);
process.stdout.write(tableOf(summary, notes));
await writeReport(file, { startedAt, plan, summary, rounds, notes });
process.stderr.write(`Written to ${file}\n`);
for (const bus of plan.prof ? busNames.filter(name => plan.only.includes(name)) : []) {
  process.stdout.write(await profileThroughput(lab, bus, plan.events));
}
