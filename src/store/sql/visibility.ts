/**
 * Visibility: whose objects a statement may see, as a condition for its `where`. A stranger's object is not found,
 * rather than found and refused, so that no answer reveals whether it exists.
 */
import { sql } from 'kysely';

import type { Fragment } from './condition.ts';

export type Visibility =
  | { readonly kind: 'everything' }
  /** The domain with this path and all below it. @example '/<root>/<child>/' */
  | { readonly kind: 'subtree'; readonly path: string }
  | { readonly kind: 'account'; readonly accountId: string; readonly domainId: string }
  | { readonly kind: 'self'; readonly userId: string };

export const everything: Visibility = { kind: 'everything' };

type Condition = ReturnType<typeof sql<boolean>>;

/** Whether an account is visible. @param column holds its ID; null is visible to `everything` alone. */
export function accountWithin(column: string, visibility: Visibility): Condition {
  switch (visibility.kind) {
    case 'everything':
      return sql`true`;
    case 'subtree':
      return sql`exists (select from account ta join domain td on td.id = ta.domain_id
        where ta.id = ${sql.ref(column)} and starts_with(td.path, ${visibility.path}))`;
    case 'account':
      return sql`${sql.ref(column)} = ${visibility.accountId}`;
    case 'self':
      return sql`false`;
  }
}

/** Whether a domain is visible; an account sees its own domain alone. @param column holds the domain's ID. */
export function domainWithin(column: string, visibility: Visibility): Condition {
  switch (visibility.kind) {
    case 'everything':
      return sql`true`;
    case 'subtree':
      return sql`exists (select from domain td
        where td.id = ${sql.ref(column)} and starts_with(td.path, ${visibility.path}))`;
    case 'account':
      return sql`${sql.ref(column)} = ${visibility.domainId}`;
    case 'self':
      return sql`false`;
  }
}

/**
 * Whether an event is visible: to the account that it concerns, and to the domain of that account or, where there is none,
 * the domain that its message proves. `store/event/tenant.ts` states the rule.
 *
 * @param alias alias of the table `event`.
 */
export function eventWithin(alias: string, visibility: Visibility): Condition {
  switch (visibility.kind) {
    case 'everything':
      return sql`true`;
    case 'subtree':
      return sql`exists (select from domain td
        where td.id = ${domainConcerned(alias)} and starts_with(td.path, ${visibility.path}))`;
    case 'account':
      return sql`${accountConcerned(alias)} = ${visibility.accountId}`;
    case 'self':
      return sql`false`;
  }
}

/**
 * Whether an event is visible, for statements that ask it of very many events. Nearly all name their account by its ID, and a
 * case asks no more than that of them.
 *
 * @param event alias of the table `event`.
 * @returns joins that are to follow the event's, and the condition.
 */
export function manyEventsWithin(
  event: string,
  visibility: Visibility,
): { readonly joins: Fragment; readonly isVisible: Condition } {
  const account = sql.ref(`${event}.account`);
  const isVisible = eventWithin(event, visibility);
  if (visibility.kind === 'account') {
    const isOwn = sql<boolean>`case when ${account} = ${visibility.accountId} then true else ${isVisible} end`;
    return { joins: sql``, isVisible: isOwn };
  }
  if (visibility.kind !== 'subtree') return { joins: sql``, isVisible };
  return {
    joins: sql`left join account named on named.id = ${account}
      left join domain placed on placed.id = named.domain_id`,
    isVisible: sql<boolean>`case when placed.id is not null then starts_with(placed.path, ${visibility.path})
      else ${isVisible} end`,
  };
}

/**
 * Whether a webhook's scope covers an event, as the tables are now. An event that concerns nobody whom the directory knows is
 * Global's. The case has PostgreSQL look up no more than the scope needs.
 *
 * @param event alias of the table `event`. @param webhook alias of the table `webhook`.
 */
export function isEventInScope(event: string, webhook: string): Condition {
  const column = (name: string) => sql.ref(`${webhook}.${name}`);
  return sql`coalesce(case ${column('scope')}
    when 'Global' then true
    when 'Local' then ${accountConcerned(event)} = ${column('account_id')}
    else exists (select from domain td join domain wd on wd.id = ${column('domain_id')}
      where td.id = ${domainConcerned(event)} and starts_with(td.path, wd.path)) end, false)`;
}

function accountConcerned(alias: string) {
  const column = (name: string) => sql.ref(`${alias}.${name}`);
  return sql`coalesce(${accountNamed(column('account'))},
    case when ${column('category')} is not null then ${accountNamed(column('project'))} end,
    ${accountNamed(column('proven_user'))})`;
}

/** The ID of the account with this ID or alias; null when there is none. */
const accountNamed = (name: Fragment) =>
  sql`coalesce((select o.id from account o where o.id = ${name}),
    (select o.id from account o where o.alias = ${name}))`;

const domainConcerned = (alias: string) =>
  sql`coalesce((select ta.domain_id from account ta where ta.id = ${accountConcerned(alias)}),
    ${sql.ref(`${alias}.proven_domain`)})`;

/**
 * Whether a webhook is visible: its owner has to be, and so has its scope, for whoever may change the URL of a Global
 * webhook can have everybody's events sent to themselves.
 *
 * @param alias alias of the table `webhook`.
 */
export function webhookWithin(alias: string, visibility: Visibility): Condition {
  const owned = accountWithin(`${alias}.account_id`, visibility);
  const scope = sql.ref(`${alias}.scope`);
  switch (visibility.kind) {
    case 'everything':
      return owned;
    case 'subtree':
      return sql`(${owned} and ${scope} <> 'Global' and ${domainWithin(`${alias}.domain_id`, visibility)})`;
    case 'account':
    case 'self':
      return sql`(${owned} and ${scope} = 'Local')`;
  }
}

/** Whether a user is visible: as their account is, an Admin to `everything` alone. @param alias alias of `app_user`. */
export function userWithin(alias: string, visibility: Visibility): Condition {
  if (visibility.kind === 'everything') return sql`true`;
  if (visibility.kind === 'self') return sql`${sql.ref(`${alias}.id`)} = ${visibility.userId}`;
  return sql`(${sql.ref(`${alias}.role`)} <> 'Admin'
    and ${accountWithin(`${alias}.account_id`, visibility)})`;
}
