/**
 * Instants in parameters; pure.
 *
 * Source: apache/cloudstack, DateUtil.parseTZDateString, ParamProcessWorker (CommandType.DATE).
 */

const zoned = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?)(?:Z|Z?([+-]\d{2}):?(\d{2}))$/;

/** `2026-11-22T10:00:00+0000`, with `Z`, `+05:30` or a fraction as well. */
export function parseZoned(text: string): Date | undefined {
  const [, local, hours, minutes] = zoned.exec(text) ?? [];
  if (local === undefined) return undefined;
  return toDate(`${local}${hours === undefined ? 'Z' : `${hours}:${minutes}`}`);
}

/**
 * `2026-11-22`, `2026-11-22 10:00:00` in UTC, or an instant with its zone.
 *
 * @param isEnd a day alone means its last second, instead of its first.
 */
export function parseDate(text: string, isEnd: boolean): Date | undefined {
  const [, day, time = isEnd ? '23:59:59' : '00:00:00'] =
    /^(\d{4}-\d{2}-\d{2})(?: (\d{2}:\d{2}:\d{2}))?$/.exec(text) ?? [];
  return day === undefined ? parseZoned(text) : toDate(`${day}T${time}Z`);
}

/** Undefined for a day that its month does not have, and for what was before 1970. */
function toDate(rfc3339: string): Date | undefined {
  const [day = '', time] = rfc3339.split('T');
  const [date, midnight] = [new Date(rfc3339), new Date(`${day}T00:00:00Z`)];
  if (time === undefined || Number.isNaN(date.getTime()) || date.getTime() < 0) return undefined;
  return midnight.toISOString().startsWith(day) ? date : undefined;
}
