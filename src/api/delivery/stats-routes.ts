/** How deliveries went, for charts: counts, success rate and percentiles. */
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
/** As long as days are kept by default, and a day. */
const spanMsMax = 32 * 24 * HOUR_MS;
/** Deliveries looked at: a second or two of the database's time. */
const rowsMax = 500_000;
const groupsMax = 5_000;
/** Seconds, for a chart of some two hundred points. */
const buckets = [60, 300, 900, 3_600, 21_600, 86_400] as const;
const pointsWanted = 200;
const pointsMax = 2_000;

const list = statKeys.join('|');

const count = whole();
const ms = nullable(whole());

const stats = Type.Object(
  {
    from: instant({ description: 'How far back the numbers reach.' }),
    to: instant(),
    bucket: nullable(whole({ description: 'Seconds; null when not by time.' })),
    isComplete: flag(),
    items: arrayOf(
      Type.Object({
        webhookId: Type.Optional(uuid()),
        eventType: Type.Optional(text()),
        at: Type.Optional(instant({ description: 'Where the bucket begins.' })),
        deliveries: count,
        delivered: count,
        failed: count,
        pending: whole({ description: 'Waiting, or being made.' }),
        cancelled: count,
        attempts: count,
        successRate: nullable(
          real({
            description: 'Delivered of delivered and failed, 0 to 1; null when there are neither.',
          }),
        ),
        durationMs: Type.Object(
          { p50: ms, p95: ms, p99: ms, max: ms },
          { description: 'Of attempts, milliseconds; null without any.' },
        ),
      }),
    ),
  },
  { $id: 'Stats' },
);

const query = closed({
  from: Type.Optional(instant({ description: 'A day before `to` when absent; 32 days at most.' })),
  to: Type.Optional(instant({ description: 'Now when absent.' })),
  by: Type.Optional(
    text({
      pattern: `^(${list})(,(${list}))*$`,
      description: 'What to divide by, separated by commas; the whole in one item when absent.',
      example: 'webhook,time',
    }),
  ),
  bucket: Type.Optional(
    whole({
      minimum: 60,
      maximum: 86_400,
      description: 'With `time`: how much of it makes one item, in seconds.',
    }),
  ),
  webhookId: Type.Optional(uuid()),
  eventType: Type.Optional(text({ maxLength: 255, example: 'VM.START' })),
});

const schema = {
  summary: 'Count deliveries and measure attempts',
  description:
    'Of deliveries whose event was recorded in the range, of the webhooks you may see. At most the newest 500,000 of them are looked at; when there are more, `isComplete` is false and `from` says how far back the numbers reach.',
  tags: ['stats'],
  querystring: query,
  response: { 200: answer(stats, 'The numbers.'), ...problems },
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
        `These are more than ${groupsMax} items: take a larger bucket, a shorter range, or divide by less.`,
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
    throw new ProblemError('request_invalid', 'from must lie before to, by 32 days at most.');
  }
  const points = (seconds: number): number => spanMs / 1_000 / seconds;
  const bucketSeconds =
    bucket ?? buckets.find(seconds => points(seconds) <= pointsWanted) ?? 86_400;
  if (by.includes('time') && points(bucketSeconds) > pointsMax) {
    throw new ProblemError(
      'request_invalid',
      `bucket: ${bucketSeconds} s divide this range into more than ${pointsMax} points.`,
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
