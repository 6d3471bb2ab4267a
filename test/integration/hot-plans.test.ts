/**
 * Plans of the statements on the way of an event and of a claim, and of lists, on tables of which PostgreSQL knows nothing,
 * the truth, or what is true no more; on the embedded PostgreSQL and on the distribution's, which compiles. No statement
 * may read or sort more rows than it is about, however many there are.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { PostgresEdition } from '../service/postgres-programs.ts';
import { type Caught, catchPlans, rowsLookedAt } from './plan-harness.ts';
import { openPlanWorld, type PlanWorld } from './plan-world.ts';
import { backlogCases } from './plan-cases-backlog.ts';
import { cases, record } from './plan-cases.ts';

/** What PostgreSQL knows of the tables, each state from the one before. */
const states: Readonly<Record<string, (world: PlanWorld) => Promise<unknown>>> = {
  'with nothing in them': async () => {},
  'that have grown since they were looked at': async world => {
    const { run, busy } = world;
    await record(world, 60);
    await run(
      `update delivery set state = 'delivering', process_id = ${world.processId}, webhook_id = '${busy}'`,
    );
    await run('analyze');
    await run(`update delivery set state = 'delivered', process_id = null`);
    await world.fill();
  },
  'that nobody has looked at': world => world.forgetStatistics(),
  'as they are known': world => world.run('analyze'),
  'that have changed since they were looked at': world =>
    world.run(
      `update delivery set state = 'delivered', next_attempt_at = null where state = 'pending' and order_key is null`,
    ),
};

describe.each<PostgresEdition>(['embedded', 'distribution'])('on the %s PostgreSQL', edition => {
  let world: PlanWorld;
  beforeAll(async () => {
    world = await openPlanWorld(edition);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  it('a session compiles nothing', async () => {
    expect(await world.run('show jit')).toEqual([{ jit: 'off' }]);
  });

  describe.each(Object.entries(states))('in tables %s', (_state, bringAbout) => {
    beforeAll(async () => void (await bringAbout(world)));

    it.each(Object.entries({ ...cases, ...backlogCases }))(
      '%s looks at no more than it is about',
      async (_case, { rows, work }) => {
        const caught = await catchPlans(world.store, () => work(world));
        expect(caught).not.toEqual([]);
        expect(caught.flatMap(statement => faultsOf(statement, rows))).toEqual([]);
      },
    );
  });
});

const isDay = /^(event|delivery|attempt)_\d{8}$/;
/** Rows of a table that is small enough to be read from end to end. */
const smallRows = 100;

/** @param rows number of rows that the statement is about. */
function faultsOf({ text, nodes, isCompiled }: Caught, rows: number): readonly string[] {
  const bound = 3 * rows + 300;
  const [top] = nodes;
  const pages = (top?.['Shared Hit Blocks'] ?? 0) + (top?.['Shared Read Blocks'] ?? 0);
  const faults = nodes.flatMap(node => {
    const { 'Node Type': type, 'Relation Name': table = '' } = node;
    const seen = rowsLookedAt(node);
    if (type === 'Seq Scan' && isDay.test(table) && seen > smallRows)
      return `reads all of ${table}, ${seen} rows`;
    if (isDay.test(table) && seen > bound)
      return `reads ${seen} rows of ${table} by ${node['Index Name']}`;
    const sorted = (node.Plans ?? []).reduce(
      (sum, below) => sum + below['Actual Rows'] * below['Actual Loops'],
      0,
    );
    if (type === 'Sort' && sorted > bound) return `sorts ${sorted} rows`;
    return [];
  });
  if (isCompiled) faults.push('is compiled');
  if (pages > 30 * rows + 800) faults.push(`touches ${pages} pages`);
  return faults.map(fault => `${fault}: ${text}`);
}
