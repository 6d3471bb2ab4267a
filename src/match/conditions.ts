/**
 * A webhook's conditions on an event beside its scope: categories, then filters.
 *
 * Any Exclude that matches wins. Where there are Includes of a type, one of them must match; where there are Includes
 * of several types, that holds for each: `Entity Volume` and `Status Failed` together mean volumes' failures. With
 * filters on the event type alone this is CloudStack's rule.
 *
 * Source: apache/cloudstack, WebhookServiceImpl.getDeliveryJobs and its filter evaluation (4.23); the categories are
 * Hookline's (contract 1.5), and so are filters on anything but the event type (decision 66).
 */
import { ownCategory } from '../event/envelope.ts';
import { filterTypes } from '../webhook/words.ts';
import type { Webhook, WebhookFilter } from '../webhook/webhook.ts';
import type { FilterType } from '../webhook/words.ts';
import { compileExpression } from '../expression/expression.ts';
import type { Expression } from '../expression/expression.ts';
import type { Subject } from './subject.ts';

/** A webhook's conditions, compiled for being evaluated on every event. */
export interface WebhookConditions {
  /** The categories that match; absent when all of CloudStack's do. */
  readonly categories?: ReadonlySet<string>;
  /** Whether Hookline's own events match, which have to be asked for by name. */
  readonly wantsOwn: boolean;
  /** Filters on the event type, which nearly all are. */
  readonly excludes: readonly TypeFilter[];
  readonly includes: readonly TypeFilter[];
  /** Filters on anything else; absent when there are none. */
  readonly others?: OtherFilters;
}

interface TypeFilter {
  readonly filter: WebhookFilter;
  readonly matches: (event: string) => boolean;
}

interface OtherFilters {
  readonly excludes: readonly OtherFilter[];
  /** The Include filters, grouped by type. */
  readonly includes: readonly { type: FilterType; filters: readonly OtherFilter[] }[];
}

interface OtherFilter {
  readonly filter: WebhookFilter;
  readonly matches: (subject: Subject) => boolean;
  /** Why an expression has no answer for this event, which counts as no match; absent for other filters. */
  readonly faultIn?: (subject: Subject) => string | undefined;
}

/**
 * The reason why an event does not match: its category, the Exclude that matched, or the type whose Includes all
 * failed.
 */
export type Mismatch = 'category' | WebhookFilter | FilterType;

/** The conditions of a new webhook, shared by all that still have them, which are most. */
const defaults: WebhookConditions = {
  categories: new Set(['ActionEvent']),
  wantsOwn: false,
  excludes: [],
  includes: [],
};

/** @param webhook without an owner, its expressions are charged to nobody in particular. */
export function compileConditions({
  categories,
  filters,
  accountId = '',
}: Pick<Webhook, 'categories' | 'filters'> &
  Partial<Pick<Webhook, 'accountId'>>): WebhookConditions {
  if (filters.length === 0 && categories.length === 1 && categories[0] === 'ActionEvent') {
    return defaults;
  }
  const onType = filters.filter(({ type = 'EventType' }) => type === 'EventType');
  return {
    categories: categories.includes('*') ? undefined : new Set(categories),
    wantsOwn: categories.includes(ownCategory),
    excludes: ofMode(onType, 'Exclude').map(compileTypeFilter),
    includes: ofMode(onType, 'Include').map(compileTypeFilter),
    others: onType.length < filters.length ? compileOthers(filters, accountId) : undefined,
  };
}

/**
 * Finds the reason why the event does not match; undefined when it does. An event without a category passes the
 * categories; one without a fact passes Excludes on that fact, and matches no Include.
 */
export function mismatchOf(conditions: WebhookConditions, subject: Subject): Mismatch | undefined {
  const { categories, wantsOwn, excludes, includes, others } = conditions;
  const { category, event } = subject.envelope;
  if (category === ownCategory ? !wantsOwn : category && categories?.has(category) === false) {
    return 'category';
  }
  for (const { matches, filter } of excludes) if (matches(event)) return filter;
  if (includes.length > 0 && !includes.some(({ matches }) => matches(event))) return 'EventType';
  return others && mismatchByOthers(others, subject);
}

function mismatchByOthers({ excludes, includes }: OtherFilters, subject: Subject) {
  for (const { matches, filter } of excludes) if (matches(subject)) return filter;
  return includes.find(({ filters }) => !filters.some(({ matches }) => matches(subject)))?.type;
}

/** Lists every expression that has no answer for this event, and why. */
export function unansweredIn({ others }: WebhookConditions, subject: Subject) {
  if (!others) return [];
  const all = [...others.excludes, ...others.includes.flatMap(({ filters }) => filters)];
  return all.flatMap(({ filter, faultIn }) => {
    const fault = faultIn?.(subject);
    return fault === undefined ? [] : [{ filter, fault }];
  });
}

const ofMode = (filters: readonly WebhookFilter[], mode: WebhookFilter['mode']) =>
  filters.filter(filter => filter.mode === mode);

function compileTypeFilter(filter: WebhookFilter): TypeFilter {
  return { filter, matches: comparison(filter) };
}

function compileOthers(filters: readonly WebhookFilter[], accountId: string): OtherFilters {
  const ofType = (mode: WebhookFilter['mode'], type: FilterType): readonly OtherFilter[] =>
    ofMode(filters, mode)
      .filter(filter => filter.type === type)
      .map(filter => compileOther(filter, type, accountId));
  const types = filterTypes.filter(type => type !== 'EventType');
  return {
    excludes: types.flatMap(type => ofType('Exclude', type)),
    includes: types
      .map(type => ({ type, filters: ofType('Include', type) }))
      .filter(({ filters: some }) => some.length > 0),
  };
}

function compileOther(filter: WebhookFilter, type: FilterType, accountId: string): OtherFilter {
  if (type === 'Expression') return { filter, ...asking(filter.value, accountId) };
  const isMatch = comparison(filter);
  const fact = facts[type];
  return {
    filter,
    matches(subject) {
      const found = fact(subject);
      return found !== undefined && isMatch(found);
    },
  };
}

/** The fact that a filter of each type compares; undefined where the event does not have it. */
export const facts: Readonly<
  Record<Exclude<FilterType, 'Expression'>, (subject: Subject) => string | undefined>
> = {
  EventType: ({ envelope }) => envelope.event,
  Entity: ({ envelope }) => envelope.entity,
  EntityUuid: ({ envelope }) => envelope.entityuuid,
  Status: ({ envelope }) => envelope.status,
  Account: ({ envelope }) => envelope.account,
  Source: ({ envelope }) => envelope.source,
  Severity: ({ severity }) => severity,
};

/**
 * Compiles an expression when it is first evaluated: an index of a hundred thousand webhooks is built again and again.
 */
function asking(
  text: string,
  accountId: string,
): Required<Pick<OtherFilter, 'matches' | 'faultIn'>> {
  let expression: Expression | undefined;
  const ask = (subject: Subject): boolean | string => {
    expression ??= expressionOf(text);
    const { allowance } = subject;
    const answer = expression.holds(name => subject.fact(name), allowance.leftFor(accountId));
    allowance.spend(accountId, expression.spent());
    return answer;
  };
  return {
    matches: subject => ask(subject) === true,
    faultIn(subject) {
      const answer = ask(subject);
      return typeof answer === 'string' ? answer : undefined;
    },
  };
}

/**
 * Compiles an expression. The API refuses invalid ones; one that came into the table another way matches nothing and
 * says why.
 */
function expressionOf(text: string): Expression {
  const compiled = compileExpression(text);
  if ('holds' in compiled) return compiled;
  const { fault, line, column } = compiled;
  const answer = `it is no expression: line ${line}, column ${column}: ${fault}`;
  return { holds: () => answer, spent: () => 0 };
}

function comparison({ matchType, value }: WebhookFilter): (fact: string) => boolean {
  switch (matchType) {
    case 'Exact':
      return fact => fact === value;
    case 'Prefix':
      return fact => fact.startsWith(value);
    case 'Suffix':
      return fact => fact.endsWith(value);
    case 'Contains':
      return fact => fact.includes(value);
    default:
      throw new RangeError(`unknown match type ${String(matchType satisfies never)}`);
  }
}
