/** The keys of templates: how many processes run them, and what one may take. */
import type { Section } from '../value/key.ts';

export const templateKeys = {
  processes: {
    doc: 'Processes that run the templates of the formats template and jsonata. They start when the first one is needed. With 2 or more, templates that are slow keep to a part of them.',
    unit: 'processes',
    kind: 'whole',
    min: 1,
    max: 64,
    default: 2,
  },
  timeoutMs: {
    doc: 'How long a template may take for one event.',
    unit: 'ms',
    kind: 'whole',
    min: 10,
    max: 60_000,
    default: 500,
  },
  memoryMb: {
    doc: 'Memory of one process; a template that needs more ends it, and another one is started.',
    unit: 'MiB',
    kind: 'whole',
    min: 32,
    max: 4_096,
    default: 64,
  },
  bytesMax: {
    doc: 'The longest body that a template may make.',
    unit: 'bytes',
    kind: 'whole',
    min: 1_024,
    max: 16_777_216,
    default: 1_048_576,
  },
  queueMax: {
    doc: 'Events that may wait for their template; the next ones are tried again later.',
    unit: 'events',
    kind: 'whole',
    min: 1,
    max: 100_000,
    default: 1_000,
  },
} as const satisfies Section;
