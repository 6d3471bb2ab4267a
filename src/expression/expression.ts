/**
 * The payload expression of a filter: a part of JSONata that always ends, and soon, whatever the event holds.
 *
 *     severity = "error" and original.job.attempts > 3
 *     $exists(original.tags[$ = "prod"]) or $contains($lowercase(description), "out of memory")
 *
 * JSONata's own parser reads it; what is more than paths, tests, literals and a few functions is refused then. The rest
 * is evaluated here: JSONata's evaluator cannot be bounded, and takes longer by a factor of twenty or more
 * (docs/decisions/0065-payload-expressions.md).
 */
import { positionIn } from '../event/text/text-position.ts';
import type { TextPosition } from '../event/text/text-position.ts';
import {
  functionNames,
  isTest,
  literal,
  nodeOf,
  nodesOf,
  parse,
  plain,
  positionOf,
  refuse,
  InvalidExpressionError,
  wordFor,
} from './expression-node.ts';
import type { Node } from './expression-node.ts';
import { createContains, length, lowercase, uppercase } from './expression-text.ts';
import { followPath } from './expression-path.ts';
import type { StepCondition, PathStep, Run } from './expression-path.ts';
import {
  countOf,
  equality,
  isIn,
  Budget,
  numberOf,
  ordering,
  truth,
  UnansweredError,
} from './expression-value.ts';

export const expressionCharsMax = 1_000;
const nodeCountMax = 200;

/** Finds a fact of the event by its name; undefined where there is none. @throws {UnansweredError} */
export type FactOf = (name: string) => unknown;

export interface Expression {
  /**
   * Evaluates the expression on an event; a text instead of true or false says why there is no answer.
   *
   * @param stepsLeft the steps that it may take, if those are fewer than an expression's.
   */
  readonly holds: (factOf: FactOf, stepsLeft?: number) => boolean | string;
  /** The number of steps that the latest evaluation took. */
  readonly spent: () => number;
}

/** The reason why a text is no valid expression, and where. */
export interface ExpressionFault extends TextPosition {
  readonly fault: string;
}

/**
 * Expressions that were compiled, the oldest first: reading a long one takes most of a millisecond, and each index of webhooks
 * that is built needs them all again.
 */
const compiled = new Map<string, Expression>();
const compiledMax = 10_000;

export function compileExpression(text: string): Expression | ExpressionFault {
  const known = compiled.get(text);
  if (known) return known;
  const expression = compile(text);
  if ('fault' in expression) return expression;
  const [oldest] = compiled.size < compiledMax ? [] : compiled.keys();
  if (oldest !== undefined) compiled.delete(oldest);
  compiled.set(text, expression);
  return expression;
}

function compile(text: string): Expression | ExpressionFault {
  if (text.length > expressionCharsMax) {
    return faultAt(text, expressionCharsMax, `it has more than ${expressionCharsMax} characters`);
  }
  try {
    const compiler = new Compiler();
    const run = compiler.compile(parse(text), true);
    return createAsking(run);
  } catch (error) {
    if (!(error instanceof InvalidExpressionError)) throw error;
    return faultAt(text, error.position, error.message);
  }
}

function createAsking(run: Run): Expression {
  const budget = new Budget();
  return {
    holds(factOf, stepsLeft) {
      budget.begin(stepsLeft);
      try {
        return truth(run(factOf, budget), budget) === true;
      } catch (error) {
        if (error instanceof UnansweredError) return error.message;
        throw error;
      }
    },
    spent: () => budget.spent,
  };
}

const operators: Readonly<Record<string, (left: Run, right: Run) => Run>> = {
  and: (left, right) => (item, budget) =>
    truth(left(item, budget), budget) === true && truth(right(item, budget), budget) === true,
  or: (left, right) => (item, budget) =>
    truth(left(item, budget), budget) === true || truth(right(item, budget), budget) === true,
  '=': comparing(equality(true)),
  '!=': comparing(equality(false)),
  '<': comparing(ordering((left, right) => left < right)),
  '<=': comparing(ordering((left, right) => left <= right)),
  '>': comparing(ordering((left, right) => left > right)),
  '>=': comparing(ordering((left, right) => left >= right)),
  in: comparing(isIn),
};

function comparing(compare: (left: unknown, right: unknown, budget: Budget) => unknown) {
  return (left: Run, right: Run): Run =>
    (item, budget) =>
      compare(left(item, budget), right(item, budget), budget);
}

/** Functions of one argument; the others have a case of their own. */
const functions: Readonly<
  Record<(typeof functionNames)[number], (value: unknown, budget: Budget) => unknown>
> = {
  exists: value => value !== undefined,
  boolean: truth,
  not(value, budget) {
    const is = truth(value, budget);
    return is === undefined ? undefined : !is;
  },
  count: countOf,
  number: numberOf,
  lowercase,
  uppercase,
  length,
};

class Compiler {
  #nodeCount = 0;

  /** Compiles a node. @param atRoot whether names are the event's, rather than those of an item within a condition. */
  compile(node: Node, atRoot: boolean): Run {
    this.#count(node);
    switch (node['type']) {
      case 'string':
      case 'number':
      case 'value':
        return constant(plain(node)['value']);
      case 'path':
        return this.#path(node, atRoot);
      case 'variable':
        if (plain(node)['value'] === '' && !atRoot) return item => item;
        throw refuse(node, `the variable $${String(node['value'])}`);
      case 'block':
        return this.compile(this.#only(plain(node), 'expressions'), atRoot);
      case 'binary':
        return this.#binary(plain(node), atRoot);
      case 'unary':
        return this.#list(plain(node));
      case 'function':
        return this.#call(plain(node), atRoot);
      default:
        throw refuse(node, wordFor(node));
    }
  }

  #count(node: Node): void {
    this.#nodeCount += 1;
    if (this.#nodeCount > nodeCountMax) {
      throw new InvalidExpressionError(positionOf(node), `it has more than ${nodeCountMax} parts`);
    }
  }

  #path(node: Node, atRoot: boolean): Run {
    plain(node);
    const [first, ...others] = nodesOf(node, 'steps');
    if (first === undefined) throw refuse(node, 'this');
    if (atRoot)
      return ofEvent(
        this.#step(first),
        others.map(step => this.#step(step)),
      );
    const isOfItem = first['type'] === 'variable' && plain(first)['value'] === '';
    const steps = isOfItem ? others : [first, ...others];
    return followPath(steps.map(step => this.#step(step)));
  }

  #step(step: Node): PathStep {
    this.#count(step);
    const { type, value } = step;
    if (type !== 'name' || typeof value !== 'string') throw refuse(step, wordFor(step));
    if ('tuple' in step) throw refuse(step, 'binding with @ or #');
    plain(step);
    return {
      key: value,
      conditions: nodesOf(step, 'stages').map(stage => this.#condition(stage)),
    };
  }

  #condition(stage: Node): StepCondition {
    const node = nodeOf(stage['expr']);
    if (node['type'] === 'number' && typeof node['value'] === 'number') {
      return { index: Math.floor(node['value']) };
    }
    // JSONata takes a number that it finds here for an index.
    if (!isTest(node)) {
      throw new InvalidExpressionError(
        positionOf(stage),
        'within [ ], expected a whole number or a test; for whether something is there, $exists(…)',
      );
    }
    return { test: this.compile(node, false) };
  }

  #binary(node: Node, atRoot: boolean): Run {
    const operator = operators[String(node['value'])];
    if (!operator) throw refuse(node, `the operator ${String(node['value'])}`);
    const left = this.compile(nodeOf(node['lhs']), atRoot);
    return operator(left, this.compile(nodeOf(node['rhs']), atRoot));
  }

  #list(node: Node): Run {
    if (node['value'] !== '[') throw refuse(node, `the sign ${String(node['value'])}`);
    return constant(
      nodesOf(node, 'expressions').map(one => {
        this.#count(one);
        if (!literal.has(one['type'])) throw refuse(one, 'a list of more than literals');
        return plain(one)['value'];
      }),
    );
  }

  #call(node: Node, atRoot: boolean): Run {
    const name = String(nodeOf(node['procedure'])['value']);
    if (name === 'contains') return this.#contains(node, atRoot);
    const known = functionNames.find(one => one === name);
    if (!known) throw refuse(node, `the function $${name}`);
    const apply = functions[known];
    const argument = this.compile(this.#only(node, 'arguments'), atRoot);
    return (item, budget) => apply(argument(item, budget), budget);
  }

  #contains(node: Node, atRoot: boolean): Run {
    const [within, part, ...more] = nodesOf(node, 'arguments');
    const text = part?.['value'];
    if (!within || part?.['type'] !== 'string' || typeof text !== 'string' || more.length > 0) {
      throw new InvalidExpressionError(
        positionOf(node),
        '$contains takes a text and, in quotes, a part of it',
      );
    }
    plain(part);
    const whole = this.compile(within, atRoot);
    const contains = createContains(text);
    return (item, budget) => contains(whole(item, budget), budget);
  }

  #only(node: Node, field: string): Node {
    const [only, ...more] = nodesOf(node, field);
    if (only && more.length === 0) return only;
    throw new InvalidExpressionError(
      positionOf(node),
      'expected exactly one expression between ( and )',
    );
  }
}

/**
 * Compiles a path that begins at the event, which is asked for single facts, so that only those that an expression
 * names are computed.
 */
function ofEvent(first: PathStep, others: readonly PathStep[]): Run {
  const { key, conditions } = first;
  const factIn = (factOf: unknown): unknown =>
    typeof factOf === 'function' ? factOf(key) : undefined;
  if (others.length === 0 && conditions.length === 0) return factIn;
  const follow = followPath([first, ...others]);
  return (factOf, budget) => follow({ [key]: factIn(factOf) }, budget);
}

function constant(value: unknown): Run {
  return () => value;
}

/** Builds the fault. @param position number of characters up to the end of the faulty part. */
function faultAt(text: string, position: number, fault: string): ExpressionFault {
  return { fault, ...positionIn(text, position - 1) };
}
