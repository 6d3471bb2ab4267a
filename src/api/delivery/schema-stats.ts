/** JSON schemas of the numbers on deliveries. */
const instant = { type: 'string', format: 'date-time' } as const;
const count = { type: 'integer' } as const;
const ms = { type: ['integer', 'null'] } as const;

const item = {
  type: 'object',
  required: [
    'deliveries',
    'delivered',
    'failed',
    'pending',
    'cancelled',
    'attempts',
    'successRate',
    'durationMs',
  ],
  properties: {
    webhookId: { type: 'string', format: 'uuid' },
    eventType: { type: 'string' },
    at: { ...instant, description: 'Where the bucket begins.' },
    deliveries: count,
    delivered: count,
    failed: count,
    pending: { ...count, description: 'Waiting, or being made.' },
    cancelled: count,
    attempts: count,
    successRate: {
      type: ['number', 'null'],
      description: 'Delivered of delivered and failed, 0 to 1; null when there are neither.',
    },
    durationMs: {
      type: 'object',
      description: 'Of attempts, milliseconds; null without any.',
      required: ['p50', 'p95', 'p99', 'max'],
      properties: { p50: ms, p95: ms, p99: ms, max: ms },
    },
  },
} as const;

export const statsSchemas = [
  {
    $id: 'Stats',
    type: 'object',
    required: ['from', 'to', 'bucket', 'isComplete', 'items'],
    properties: {
      from: { ...instant, description: 'How far back the numbers reach.' },
      to: instant,
      bucket: { type: ['integer', 'null'], description: 'Seconds; null when not by time.' },
      isComplete: { type: 'boolean' },
      items: { type: 'array', items: item },
    },
  },
];
