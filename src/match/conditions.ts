/**
 * What a webhook asks of an event apart from its scope: categories, then filters on the event type.
 *
 * Source: apache/cloudstack, WebhookServiceImpl.getDeliveryJobs and its filter evaluation (4.23); the categories are
 * Hookline's (contract 1.5).
 */
import type { Envelope } from '../event/event.ts';
import type { Webhook, WebhookFilter } from '../event/webhook.ts';

/** A webhook's conditions in the form that is asked for every event. */
export interface Conditions {
  /** Absent when every category is welcome. */
  readonly categories?: ReadonlySet<string>;
  readonly excludes: readonly CompiledFilter[];
  readonly includes: readonly CompiledFilter[];
}

interface CompiledFilter {
  readonly filter: WebhookFilter;
  readonly matches: (event: string) => boolean;
}

/** Why an event is not wanted: its category, the Exclude filter that matched, or no Include filter that did. */
export type Refusal = 'category' | 'noInclude' | WebhookFilter;

/** Most webhooks have the defaults, and share this. */
const defaults: Conditions = {
  categories: new Set(['ActionEvent']),
  excludes: [],
  includes: [],
};

export function compileConditions({ categories, filters }: Webhook): Conditions {
  if (filters.length === 0 && categories.length === 1 && categories[0] === 'ActionEvent') {
    return defaults;
  }
  return {
    ...(!categories.includes('*') && { categories: new Set(categories) }),
    excludes: filters.filter(({ mode }) => mode === 'Exclude').map(compileFilter),
    includes: filters.filter(({ mode }) => mode === 'Include').map(compileFilter),
  };
}

/**
 * Why these conditions refuse the event; undefined when they do not.
 *
 * An event without a category passes the categories. Any Exclude that matches wins over every Include; where there are
 * Includes, one must match. All comparisons are case-sensitive.
 */
export function refusalOf(conditions: Conditions, envelope: Envelope): Refusal | undefined {
  const { categories, excludes, includes } = conditions;
  const { category, event } = envelope;
  if (category !== undefined && categories?.has(category) === false) return 'category';
  for (const { matches, filter } of excludes) if (matches(event)) return filter;
  if (includes.length === 0 || includes.some(({ matches }) => matches(event))) return undefined;
  return 'noInclude';
}

function compileFilter(filter: WebhookFilter): CompiledFilter {
  return { filter, matches: comparison(filter) };
}

function comparison({ matchType, value }: WebhookFilter): (event: string) => boolean {
  switch (matchType) {
    case 'Exact':
      return event => event === value;
    case 'Prefix':
      return event => event.startsWith(value);
    case 'Suffix':
      return event => event.endsWith(value);
    case 'Contains':
      return event => event.includes(value);
    default:
      throw new RangeError(`unknown match type ${String(matchType satisfies never)}`);
  }
}
