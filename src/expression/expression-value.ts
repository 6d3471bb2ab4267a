/**
 * The meaning of values in an expression, and the cost of looking at them.
 *
 * Source: jsonata 1.8.9 (`lookup`, `boolean`, `number`, `evaluateEqualityExpression`, `evaluateComparisonExpression`),
 * whose answers these are; test/property/expression.test.ts compares. Unlike there, no two objects are compared.
 */

/** The expression has no answer for this event: it is no match, and `explain` says why. Nothing else catches it. */
export class UnansweredError extends Error {
  override readonly name = 'UnansweredError';
}

/** The errors, created once: a stack for each event that an expression fails on would cost more than the expression. */
const faults = {
  steps: new UnansweredError('it takes more steps than an expression may'),
  shared: new UnansweredError('the expressions before it have taken the steps of an event'),
  depth: new UnansweredError('it meets lists that are nested too deeply'),
  order: new UnansweredError('it compares by order what is neither text nor a number'),
  mixed: new UnansweredError('it compares text with a number'),
  object: new UnansweredError('it compares an object'),
  infinite: new UnansweredError('it meets a number that is not finite'),
  text: new UnansweredError('a function that takes text is given something else'),
  number: new UnansweredError('$number is given what is no number'),
};

/** Maximum number of steps in one evaluation: a fraction of a millisecond. */
export const stepCountMax = 5_000;
/** Maximum depth of lists within lists: each is a call within a call. */
const depthMax = 64;
/** Number of characters that count as one step. */
const charsAStep = 256;

/** The budget of one evaluation: counts its steps and bounds them. */
export class Budget {
  #left = stepCountMax;
  #max = stepCountMax;
  #depth = 0;

  /** @param max steps that it may take at most; never more than `stepCountMax`. */
  begin(max = stepCountMax): void {
    this.#max = Math.min(max, stepCountMax);
    this.#left = this.#max;
    this.#depth = 0;
  }

  /** The number of steps taken since it began. */
  get spent(): number {
    return this.#max - Math.max(this.#left, 0);
  }

  /** Looks into a list. @throws {UnansweredError} when it lies within too many. */
  within<T>(look: () => T): T {
    this.#depth += 1;
    if (this.#depth > depthMax) throw faults.depth;
    const found = look();
    this.#depth -= 1;
    return found;
  }

  /** Spends steps. @throws {UnansweredError} when the budget is spent. */
  step(count = 1): void {
    this.#left -= count;
    if (this.#left < 0) throw this.#max < stepCountMax ? faults.shared : faults.steps;
  }

  read(text: string): void {
    this.step(1 + text.length / charsAStep);
  }
}

/** Looks up a key: in an array, in each of its items, where an item's own array is flattened. */
export function lookUp(item: unknown, key: string, budget: Budget): unknown {
  budget.step();
  if (Array.isArray(item)) {
    const found: unknown[] = [];
    collect(item, { key, budget, found });
    return found.length > 1 ? new Sequence(found) : found[0];
  }
  return isObject(item) && Object.hasOwn(item, key) ? item[key] : undefined;
}

interface Collecting {
  readonly key: string;
  readonly budget: Budget;
  readonly found: unknown[];
}

function collect(items: readonly unknown[], collecting: Collecting): void {
  const { key, budget, found } = collecting;
  for (const item of items) {
    budget.step();
    if (Array.isArray(item)) budget.within(() => collect(item, collecting));
    else if (isObject(item) && Object.hasOwn(item, key)) take(item[key], budget, found);
  }
}

function take(value: unknown, budget: Budget, found: unknown[]): void {
  if (value === undefined) return;
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  budget.step(values.length);
  for (const one of values) found.push(one);
}

/** The values that a path found at several places, in contrast to an array in the data. */
export class Sequence {
  readonly items: readonly unknown[];

  constructor(items: readonly unknown[]) {
    this.items = items;
  }
}

/** The truth of a value in a test; undefined stays undefined. */
export function truth(value: unknown, budget: Budget): boolean | undefined {
  budget.step();
  if (value === undefined) return undefined;
  if (Array.isArray(value)) {
    // All items are evaluated, for one may have no answer.
    return budget.within(() => value.filter(one => truth(one, budget) === true).length > 0);
  }
  if (typeof value === 'string') return value.length > 0;
  if (typeof value === 'number') return finite(value) !== 0;
  if (isObject(value)) return hasKey(value, budget);
  return value === true;
}

/** Numbers of keys: V8 gathers all keys of an object before it names the first, so each object is asked once. */
const keyCounts = new WeakMap<object, number>();

function hasKey(value: object, budget: Budget): boolean {
  const count = keyCounts.get(value) ?? Object.keys(value).length;
  if (count > keyCountKept) keyCounts.set(value, count);
  budget.step(count);
  return count > 0;
}

/** Number of keys above which counting them takes longer than remembering how many they are. */
const keyCountKept = 16;

/** Compares for equality; false where one side is missing, also for `!=`. */
export function equality(isEqual: boolean) {
  return (left: unknown, right: unknown, budget: Budget): boolean =>
    left !== undefined && right !== undefined && equals(left, right, budget) === isEqual;
}

function equals(left: unknown, right: unknown, budget: Budget): boolean {
  budget.step();
  if (typeof left === 'string' && typeof right === 'string') {
    if (left.length !== right.length) return false;
    budget.read(left);
  }
  if (left === right) return true;
  if (Array.isArray(left) && Array.isArray(right)) {
    if (left.length !== right.length) return false;
    return budget.within(() => left.every((one, at) => equals(one, right[at], budget)));
  }
  if (isObject(left) && isObject(right)) throw faults.object;
  return false;
}

/** Compares by order; undefined where one side is missing. */
export function ordering(holds: (left: string | number, right: string | number) => boolean) {
  return (left: unknown, right: unknown, budget: Budget): boolean | undefined => {
    budget.step();
    if (!isOrdered(left) || !isOrdered(right)) throw faults.order;
    if (left === undefined || right === undefined) return undefined;
    if (typeof left !== typeof right) throw faults.mixed;
    if (typeof left === 'string') budget.read(left);
    return holds(left, right);
  };
}

const isOrdered = (value: unknown): value is string | number | undefined =>
  value === undefined || typeof value === 'string' || typeof value === 'number';

export function isIn(value: unknown, among: unknown, budget: Budget): boolean {
  if (value === undefined || among === undefined) return false;
  const items: readonly unknown[] = Array.isArray(among) ? among : [among];
  budget.step(items.length);
  if (typeof value === 'string') budget.read(value);
  return items.includes(value);
}

/** The value as text. @throws {UnansweredError} for anything else. */
export function textOf(value: unknown, budget: Budget): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw faults.text;
  budget.read(value);
  return value;
}

const NUMBER = /^-?[0-9]+(\.[0-9]+)?([Ee][-+]?[0-9]+)?$/;

export function numberOf(value: unknown, budget: Budget): number | undefined {
  budget.step();
  if (value === undefined) return undefined;
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value !== 'string' || value.length > charsAStep || !NUMBER.test(value)) {
    throw faults.number;
  }
  const number = Number(value);
  if (!Number.isFinite(number)) throw faults.number;
  return number;
}

export function countOf(value: unknown): number {
  if (value === undefined) return 0;
  return Array.isArray(value) ? value.length : 1;
}

function finite(value: number): number {
  if (Number.isFinite(value)) return value;
  throw faults.infinite;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
