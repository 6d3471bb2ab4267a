/** Templates in Liquid: no files, no prototypes, no filters that differ from one try to the next. */
import { Drop, Liquid, LiquidError } from 'liquidjs';

import type { TemplateFault } from './job.ts';
import type { View } from './view.ts';

export type Compiled = (view: View) => string;

/** Maximum number of characters and items that a template may create; far above what the largest event needs. */
const memoryMax = 16_000_000;

/** Tags that read other templates, of which there are none. */
const fileTags = ['include', 'render', 'layout', 'block'];
/** Filters that answer something else each time; every try of a delivery must have the same bytes. */
const randomFilters = ['sample', 'shuffle'];

const liquid = createLiquid();

/** Compiles a template. @throws {LiquidError} */
export function compileLiquid(template: string): Compiled {
  const parts = liquid.parse(template);
  return view => {
    const text: unknown = liquid.renderSync(parts, { ...view });
    return String(text);
  };
}

function createLiquid(): Liquid {
  const made = new Liquid({
    templates: {},
    ownPropertyOnly: true,
    strictFilters: true,
    timezoneOffset: 0,
    locale: 'en-US',
    parseLimit: 1_000_000,
    memoryLimit: memoryMax,
    // The time is bounded from outside (`child.ts`), also where this library does not look at a clock.
  });
  for (const tag of fileTags) delete made.tags[tag];
  for (const filter of randomFilters) made.unregisterFilter(filter);
  const { date } = made.filters;
  if (typeof date !== 'function') throw new RangeError('Liquid has no filter date');
  made.registerFilter('date', function dateOf(value: unknown, ...rest: unknown[]) {
    if (value === 'now' || value === 'today') throw new Error(`${value} differs from try to try`);
    return date.call(this, value, ...rest);
  });
  for (const name of ['json', 'jsonify']) made.registerFilter(name, jsonOf);
  return made;
}

/** Writes JSON of any value: `null` of one that is absent, of which liquidjs itself writes nothing. */
function jsonOf(value: unknown, indent?: number): string {
  const plain: unknown = value instanceof Drop ? value.valueOf() : value;
  return JSON.stringify(plain, null, indent) ?? 'null';
}

/** Reads an error of Liquid's; undefined for any other. */
export function faultOfLiquid(error: unknown): TemplateFault | undefined {
  if (!LiquidError.is(error)) return undefined;
  const { message, token } = error;
  const [line = 1, column = 1] = token.getPosition();
  return { fault: message.replace(/, line:\d+, col:\d+$/, ''), line, column };
}
