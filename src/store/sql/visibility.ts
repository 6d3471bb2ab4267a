/**
 * Whose objects a statement may see, as a condition for its `where`: a stranger's object is not found, rather than
 * found and refused, so that nothing tells whether it is there.
 */
import { sql } from 'kysely';

export type Visibility =
  | { readonly kind: 'everything' }
  /** The domain with this path and all below it. @example '/<root>/<child>/' */
  | { readonly kind: 'subtree'; readonly path: string }
  | { readonly kind: 'account'; readonly accountId: string; readonly domainId: string }
  | { readonly kind: 'self'; readonly userId: string };

export const everything: Visibility = { kind: 'everything' };

type Condition = ReturnType<typeof sql<boolean>>;

/** @param column of an account's id; null lies in nobody's visibility but `everything`. */
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

/** @param column of a domain's id. Of an account the visibility has its own domain alone, to look at. */
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
 * An event lies where the account does that it belongs to: the one it names, by id or alias, else, of CloudStack's
 * events, the project it names. Matching goes by the same rule (`match/match-index.ts`).
 *
 * @param alias of the table `event`.
 */
export function eventWithin(alias: string, visibility: Visibility): Condition {
  const column = (name: string) => sql.ref(`${alias}.${name}`);
  const owner = sql`coalesce((select o.id from account o where o.id = ${column('account')}),
    (select o.id from account o where o.alias = ${column('account')}),
    case when ${column('category')} is not null then ${column('project')} end)`;
  switch (visibility.kind) {
    case 'everything':
      return sql`true`;
    case 'subtree':
      return sql`exists (select from account ta join domain td on td.id = ta.domain_id
        where ta.id = ${owner} and starts_with(td.path, ${visibility.path}))`;
    case 'account':
      return sql`${owner} = ${visibility.accountId}`;
    case 'self':
      return sql`false`;
  }
}

/**
 * A webhook lies where its owner does, and only if its scope lies there too: who may change the URL of a Global webhook
 * has everybody's events sent to themselves, whoever owns it.
 *
 * @param alias of the table `webhook`.
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

/** Users lie where their account does; an Admin in nobody's but `everything`. @param alias of `app_user`. */
export function userWithin(alias: string, visibility: Visibility): Condition {
  if (visibility.kind === 'everything') return sql`true`;
  if (visibility.kind === 'self') return sql`${sql.ref(`${alias}.id`)} = ${visibility.userId}`;
  return sql`(${sql.ref(`${alias}.role`)} <> 'Admin'
    and ${accountWithin(`${alias}.account_id`, visibility)})`;
}
