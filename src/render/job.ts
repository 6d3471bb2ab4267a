/** What goes between the pool and its processes. */
import type { FormatEvent } from '../format/format.ts';

export const engines = ['liquid', 'jsonata'] as const;
export type Engine = (typeof engines)[number];

/** One event to be said by one template. */
export interface Job {
  readonly engine: Engine;
  readonly template: string;
  /** Absent where the template is only to be compiled. */
  readonly event?: FormatEvent;
}

/** Why a template is none, or has no answer for an event; the place counted from 1, where it is known. */
export interface TemplateFault {
  readonly fault: string;
  readonly line?: number;
  readonly column?: number;
  /** What it went beyond. In time another try may be, in size it is the template's. */
  readonly limit?: 'time' | 'size';
}

/** The text of one event; empty where the template was only compiled. */
export type RenderResult = { readonly text: string } | TemplateFault;

/** `tookMs` is the processor time of the work alone. */
export type Answer = RenderResult & { readonly tookMs: number };
