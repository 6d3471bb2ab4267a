/** The keys of the section `templates`: the processes that render them, and their limits. */
import type { Section } from '../value/key.ts';

export const templateKeys = {
  processes: {
    doc: 'Number of processes that render templates of the formats template and jsonata. They start when first needed. With 2 or more, slow templates are confined to some of them.',
    unit: 'processes',
    kind: 'whole',
    min: 1,
    max: 64,
    default: 2,
  },
  timeoutMs: {
    doc: 'Time limit for rendering one event.',
    unit: 'ms',
    kind: 'whole',
    min: 10,
    max: 60_000,
    default: 500,
  },
  memoryMb: {
    doc: 'Memory limit of one process. A template that exceeds it ends the process, and another one is started.',
    unit: 'MiB',
    kind: 'whole',
    min: 32,
    max: 4_096,
    default: 64,
  },
  bytesMax: {
    doc: 'Maximum size of a rendered body.',
    unit: 'bytes',
    kind: 'whole',
    min: 1_024,
    max: 16_777_216,
    default: 1_048_576,
  },
  queueMax: {
    doc: 'Maximum number of events waiting to be rendered; further ones are retried later.',
    unit: 'events',
    kind: 'whole',
    min: 1,
    max: 100_000,
    default: 1_000,
  },
} as const satisfies Section;
