/** Events: list, find. Lists run newest first along the primary key; see `sql/keyset.ts`. */
import { expressionBuilder, sql, type RawBuilder } from 'kysely';

import type { Database } from '../database.ts';
import type { Row, Tables } from '../schema/tables.ts';
import { conditions } from '../sql/condition.ts';
import { isOneOf } from '../sql/row-ids.ts';
import { readKeysetPage } from '../sql/keyset.ts';
import type { Page, KeysetQuery } from '../sql/keyset.ts';
import { eventWithin, webhookWithin } from '../sql/visibility.ts';
import type { Visibility } from '../sql/visibility.ts';
import { provenNames } from '../../event/event.ts';
import type { Envelope } from '../../event/envelope.ts';
import { envelopeColumns, toEnvelope, type EnvelopeRow, type ProvenRow } from './envelope.ts';

export interface EventQuery extends KeysetQuery {
  readonly source?: string;
  readonly eventType?: string;
  readonly entityUuid?: string;
  readonly account?: string;
}

export interface EventRow extends EnvelopeRow, ProvenRow {
  readonly id: string;
  /** The configured name of the source that the event came by. */
  readonly sourceName: string;
  readonly owed: readonly string[];
}

/** The event's envelope, without what else the row says of it. */
export function envelopeOf(row: EventRow): Envelope {
  const { id: _id, sourceName: _source, owed: _owed, ...facts } = row;
  const { provenDomain: _domain, provenUser: _user, ...envelope } = facts;
  return toEnvelope(envelope);
}

export async function listEvents(
  database: Database,
  visibility: Visibility,
  query: EventQuery,
): Promise<Page<EventRow>> {
  const eb = expressionBuilder<{ e: Tables['event'] }, 'e'>();
  const wanted = conditions([
    visibility.kind === 'everything' ? undefined : eventWithin('e', visibility),
    query.source === undefined ? undefined : eb('e.source', '=', query.source),
    query.eventType === undefined ? undefined : eb('e.event', '=', query.eventType),
    query.entityUuid === undefined ? undefined : eb('e.entityuuid', '=', query.entityUuid),
    query.account === undefined ? undefined : eb('e.account', '=', query.account),
  ]);
  const list = { table: 'event', alias: 'e', wanted } as const;
  return readKeysetPage(database, query, list, rows => selectEvents(database, visibility, rows));
}

export async function findEvent(
  database: Database,
  id: string,
  visibility: Visibility,
): Promise<(EventRow & { readonly body: string }) | undefined> {
  return selectEvents(database, visibility)
    .select('e.body')
    .where('e.id', '=', id)
    .where(eventWithin('e', visibility))
    .executeTakeFirst();
}

function selectEvents(
  database: Database,
  visibility: Visibility,
  rows: RawBuilder<Row<'event'>> = sql.table('event'),
) {
  const facts = sql<EnvelopeRow>`(select ${envelopeColumns('e')})`;
  return database
    .selectFrom(rows.as('e'))
    .crossJoinLateral(facts.as('facts'))
    .selectAll('facts')
    .select(['e.id', 'e.source as sourceName', ...provenNames.map(fact => `e.${fact}` as const)])
    .select(owedWithin(visibility).as('owed'));
}

/** The recipients that are visible; a deleted webhook is visible to `everything` alone. */
const owedWithin = (visibility: Visibility): RawBuilder<readonly string[]> =>
  visibility.kind === 'everything'
    ? sql`e.owed`
    : sql`array(select w.id from webhook w where w.id = any(e.owed) and ${webhookWithin('w', visibility)})`;

/** Finds which of these events are recorded. */
export async function findEventIds(
  database: Database,
  ids: readonly string[],
): Promise<readonly string[]> {
  const rows = await database
    .selectFrom('event')
    .select('id')
    .where(isOneOf('id', ids))
    .orderBy('id')
    .execute();
  return rows.map(({ id }) => id);
}
