/** Options that several commands have. */
import type { OptionDefinition, OptionDefinitions } from './definition.ts';
import { parseInstant, parsePositive } from './value.ts';

/** A list that has it is read page by page. */
export const limit = {
  flags: '--limit <n>',
  about: 'maximum number of rows',
  parse: parsePositive,
  default: 50,
} as const satisfies OptionDefinition;

/** Bounds of a list of what happened. */
export const range = {
  from: {
    flags: '--from <instant>',
    about: 'recorded at or after this instant: 2026-11-21T10:00:00Z, or 24h for 24 hours ago',
    parse: parseInstant,
  },
  to: { flags: '--to <instant>', about: 'recorded before this instant', parse: parseInstant },
} as const satisfies OptionDefinitions;

export const local = {
  flags: '--local',
  about: 'work on the database of the configuration directly, without a login',
} as const satisfies OptionDefinition;

export const passwordStdin = {
  flags: '--password-stdin',
  about: 'read the password from standard input',
} as const satisfies OptionDefinition;
