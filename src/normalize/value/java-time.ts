/**
 * Times as CloudStack's Java writes them.
 *
 * Source: apache/cloudstack, ActionEventUtils.publishOnEventBus: `SimpleDateFormat("yyyy-MM-dd HH:mm:ss Z")` in the
 * server's zone, such as `2024-07-10 13:35:07 +0530`; its API writes a `T` for the space.
 */

const TIME =
  /^(\d{4}-(?:0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01]))[ T]((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(\d{1,3})\d*)? ?(?:Z|([+-])(\d\d):?([0-5]\d))$/;
/** Every month has this day. */
const surestDay = '28';
/** Java's widest offset, `ZoneOffset.MAX`. */
const zoneMinutesMax = 18 * 60;

/**
 * The same instant as RFC 3339 in UTC with milliseconds, or undefined when the text names none: another form, no
 * zone, a day that does not exist, or a year outside 1 to 9999. RFC 3339's own forms are read too.
 *
 * @example toRfc3339('2024-07-10 13:35:07 +0530') // '2024-07-10T08:05:07.000Z'
 */
export function toRfc3339(text: string): string | undefined {
  const match = TIME.exec(text);
  if (match === null) return undefined;
  const [, date, day = '', time, fraction = '', sign, zoneHours = 0, zoneMinutes = 0] = match;
  const local = `${date}T${time}.${fraction.padEnd(3, '0')}Z`;
  if (day > surestDay && !isOnCalendar(local)) return undefined;
  const aheadMinutes = Number(zoneHours) * 60 + Number(zoneMinutes);
  if (aheadMinutes > zoneMinutesMax) return undefined;
  const utc =
    aheadMinutes === 0 ? local : shifted(local, sign === '-' ? aheadMinutes : -aheadMinutes);
  return /^(?!0000)\d{4}-/.test(utc) ? utc : undefined;
}

/** Date.parse moves 30 February to March; what was read must come out again. */
const isOnCalendar = (instant: string): boolean =>
  new Date(Date.parse(instant)).toISOString() === instant;

function shifted(instant: string, minutes: number): string {
  return new Date(Date.parse(instant) + minutes * 60_000).toISOString();
}
