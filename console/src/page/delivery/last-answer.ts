/** What the receiver of a delivery said last, in a few words. */
import type { Delivery } from '../../client/api.ts';
import { text } from '../../text/en.ts';

export function lastAnswer({ attempts }: Delivery): string {
  const last = attempts.at(-1);
  if (!last) return text.deliveries.notTried;
  return last.status === undefined
    ? (last.error ?? text.deliveries.noAnswer)
    : text.deliveries.answered(last.status, last.durationMs);
}
