/**
 * Templates in JSONata, without functions that differ from one try to the next, or that another template would notice.
 */
import jsonata from 'jsonata';

import { positionIn } from '../event/text/text-position.ts';
import type { TemplateFault } from './job.ts';
import type { Compiled } from './liquid.ts';

/** Functions that answer something else each time; every try of a delivery must have the same bytes. */
const changing = ['now', 'millis', 'random', 'shuffle'];

/** Compiles a template. @throws what JSONata throws. */
export function compileJsonata(template: string): Compiled {
  const expression = jsonata(template);
  refuseTransform(expression.ast());
  // Nobody would check text that becomes an expression later on.
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
 * Refuses the transform operator. It writes into whatever objects its pattern finds, JSONata's own functions among
 * them, and those are shared by all templates of the process: one tenant's `| $string | {"implementation": …} |` would
 * be run on another's events.
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

/** Refuses functions in the result: one of JSONata's carries everything that it was made from. */
function withoutFunctions(_: string, value: unknown): unknown {
  const isFunction =
    typeof value === 'function' ||
    (typeof value === 'object' &&
      value !== null &&
      ('_jsonata_lambda' in value || '_jsonata_function' in value));
  if (isFunction) throw new Error('its result holds a function');
  return value;
}

/** Reads an error: JSONata throws plain objects, with the position at which the faulty part ends. */
export function faultOfJsonata(template: string, error: unknown): TemplateFault {
  if (typeof error !== 'object' || error === null) return { fault: String(error) };
  const fault =
    'message' in error && typeof error.message === 'string' ? error.message : 'it failed';
  if (!('position' in error) || typeof error.position !== 'number') return { fault };
  return { fault, ...positionIn(template, error.position - 1) };
}
