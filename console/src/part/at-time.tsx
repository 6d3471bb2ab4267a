/** An instant in the viewer's time zone, with the exact UTC beside it. */
import type { VNode } from 'vue';

const local = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

export function AtTime({ at }: { readonly at: string }): VNode {
  const date = new Date(at);
  return (
    <time class="at" datetime={date.toISOString()}>
      {local.format(date)}
      <span class="at-utc">{inUtc(date)}</span>
    </time>
  );
}

/** @example inUtc(new Date(0)) // '1970-01-01 00:00:00.000 UTC' */
export const inUtc = (date: Date): string =>
  `${date.toISOString().replace('T', ' ').replace('Z', '')} UTC`;
