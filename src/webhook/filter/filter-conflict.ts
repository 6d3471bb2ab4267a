/**
 * Finds the filter that a new one repeats or contradicts; pure.
 *
 * Values are compared in upper case here, although matching itself is case-sensitive, and the order matters: a
 * narrower filter may be added after a wider opposite one only in the other order. Both are CloudStack's way. Filters of
 * two types never conflict, nor do expressions unless they are the same.
 *
 * Source: reference "CloudStack" section 1.4, the conflict check of addWebhookFilter.
 */
import type { WebhookFilter } from '../webhook.ts';

/** The first of `existing` that the new filter cannot stand beside, or undefined. */
export function findConflict<T extends WebhookFilter>(
  existing: readonly T[],
  added: WebhookFilter,
): T | undefined {
  const ofType = existing.filter(({ type = 'EventType' }) => type === (added.type ?? 'EventType'));
  if (added.type === 'Expression') return ofType.find(({ value }) => value === added.value);
  return ofType.find(filter => isSame(filter, added) || contradicts(filter, added));
}

function isSame(filter: WebhookFilter, added: WebhookFilter): boolean {
  return (
    filter.mode === added.mode &&
    filter.matchType === added.matchType &&
    filter.value.toUpperCase() === added.value.toUpperCase()
  );
}

/** Whether the other filter has the opposite mode and matches all that the new one matches, which would then be void. */
function contradicts(filter: WebhookFilter, added: WebhookFilter): boolean {
  if (filter.mode === added.mode) return false;
  const wide = filter.value.toUpperCase();
  const narrow = added.value.toUpperCase();
  const exact = added.matchType === 'Exact';
  const covered = {
    Exact: exact && narrow === wide,
    Prefix: (exact || added.matchType === 'Prefix') && narrow.startsWith(wide),
    Suffix: (exact || added.matchType === 'Suffix') && narrow.endsWith(wide),
    Contains: narrow.includes(wide),
  };
  return covered[filter.matchType];
}
