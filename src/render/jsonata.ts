/** Templates in JSONata: nothing that differs from one try to the next, and nothing that another template would notice. */
import jsonata from 'jsonata';

import { positionIn } from '../event/text-position.ts';
import type { TemplateFault } from './job.ts';
import type { Compiled } from './liquid.ts';

/** They answer something else each time, and every try of a delivery is to have the same bytes. */
const changing = ['now', 'millis', 'random', 'shuffle'];

/** @throws what JSONata throws. */
export function compileJsonata(template: string): Compiled {
  const expression = jsonata(template);
  refuseTransform(expression.ast());
  // Text that becomes an expression later on would be looked through by nobody.
  expression.registerFunction('eval', () => {
    throw new Error('$eval is not available in a template');
  });
  for (const name of changing) {
    expression.registerFunction(name, () => {
      throw new Error(`$${name} differs from try to try`);
    });
  }
  return view => {
    // With bindings of its own, a variable set at the top ends with this event.
    const value: unknown = expression.evaluate(view, {});
    if (value === undefined) throw new Error('it finds nothing in this event');
    if (typeof value === 'string') return value;
    return JSON.stringify(value, withoutFunctions);
  };
}

/**
 * It writes into whatever objects its pattern finds, JSONata's own functions among them, and those are shared by all
 * templates of the process: one tenant's `| $string | {"implementation": …} |` would be run on another's events.
 *
 * Source: jsonata 1.8.9, `evaluateTransformExpression`.
 */
function refuseTransform(node: unknown, seen = new Set<unknown>()): void {
  if (typeof node !== 'object' || node === null || seen.has(node)) return;
  seen.add(node);
  if ('type' in node && node.type === 'transform') {
    const position = 'position' in node ? node.position : undefined;
    const error = new Error('the transform operator | | | is not available in a template');
    throw Object.assign(error, { position });
  }
  for (const part of Object.values(node)) refuseTransform(part, seen);
}

/** A function of JSONata's carries all that it was made from. */
function withoutFunctions(_: string, value: unknown): unknown {
  const isFunction =
    typeof value === 'function' ||
    (typeof value === 'object' &&
      value !== null &&
      ('_jsonata_lambda' in value || '_jsonata_function' in value));
  if (isFunction) throw new Error('there is a function in what it finds');
  return value;
}

/** JSONata throws plain objects with the place where the part at fault ends. */
export function faultOfJsonata(template: string, error: unknown): TemplateFault {
  if (typeof error !== 'object' || error === null) return { fault: String(error) };
  const fault =
    'message' in error && typeof error.message === 'string' ? error.message : 'it failed';
  if (!('position' in error) || typeof error.position !== 'number') return { fault };
  return { fault, ...positionIn(template, error.position - 1) };
}
