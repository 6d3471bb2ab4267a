/**
 * A path through the data: names, one below the other, each with conditions on the values there.
 *
 *     original.disks[size > 10 and type = "DATA"][0].name
 *
 * Source: jsonata 1.8.9, `evaluatePath`, `evaluateStep` and `evaluateFilter`.
 */
import { lookUp, Sequence, truth } from './expression-value.ts';
import type { Budget } from './expression-value.ts';

/** Evaluates on an item: to a value, or undefined for none. @throws {UnansweredError} */
export type Run = (item: unknown, budget: Budget) => unknown;

export interface PathStep {
  readonly key: string;
  readonly conditions: readonly StepCondition[];
}

/** A condition on the values found: the index of one, from the end if negative, or a test that each has to pass. */
export type StepCondition = { readonly index: number } | { readonly test: Run };

/** The values that one step found at one item. */
interface StepResult {
  readonly values: readonly unknown[];
  /** Whether the values are an array of the data, which stays one if nothing else is found. */
  readonly isWhole: boolean;
}

/** Compiles a path that is evaluated on each item of an array: `b` and `$.b` alike, as in JSONata. */
export function followPath(steps: readonly PathStep[]): Run {
  return (item, budget) => {
    let items: readonly unknown[] = Array.isArray(item) ? item : [item];
    for (const [at, step] of steps.entries()) {
      const found = takeStep(step, items, budget);
      const [only] = found;
      if (at === steps.length - 1 && found.length === 1 && only?.isWhole) return only.values;
      items = found.length === 1 && only ? only.values : flatten(found, budget);
    }
    return items.length > 1 ? items : items[0];
  };
}

function takeStep(step: PathStep, items: readonly unknown[], budget: Budget): StepResult[] {
  const found: StepResult[] = [];
  for (const item of items) {
    const one = takeFrom(step, item, budget);
    if (one) found.push(one);
  }
  return found;
}

function takeFrom(
  { key, conditions }: PathStep,
  item: unknown,
  budget: Budget,
): StepResult | undefined {
  const value = lookUp(item, key, budget);
  if (conditions.length === 0) return value === undefined ? undefined : foundIn(value);
  let found = foundIn(value);
  for (const condition of conditions) found = keep(condition, found, budget);
  return found;
}

function foundIn(value: unknown): StepResult {
  if (value instanceof Sequence) return { values: value.items, isWhole: false };
  return Array.isArray(value)
    ? { values: value, isWhole: true }
    : { values: [value], isWhole: false };
}

function keep(condition: StepCondition, { values }: StepResult, budget: Budget): StepResult {
  if ('index' in condition) {
    const value = values.at(condition.index);
    return value === undefined ? { values: [], isWhole: false } : foundIn(value);
  }
  budget.step(values.length);
  const kept = values.filter(value => truth(condition.test(value, budget), budget) === true);
  return { values: kept, isWhole: false };
}

function flatten(found: readonly StepResult[], budget: Budget): readonly unknown[] {
  const all: unknown[] = [];
  for (const { values } of found) {
    budget.step(values.length);
    for (const value of values) all.push(value);
  }
  return all;
}
