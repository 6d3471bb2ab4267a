/**
 * The severity of an event, for people and for filters, whichever cloud it came from.
 *
 * The cloud's own word (`details.severity`) counts most, unless the trouble is over; then how the action ended; then
 * the kind of event. An event that no rule knows is `info`.
 *
 * Source: apache/cloudstack ActionEventUtils (an action that failed is `Completed`, and its description begins "Error
 * while"); openstack/monasca-common AlarmSeverity and AlarmState; prometheus.io/docs/alerting (labels, `resolved`); RFC
 * 5424 section 6.2.1 and the severity extension of CloudEvents for the further words.
 */
import type { Envelope } from './envelope.ts';

export const severities = ['info', 'warning', 'error', 'critical'] as const;
export type Severity = (typeof severities)[number];

/** @example severityOf({ event: 'VM.START', status: 'Failed' }) // 'error' */
export function severityOf(envelope: Envelope): Severity {
  if (isOver(envelope)) return 'info';
  const own = severityWord(envelope.details?.['severity']);
  if (own !== undefined) return own;
  const status = envelope.status?.toLowerCase() ?? '';
  const byStatus = byStatusWord.get(status);
  if (byStatus !== undefined) return byStatus;
  if (hasFailed(envelope)) return 'error';
  return envelope.category === 'AlertEvent' ? 'warning' : 'info';
}

/** Whether an action did not do what it was asked to. */
export function hasFailed({ status = '', description = '' }: Envelope): boolean {
  return failures.has(status.toLowerCase()) || ERROR_WHILE.test(description);
}

/**
 * Whether the event tells of a good end: an action is done, an alarm is off. Only such an event resolves what an
 * earlier one opened.
 */
export function isOver(envelope: Envelope): boolean {
  return endings.has(envelope.status?.toLowerCase() ?? '') && !hasFailed(envelope);
}

/** Whether the event tells of an alarm that is not off, however severe. */
export function isAlarm({ status = '' }: Envelope): boolean {
  return byStatusWord.has(status.toLowerCase());
}

const ERROR_WHILE = /^Error while /;
const failures: ReadonlySet<string> = new Set(['failed', 'failure', 'error']);
const endings: ReadonlySet<string> = new Set([
  'completed',
  'succeeded',
  'success',
  'ok',
  'resolved',
]);
/** States of alarms that come without a severity of their own. */
const byStatusWord: ReadonlyMap<string, Severity> = new Map([
  ['alarm', 'error'],
  ['firing', 'error'],
  ['undetermined', 'warning'],
  ['critical', 'critical'],
  ['warning', 'warning'],
]);

const words: ReadonlyMap<string, Severity> = new Map(
  (
    [
      ['info', ['info', 'information', 'informational', 'notice', 'none', 'debug', 'trace', 'low']],
      ['warning', ['warning', 'warn', 'minor', 'medium']],
      ['error', ['error', 'err', 'major', 'high']],
      [
        'critical',
        ['critical', 'crit', 'alert', 'emergency', 'emerg', 'fatal', 'page', 'disaster'],
      ],
    ] as const
  ).flatMap(([severity, spellings]) => spellings.map(word => [word, severity] as const)),
);

function severityWord(value: unknown): Severity | undefined {
  return typeof value === 'string' ? words.get(value.toLowerCase()) : undefined;
}
