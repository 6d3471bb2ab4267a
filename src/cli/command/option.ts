/** Options that several commands have. */
import type { OptionDefinition, OptionDefinitions } from './definition.ts';
import { parseInstant, parsePositive } from './value.ts';

/** A list that has it is read page by page. */
export const limit = {
  usage: '--limit <n>  maximum number of rows',
  parse: parsePositive,
  default: 50,
} as const satisfies OptionDefinition;

/** Bounds of a list of what happened. */
export const range = {
  from: {
    usage:
      '--from <instant>  recorded at or after this instant: 2026-11-21T10:00:00Z, or 24h for 24 hours ago',
    parse: parseInstant,
  },
  to: { usage: '--to <instant>  recorded before this instant', parse: parseInstant },
} as const satisfies OptionDefinitions;
