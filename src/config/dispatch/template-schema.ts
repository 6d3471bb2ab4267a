/** The keys of templates: how many processes run them, and what one may take. */
import type { TemplateConfig } from '../config.ts';
import type { Keys } from '../value/value-kind.ts';

export const templateKeys: Keys<TemplateConfig> = {
  processes: {
    doc: 'Processes that run the templates of the formats template and jsonata. They start when the first one is needed. With 2 or more, templates that are slow keep to a part of them.',
    unit: 'processes',
    format: 'whole',
    min: 1,
    max: 64,
    default: 2,
    env: 'HOOKLINE_TEMPLATES_PROCESSES',
  },
  timeoutMs: {
    doc: 'How long a template may take for one event.',
    unit: 'ms',
    format: 'whole',
    min: 10,
    max: 60_000,
    default: 500,
    env: 'HOOKLINE_TEMPLATES_TIMEOUT_MS',
  },
  memoryMb: {
    doc: 'Memory of one process; a template that needs more ends it, and another one is started.',
    unit: 'MiB',
    format: 'whole',
    min: 32,
    max: 4_096,
    default: 64,
    env: 'HOOKLINE_TEMPLATES_MEMORY_MB',
  },
  bytesMax: {
    doc: 'The longest body that a template may make.',
    unit: 'bytes',
    format: 'whole',
    min: 1_024,
    max: 16_777_216,
    default: 1_048_576,
    env: 'HOOKLINE_TEMPLATES_BYTES_MAX',
  },
  queueMax: {
    doc: 'Events that may wait for their template; the next ones are tried again later.',
    unit: 'events',
    format: 'whole',
    min: 1,
    max: 100_000,
    default: 1_000,
    env: 'HOOKLINE_TEMPLATES_QUEUE_MAX',
  },
};
