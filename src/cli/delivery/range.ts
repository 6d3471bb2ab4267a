/** Which part of a list of what happened is wanted. */
import type { Command } from 'commander';

import { defaultLimit, parseLimit } from '../context.ts';
import { parseInstant } from './time.ts';

export interface ListOptions {
  readonly limit: number;
  readonly from?: string;
  readonly to?: string;
}

export function addSpan(list: Command): Command {
  return list
    .option(
      '--from <instant>',
      'recorded at or after, such as 2026-11-21T10:00:00Z, or so long ago: 24h',
      parseInstant,
    )
    .option('--to <instant>', 'recorded before', parseInstant)
    .option('--limit <n>', 'at most so many', parseLimit, defaultLimit);
}
