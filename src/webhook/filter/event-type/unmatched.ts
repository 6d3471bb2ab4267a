/** Whether a filter can match any event type that is known or was seen, and if not, what may have been meant. */
import { ownCategory } from '../../../event/envelope.ts';
import type { WebhookFilter } from '../../webhook.ts';
import { isMatch } from '../filter-rules.ts';
import { knownTypes } from './known-types.ts';

/** Whether the filter asks for event types of which none is known. */
export const isUnknownType = (filter: WebhookFilter): boolean =>
  filter.type === 'EventType' &&
  filter.mode === 'Include' &&
  !knownTypes.some(({ type }) => isMatch(filter, type));

/**
 * @param seen types of the last events.
 * @returns a sentence for people; undefined when the filter can match.
 */
export function explainUnmatched(
  filter: WebhookFilter,
  categories: readonly string[],
  seen: readonly string[],
): string | undefined {
  const { type, mode, matchType, value } = filter;
  if (type !== 'EventType' || mode !== 'Include') return undefined;
  const matched = knownTypes.filter(known => isMatch(filter, known.type));
  if (matched.length > 0) return explainCategory(value, categories, matched);
  if (seen.some(one => isMatch(filter, one))) return undefined;
  const meant = findClosest(value, [...knownTypes.map(known => known.type), ...seen]);
  const hint = meant === undefined ? '' : ` Did you mean ${meant}?`;
  return `The filter EventType ${matchType} ${value} matches no event type that is known, and none of the last 10,000 events.${hint}`;
}

/** Where all types that match come in categories that the webhook does not get. */
function explainCategory(
  value: string,
  categories: readonly string[],
  matched: readonly { readonly category?: string }[],
): string | undefined {
  const needed = new Set(matched.map(({ category }) => category));
  const isReached = [...needed].some(
    category =>
      category === undefined ||
      categories.includes(category) ||
      // Hookline's own events have to be asked for by name.
      (category !== ownCategory && categories.includes('*')),
  );
  if (isReached) return undefined;
  const names = [...needed].join(' or ');
  return `Events of the type ${value} are in the category ${names}, which is not among the webhook's categories (${categories.join(', ')}).`;
}

/** Maximum number of letters that a misspelt type differs in. */
const distanceMax = 2;

/** The type that is spelt most like this; undefined when none is nearly. */
function findClosest(value: string, types: readonly string[]): string | undefined {
  const wanted = value.toUpperCase();
  let closest: { type: string; distance: number } | undefined;
  for (const type of types) {
    if (Math.abs(type.length - wanted.length) > distanceMax) continue;
    const distance = distanceOf(wanted, type.toUpperCase());
    if (distance <= distanceMax && distance < (closest?.distance ?? Infinity)) {
      closest = { type, distance };
    }
  }
  return closest?.type;
}

/** Number of letters to insert, delete, replace or swap with their neighbour: optimal string alignment. */
function distanceOf(one: string, other: string): number {
  let before: number[] = [];
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const isSame = one[i - 1] === other[j - 1];
      const isSwapped = one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      next[j] = Math.min(
        (row[j] ?? 0) + 1,
        (next[j - 1] ?? 0) + 1,
        (row[j - 1] ?? 0) + (isSame ? 0 : 1),
        isSwapped ? (before[j - 2] ?? Infinity) + 1 : Infinity,
      );
    }
    [before, row] = [row, next];
  }
  return row[other.length] ?? 0;
}
