/** The tree that JSONata's parser makes of an expression, and the part of it that a filter may use. */
import jsonata from 'jsonata';

/** A node of JSONata's; its fields depend on its type. */
export type Node = Readonly<Record<string, unknown>>;

/**
 * The expression is invalid, or uses what a filter may not; `position` is the character at which that ends. Caught by
 * `compileExpression`.
 */
export class InvalidExpressionError extends Error {
  override readonly name = 'InvalidExpressionError';
  readonly position: number;

  constructor(position: number, message: string) {
    super(message);
    this.position = position;
  }
}

/** Parses an expression. @throws {InvalidExpressionError} where the text is no JSONata. */
export function parse(text: string): Node {
  try {
    return nodeOf(jsonata(text).ast());
  } catch (error) {
    const { message, position } = nodeOf(error);
    throw new InvalidExpressionError(
      typeof position === 'number' ? position : text.length,
      typeof message === 'string' ? message : 'it cannot be read',
    );
  }
}

/** Names of the functions with one argument. */
export const functionNames = [
  'exists',
  'boolean',
  'not',
  'count',
  'number',
  'lowercase',
  'uppercase',
  'length',
] as const;
/** Functions whose answer can only be true, false or none. */
const testing: ReadonlySet<unknown> = new Set(['exists', 'boolean', 'not', 'contains']);
export const literal: ReadonlySet<unknown> = new Set(['string', 'number', 'value']);

const known = [...functionNames, 'contains'].map(name => `$${name}`).join(' ');
const allowed =
  'expected paths such as original.job.status, [ ] with an index or a test, texts, numbers, true, false, null, lists of ' +
  `those, ( ), = != < <= > >= in and or, and the functions ${known}`;

/** Whether the answer of a node can only be true, false or none. */
export function isTest(node: Node): boolean {
  switch (node['type']) {
    case 'binary':
      return true;
    case 'value':
      return typeof node['value'] === 'boolean';
    case 'block':
      return nodesOf(node, 'expressions').every(isTest);
    case 'function':
      return testing.has(nodeOf(node['procedure'])['value']);
    default:
      return false;
  }
}

/**
 * Requires a node without conditions. @throws {InvalidExpressionError} for a condition or a grouping on anything but a
 * name.
 */
export function plain(node: Node): Node {
  if ('predicate' in node) throw refuse(node, '[ ] after anything but a name');
  if ('group' in node) throw refuse(nodeOf(node['group']), 'grouping with { }');
  if ('keepArray' in node) throw refuse(node, 'an empty [ ]');
  return node;
}

export function wordFor({ type, value }: Node): string {
  if (type === 'regex') return 'a regular expression';
  return typeof value === 'string' && value !== '' ? value : String(type);
}

export const refuse = (node: Node, what: string): InvalidExpressionError =>
  new InvalidExpressionError(positionOf(node), `${what} is not allowed in a filter; ${allowed}`);

/** The position of a node; a path has none of its own. */
export function positionOf(node: Node): number {
  const [first] = nodesOf(node, 'steps');
  const { position } = first ?? node;
  return typeof position === 'number' ? position : 0;
}

export function nodeOf(value: unknown): Node {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

export function nodesOf(node: Node, field: string): readonly Node[] {
  const nodes = node[field];
  return Array.isArray(nodes) ? nodes.map(nodeOf) : [];
}
