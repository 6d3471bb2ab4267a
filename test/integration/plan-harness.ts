/** Catches the statements of a store and explains how PostgreSQL executes them. */
import type { Client } from 'pg';

import type { Store } from '../../src/store/database.ts';

export interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly 'Shared Hit Blocks'?: number;
  readonly 'Shared Read Blocks'?: number;
  readonly Plans?: readonly PlanNode[];
}

/** A statement and its plan, as executed on the state of the tables at that moment. */
export interface Caught {
  readonly text: string;
  readonly nodes: readonly PlanNode[];
  /** Whether any part of it was compiled. */
  readonly isCompiled: boolean;
}

/**
 * Catches the statements that `work` executes. Each is executed twice: once to be explained, which is rolled back, and once
 * for its caller.
 *
 * Compilation is allowed for what is explained, although the session forbids it: behind a pooler, it may not.
 */
export async function catchPlans(
  store: Store,
  work: () => Promise<unknown>,
): Promise<readonly Caught[]> {
  const caught: Caught[] = [];
  const connections = await prototypeOf(store);
  const plain = connections.query;
  const query = function (this: Client, ...args: unknown[]): unknown {
    const [text, values] = args;
    const pass = (): unknown => Reflect.apply(plain, this, args);
    if (typeof text !== 'string' || !isPlanned.test(text)) return pass();
    const ask: Query = (...inner) => Reflect.apply(plain, this, inner);
    return explain(ask, text, values).then(plan => {
      caught.push(plan);
      return pass();
    });
  };
  Reflect.set(connections, 'query', query);
  try {
    await work();
  } finally {
    Reflect.set(connections, 'query', plain);
  }
  return caught;
}

/** What every connection of the store inherits. */
async function prototypeOf(store: Store): Promise<Pick<Client, 'query'>> {
  const pool = await store.em.getConnection().getNativeClient();
  const connection = await pool.connect();
  connection.release();
  const prototype: Pick<Client, 'query'> = Object.getPrototypeOf(connection);
  return prototype;
}

const isPlanned = /^[\s(]*(select|with|insert|update|delete)\b/;

type Query = (text: string, values?: unknown) => Promise<{ rows: Record<string, unknown>[] }>;

/** In a transaction of its own, or in the one that is open; either way nothing is left of it. */
async function explain(query: Query, text: string, values: unknown): Promise<Caught> {
  const isOpen = await query('savepoint before').then(
    () => true,
    () => false,
  );
  if (!isOpen) await query('begin');
  try {
    await query('set local jit = on');
    const { rows } = await query(`explain (analyze, buffers, format json) ${text}`, values);
    return read(text, rows);
  } finally {
    await query(isOpen ? 'rollback to before' : 'rollback');
  }
}

interface Explained {
  readonly Plan: PlanNode;
  readonly JIT?: unknown;
}

function read(text: string, rows: readonly Record<string, unknown>[]): Caught {
  const answer: unknown = rows[0]?.['QUERY PLAN'];
  const [explained]: readonly Explained[] = Array.isArray(answer) ? answer : [];
  if (!explained) throw new Error(`no plan for ${text}`);
  return { text, nodes: nodesOf(explained.Plan), isCompiled: explained.JIT !== undefined };
}

const nodesOf = (plan: PlanNode): readonly PlanNode[] => [
  plan,
  ...(plan.Plans ?? []).flatMap(nodesOf),
];

/** Number of rows that the node looked at, in all its loops. */
export function rowsLookedAt(node: PlanNode): number {
  const perLoop =
    node['Actual Rows'] +
    (node['Rows Removed by Filter'] ?? 0) +
    (node['Rows Removed by Index Recheck'] ?? 0);
  return perLoop * node['Actual Loops'];
}
