/** Events: list and show. */
import { Type } from 'typebox';
import type { TOptional, TSchema, TUnsafe } from 'typebox';

import { anyObject, arrayOf, uuid, instant, text } from '../../event/schema.ts';
import type { SchemaOptions } from '../../event/schema.ts';
import { envelopeFacts, factNames, mapFacts } from '../../event/envelope.ts';
import type { Envelope, FactDefinition, FactName } from '../../event/envelope.ts';
import { provenFacts } from '../../event/event.ts';
import type { ProvenFact } from '../../event/event.ts';
import { timeOf } from '../../event/id.ts';
import { toEnvelope, toProven } from '../../store/event/envelope.ts';
import { databaseOf } from '../../store/database.ts';
import { findEvent, listEvents } from '../../store/event/event.ts';
import type { EventRow } from '../../store/event/event.ts';
import { callerOf } from '../http/authenticate.ts';
import type { ApiOptions, RouteGroup } from '../context.ts';
import { scanPage } from '../http/page.ts';
import { ProblemError } from '../http/problem.ts';
import { answer, closed, idParams, listAnswer, pageQuery, problems } from '../http/schema.ts';
import type { Routes } from '../http/schema.ts';

const phrase = (doc: string): string => `${doc.charAt(0).toUpperCase()}${doc.slice(1)}.`;

const provenField = (fact: ProvenFact) =>
  Type.Optional(text({ description: phrase(provenFacts[fact].doc) }));
const provenFields = {
  provenDomain: provenField('provenDomain'),
  provenUser: provenField('provenUser'),
} satisfies Record<ProvenFact, unknown>;

type FactSchemas = {
  readonly [Fact in Exclude<FactName, 'event'>]: TOptional<TUnsafe<NonNullable<Envelope[Fact]>>>;
} & { readonly event: TUnsafe<string> };

/** The facts of the envelope, for events that are shown and events that are posted. */
export const envelopeFields = describeFacts();

function describeFacts(): FactSchemas;
function describeFacts(): object {
  return mapFacts(factNames, fact => {
    const { kind, doc, example }: FactDefinition = envelopeFacts[fact];
    const schema = schemaOfKind(kind, {
      description: phrase(doc),
      ...(example !== undefined && { example }),
    });
    return fact === 'event' ? schema : Type.Optional(schema);
  });
}

function schemaOfKind(kind: FactDefinition['kind'], options: SchemaOptions): TSchema {
  switch (kind) {
    case 'instant':
      return instant(options);
    case 'object':
      return anyObject(options);
    case 'category':
    case 'name':
    case 'text':
      return text(options);
  }
}

const eventFields = {
  id: uuid(),
  recordedAt: instant(),
  sourceName: text({ description: 'Name of the configured source it came from.' }),
  ...envelopeFields,
  ...provenFields,
};

const event = Type.Object(eventFields, {
  $id: 'Event',
  description:
    'An event in the envelope that is common to all clouds. What its source did not say is absent.',
});

const eventDetail = Type.Object(
  {
    ...eventFields,
    body: text({ description: 'Body that a receiver gets, byte for byte in UTF-8.' }),
    owed: arrayOf(uuid(), {
      description:
        'Webhooks that matched when the event was recorded, except one whose delivery was deleted right afterwards.',
    }),
  },
  { $id: 'EventDetail', description: 'An event with the body that its source sent.' },
);

const tags = ['events'];

const schemas = {
  list: {
    operationId: 'listEvents',
    summary: 'List events, newest first',
    description:
      'A page may contain fewer than `limit` items and still have a `nextCursor`, because each request searches a limited number of rows.',
    tags,
    querystring: closed({
      ...pageQuery,
      from: Type.Optional(instant({ description: 'Recorded at or after this instant.' })),
      to: Type.Optional(instant({ description: 'Recorded before this instant.' })),
      eventType: Type.Optional(
        text({ description: 'Only events of exactly this type.', example: 'VM.START' }),
      ),
      entityUuid: Type.Optional(
        text({ description: 'Only events of this entity, such as a virtual machine.' }),
      ),
      account: Type.Optional(text({ description: 'Only events of this account, by its id.' })),
      source: Type.Optional(text({ description: 'Name of the configured source it came from.' })),
    }),
    response: { 200: listAnswer(event, 'Events.'), ...problems },
  },
  show: {
    operationId: 'showEvent',
    summary: 'Show an event, its body included',
    description: 'The event as it was recorded, without the secrets that it contained.',
    tags,
    params: idParams,
    response: { 200: answer(eventDetail, 'The event.'), ...problems },
  },
};

export const eventRoutes: RouteGroup = {
  schemas: [event, eventDetail],
  register: registerEventRoutes,
};

function registerEventRoutes(app: Routes, { store }: ApiOptions): void {
  app.get('/v1/events', { schema: schemas.list }, async request => {
    const page = await scanPage(request.query, query =>
      listEvents(databaseOf(store), callerOf(request).visibility, query),
    );
    return { ...page, items: page.items.map(presentEvent) };
  });

  app.get('/v1/events/:id', { schema: schemas.show }, async request => {
    const { id: eventId } = request.params;
    const found = await findEvent(databaseOf(store), eventId, callerOf(request).visibility);
    if (!found) throw new ProblemError('not_found', `There is no event ${eventId}.`);
    const { body, ...row } = found;
    return { ...presentEvent(row), body };
  });
}

function presentEvent({ id, sourceName, owed, provenDomain, provenUser, ...row }: EventRow) {
  const proven = toProven({ provenDomain, provenUser });
  return { id, recordedAt: timeOf(id), sourceName, ...toEnvelope(row), ...proven, owed };
}
