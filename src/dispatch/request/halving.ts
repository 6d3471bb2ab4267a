/**
 * What a receiver refuses of a batch may be one event of it, or its size. Halves are sent until the guilty event is alone, which
 * costs the others no try.
 */
import type { Delivery } from '../delivery.ts';

/**
 * Statuses that say nothing of an event: the credentials, the method, the path's or the host's end, the number of requests, or
 * the connection are at fault, and each half would be answered likewise.
 */
const regardless: ReadonlySet<number> = new Set([
  401, 405, 407, 408, 410, 411, 414, 417, 421, 425, 426, 428, 429, 431,
]);

/**
 * The halves in which a refused batch is sent again, in order; undefined where it is not: then its outcome is that of each of its
 * deliveries. It is halved at once after 413, which no repetition would change, and after another answer 4xx where it
 * was the last try of any of them.
 *
 * @param status the receiver's, which is no success.
 * @param tries attempts allowed in all.
 */
export function halvesOf(
  deliveries: readonly Delivery[],
  status: number | undefined,
  tries: number,
): readonly (readonly Delivery[])[] | undefined {
  if (deliveries.length < 2 || status === undefined) return undefined;
  if (status < 400 || status > 499 || regardless.has(status)) return undefined;
  if (status !== 413 && deliveries.every(({ tries: made }) => made + 1 < tries)) return undefined;
  const middle = Math.ceil(deliveries.length / 2);
  return [deliveries.slice(0, middle), deliveries.slice(middle)];
}
