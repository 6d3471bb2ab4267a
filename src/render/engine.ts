/** Compiles templates, keeps them, and renders events with them, each within a time. Runs in a process of its own. */
import { createContext, Script } from 'node:vm';

import { compileJsonata, faultOfJsonata } from './jsonata.ts';
import type { TemplateFault, Job, RenderResult } from './job.ts';
import { compileLiquid, faultOfLiquid } from './liquid.ts';
import type { Compiled } from './liquid.ts';
import { viewOf } from './view.ts';

/**
 * Runs a job. Never throws.
 *
 * @param timeoutMs for compiling and rendering one event.
 */
export type RunJob = (job: Job, timeoutMs: number) => RenderResult;

/**
 * Maximum size of the compiled templates that are kept, in characters of their text; the tree of one is a good deal
 * larger.
 */
const keptCharsMax = 1_000_000;
const faultCharsMax = 500;

/** Creates the engine. @param bytesMax maximum size of a rendered text in UTF-8. */
export function createEngine(bytesMax: number): RunJob {
  const kept = createKept();
  const within = createDeadline();
  return (job, timeoutMs) => {
    const key = `${job.engine}\n${job.template}`;
    try {
      const text = within(timeoutMs, () => {
        const compiled = kept.get(key, job.template.length, () => compile(job));
        return job.event ? compiled(viewOf(job.event)) : '';
      });
      if (Buffer.byteLength(text) <= bytesMax) return { text };
      return { fault: `the text is longer than ${bytesMax} bytes`, limit: 'size' };
    } catch (error) {
      kept.delete(key);
      const { fault, ...more } = faultOf(job, error, timeoutMs);
      return { fault: fault.slice(0, faultCharsMax), ...more };
    }
  };
}

function compile({ engine, template }: Job): Compiled {
  return engine === 'liquid' ? compileLiquid(template) : compileJsonata(template);
}

function faultOf({ engine, template }: Job, error: unknown, timeoutMs: number): TemplateFault {
  if (isLate(error)) return { fault: `it takes longer than ${timeoutMs} ms`, limit: 'time' };
  if (error instanceof RangeError) return { fault: error.message };
  if (engine === 'jsonata') return faultOfJsonata(template, error);
  return faultOfLiquid(error) ?? { fault: error instanceof Error ? error.message : String(error) };
}

/** Whether the time ran out. The error is one of the context that was interrupted, not of this one. */
const isLate = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'code' in error &&
  error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';

/**
 * Creates a deadline that ends whatever runs when its time is up, endless loops and regular expressions included: V8
 * stops at the next turn.
 *
 * Source: nodejs.org/api/vm.html, "script.runInContext", `timeout`.
 */
function createDeadline(): (timeoutMs: number, work: () => string) => string {
  const script = new Script('work()');
  const box: { work?: () => string } = {};
  const context = createContext(box);
  return (timeoutMs, work) => {
    box.work = work;
    try {
      return String(script.runInContext(context, { timeout: timeoutMs }));
    } finally {
      delete box.work;
    }
  };
}

/** A cache of the compiled templates that were used last. */
function createKept() {
  const kept = new Map<string, { compiled: Compiled; chars: number }>();
  let total = 0;
  const remove = (key: string): void => {
    total -= kept.get(key)?.chars ?? 0;
    kept.delete(key);
  };
  return {
    delete: remove,
    get(key: string, chars: number, make: () => Compiled): Compiled {
      const known = kept.get(key);
      const compiled = known?.compiled ?? make();
      remove(key);
      kept.set(key, { compiled, chars });
      total += chars;
      for (const oldest of kept.keys()) {
        if (total <= keptCharsMax || oldest === key) break;
        remove(oldest);
      }
      return compiled;
    },
  };
}
