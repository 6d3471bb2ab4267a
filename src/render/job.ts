/** The messages between the pool and its processes. */
import type { FormatEvent } from '../format/format.ts';

export const engines = ['liquid', 'jsonata'] as const;
export type Engine = (typeof engines)[number];

/** One event to be rendered with one template. */
export interface Job {
  readonly engine: Engine;
  readonly template: string;
  /** The event; absent where the template is only to be compiled. */
  readonly event?: FormatEvent;
}

/**
 * The reason why a template is invalid, or fails on an event; line and column are counted from 1, where they are known.
 */
export interface TemplateFault {
  readonly fault: string;
  readonly line?: number;
  readonly column?: number;
  /** The limit that was exceeded. Another try may keep the time; the size is the template's fault. */
  readonly limit?: 'time' | 'size';
}

/** The text of one event; empty where the template was only compiled. */
export type RenderResult = { readonly text: string } | TemplateFault;

/** The answer of a process; `tookMs` is the processor time of the work alone. */
export type JobAnswer = RenderResult & { readonly tookMs: number };
