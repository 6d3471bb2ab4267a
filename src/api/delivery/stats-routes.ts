/** Delivery statistics for charts: counts, success rate and percentiles. */
import { Type } from 'typebox';
import type { Static } from 'typebox';

import { readStats, statKeys } from '../../store/delivery/stats.ts';
import type { StatRow, StatKey } from '../../store/delivery/stats.ts';
import { callerOf } from '../http/authenticate.ts';
import type { ApiOptions, RouteGroup } from '../context.ts';
import { ProblemError } from '../http/problem.ts';
import { answer, closed, problems } from '../http/schema.ts';
import type { Routes } from '../http/schema.ts';
import { arrayOf, flag, uuid, instant, nullable, real, text, whole } from '../../event/schema.ts';

const HOUR_MS = 3_600_000;
const spanMsDefault = 24 * HOUR_MS;
/** The default retention, plus a day. */
const spanMsMax = 32 * 24 * HOUR_MS;
/** Maximum number of deliveries counted, which takes the database a second or two. */
const rowsMax = 500_000;
const groupsMax = 5_000;
/** Default bucket lengths in seconds, for a chart of about 200 points. */
const buckets = [60, 300, 900, 3_600, 21_600, 86_400] as const;
const pointsWanted = 200;
const pointsMax = 2_000;

const list = statKeys.join('|');

const count = whole();
const ms = nullable(whole());

const stats = Type.Object(
  {
    from: instant({ description: 'Start of the range that the numbers cover.' }),
    to: instant(),
    bucket: nullable(
      whole({ description: 'Length of a time bucket in seconds; null when not grouped by time.' }),
    ),
    isComplete: flag(),
    items: arrayOf(
      Type.Object({
        webhookId: Type.Optional(uuid()),
        eventType: Type.Optional(text()),
        at: Type.Optional(instant({ description: 'Start of the time bucket.' })),
        deliveries: count,
        delivered: count,
        failed: count,
        pending: whole({ description: 'Waiting or in progress.' }),
        cancelled: count,
        attempts: count,
        successRate: nullable(
          real({
            description:
              '`delivered` / (`delivered` + `failed`), from 0 to 1; null when both are 0.',
          }),
        ),
        durationMs: Type.Object(
          { p50: ms, p95: ms, p99: ms, max: ms },
          { description: 'Duration of attempts in milliseconds; null without attempts.' },
        ),
      }),
    ),
  },
  { $id: 'Stats', description: 'Statistics of deliveries.' },
);

const query = closed({
  from: Type.Optional(
    instant({
      description: 'Start of the range, at most 32 days before `to`; a day before it when absent.',
    }),
  ),
  to: Type.Optional(instant({ description: 'End of the range; now when absent.' })),
  by: Type.Optional(
    text({
      pattern: `^(${list})(,(${list}))*$`,
      description: 'What to group by, separated by commas; a single item when absent.',
      example: 'webhook,time',
    }),
  ),
  bucket: Type.Optional(
    whole({
      minimum: 60,
      maximum: 86_400,
      description: 'Length of a time bucket in seconds, when grouping by `time`.',
    }),
  ),
  webhookId: Type.Optional(uuid({ description: 'Only deliveries to this webhook.' })),
  eventType: Type.Optional(
    text({ maxLength: 255, description: 'Only events of exactly this type.', example: 'VM.START' }),
  ),
});

const schema = {
  operationId: 'showStats',
  summary: 'Show delivery statistics',
  description:
    'Counts deliveries of the webhooks that you may see, of events that you may see and that were recorded in the range. At most the newest 500,000 are counted; if there are more, `isComplete` is false and `from` tells how far back the numbers reach.',
  tags: ['stats'],
  querystring: query,
  response: { 200: answer(stats, 'The statistics.'), ...problems },
};

export const statsRoutes: RouteGroup = { schemas: [stats], register: registerStatsRoutes };

function registerStatsRoutes(app: Routes, { store, now }: ApiOptions): void {
  app.get('/v1/stats', { schema }, async request => {
    const { webhookId, eventType, ...wanted } = request.query;
    const by = statKeys.filter(key => wanted.by?.split(',').includes(key));
    const { from, to, bucketSeconds } = planRange(wanted, by, now());
    const { items, reachedFrom } = await readStats(store, callerOf(request).visibility, {
      from,
      to,
      by,
      bucketSeconds,
      rowsMax,
      groupsMax,
      ...(webhookId !== undefined && { webhookId }),
      ...(eventType !== undefined && { eventType }),
    });
    if (items.length > groupsMax) {
      throw new ProblemError(
        'request_invalid',
        `The answer would have more than ${groupsMax} items: use a larger bucket or a shorter range, or group by less.`,
      );
    }
    return {
      from: (reachedFrom ?? from).toISOString(),
      to: to.toISOString(),
      bucket: by.includes('time') ? bucketSeconds : null,
      isComplete: reachedFrom === undefined,
      items: items.map(present),
    };
  });
}

/** @throws {ProblemError} request_invalid */
function planRange(
  { from: wantedFrom, to: wantedTo, bucket }: Static<typeof query>,
  by: readonly StatKey[],
  nowMs: number,
): { from: Date; to: Date; bucketSeconds: number } {
  const to = wantedTo === undefined ? new Date(nowMs) : new Date(wantedTo);
  const from =
    wantedFrom === undefined ? new Date(to.getTime() - spanMsDefault) : new Date(wantedFrom);
  const spanMs = to.getTime() - from.getTime();
  if (spanMs <= 0 || spanMs > spanMsMax) {
    throw new ProblemError('request_invalid', 'from must be before to, by at most 32 days.');
  }
  const points = (seconds: number): number => spanMs / 1_000 / seconds;
  const bucketSeconds =
    bucket ?? buckets.find(seconds => points(seconds) <= pointsWanted) ?? 86_400;
  if (by.includes('time') && points(bucketSeconds) > pointsMax) {
    throw new ProblemError(
      'request_invalid',
      `bucket: ${bucketSeconds} s would divide this range into more than ${pointsMax} buckets.`,
    );
  }
  return { from, to, bucketSeconds };
}

function present({ atMs, percentilesMs, maxMs, ...facts }: StatRow) {
  const ended = facts.delivered + facts.failed;
  const [p50, p95, p99] = percentilesMs ?? [null, null, null];
  return {
    ...facts,
    ...(atMs !== undefined && { at: new Date(atMs).toISOString() }),
    successRate: ended === 0 ? null : facts.delivered / ended,
    durationMs: { p50, p95, p99, max: maxMs },
  };
}
