/** The catalogue of event types: those that are known, and those of the newest events. */
import { Type } from 'typebox';
import type { Static } from 'typebox';

import { count, flag, instant, nullable, oneOf, text } from '../../event/schema.ts';
import { categories, ownCategory } from '../../event/envelope.ts';
import { databaseOf } from '../../store/database.ts';
import { countEventTypes } from '../../store/event/event-type.ts';
import type { SeenType } from '../../store/event/event-type.ts';
import { compareTypes, knownTypes, origins } from '../../webhook/filter/event-type/known-types.ts';
import { callerOf } from '../http/authenticate.ts';
import type { ApiOptions, RouteGroup } from '../context.ts';
import { listPage, textKey } from '../http/page.ts';
import { closed, listAnswer, pageQuery, problems } from '../http/schema.ts';
import type { Routes } from '../http/schema.ts';

const eventType = Type.Object(
  {
    type: text({ description: 'The type, as its cloud spells it.', example: 'VM.START' }),
    origin: nullable(
      oneOf(origins, {
        description: 'Who sends it; null for a type that is not known and was seen all the same.',
      }),
    ),
    category: nullable(
      oneOf([...categories, ownCategory], {
        description:
          'The category that a webhook must have in `categories` to get its events; null where the default will do.',
      }),
    ),
    count: count({
      description: 'Number of its events that you may see, among the last 10,000 of all.',
    }),
    lastSeenAt: nullable(instant({ description: 'When the newest of them was recorded.' })),
  },
  { $id: 'EventType', description: 'A type of events.' },
);

const query = closed({
  ...pageQuery,
  contains: Type.Optional(
    text({
      maxLength: 255,
      description: 'Only types that contain this text, in whatever case.',
    }),
  ),
  origin: Type.Optional(oneOf(origins, { description: 'Only types that it sends.' })),
  seen: Type.Optional(
    flag({ description: 'Only types with events among the last 10,000, or only those without.' }),
  ),
});

const schema = {
  operationId: 'listEventTypes',
  summary: 'List the types of events, by name',
  description:
    'What `value` of a filter of type `EventType` may be. Types of CloudStack, OpenStack, object stores and Hookline itself are known; types of other clouds are listed once their events come.',
  tags: ['events'],
  querystring: query,
  response: { 200: listAnswer(eventType, 'Event types.'), ...problems },
};

export const eventTypeRoutes: RouteGroup = {
  schemas: [eventType],
  register: registerEventTypeRoutes,
};

type EventType = Static<typeof eventType>;

function registerEventTypeRoutes(app: Routes, { store }: ApiOptions): void {
  app.get('/v1/event-types', { schema }, async request => {
    const seen = await countEventTypes(databaseOf(store), callerOf(request).visibility);
    const wanted = catalogue(seen).filter(selects(request.query));
    const key = { shape: textKey, of: ({ type }: EventType) => type };
    return listPage(request.query, key, async ({ cursor = '', limit }) =>
      wanted.filter(({ type }) => compareTypes(type, cursor) > 0).slice(0, limit),
    );
  });
}

/** Known types and seen ones, each once. */
function catalogue(seen: readonly SeenType[]): readonly EventType[] {
  const types = new Map<string, EventType>(
    knownTypes.map(({ type, origin, category = null }) => [
      type,
      { type, origin, category, count: 0, lastSeenAt: null },
    ]),
  );
  for (const { type, ...facts } of seen) {
    const known = types.get(type) ?? { type, origin: null, category: null };
    types.set(type, { ...known, ...facts });
  }
  return [...types.values()].toSorted((one, other) => compareTypes(one.type, other.type));
}

function selects({ contains, origin, seen }: Static<typeof query>) {
  const part = contains?.toLowerCase() ?? '';
  return (item: EventType): boolean =>
    item.type.toLowerCase().includes(part) &&
    (origin === undefined || item.origin === origin) &&
    (seen === undefined || item.count > 0 === seen);
}
