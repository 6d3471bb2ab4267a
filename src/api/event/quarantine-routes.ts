/** Quarantined messages: list, show, redrive, delete. */
import { Type } from 'typebox';
import type { Static } from 'typebox';

import { arrayOf, uuid, instant, mapOf, nullable, oneOf, text, whole } from '../../event/schema.ts';
import { databaseOf } from '../../store/database.ts';
import type { Database } from '../../store/database.ts';
import {
  deleteQuarantined,
  findQuarantined,
  listQuarantined,
} from '../../store/event/quarantine.ts';
import { callerOf } from '../http/authenticate.ts';
import type { ApiOptions, RedriveControl, RouteGroup } from '../context.ts';
import { refusedItems } from './refused-items.ts';
import { changing } from '../http/changing.ts';
import { byId, listPage } from '../http/page.ts';
import { ProblemError } from '../http/problem.ts';
import {
  answer,
  closed,
  idParams,
  listAnswer,
  noContent,
  pageQuery,
  problems,
} from '../http/schema.ts';
import type { Routes } from '../http/schema.ts';

const quarantinedFields = {
  id: uuid(),
  source: text({ description: 'Name of the configured source it came from.' }),
  position: text({ description: 'Its position on the message bus.', example: 'cloudstack/0/42' }),
  item: nullable(
    whole({
      description:
        'Index, from 0, of the one item that was put aside, because other items of the message became events; null for a whole message.',
    }),
  ),
  routingKey: nullable(text()),
  headers: nullable(mapOf(text())),
  reason: text({ description: 'What is wrong and what was expected.' }),
  bodyBytes: nullable(whole({ description: 'Size of the message; null for a Kafka tombstone.' })),
  createdAt: instant(),
};

const quarantined = Type.Object(quarantinedFields, {
  $id: 'Quarantined',
  description: 'A message that could not be decoded.',
});

const quarantinedDetail = Type.Object(
  {
    ...quarantinedFields,
    body: nullable(
      text({ description: 'The message without its secrets, in base64; with the one item alone.' }),
    ),
  },
  { $id: 'QuarantinedDetail', description: 'A message that could not be decoded, with its body.' },
);

const redriven = Type.Object(
  {
    outcome: oneOf(['recorded', 'quarantined'], {
      description:
        '`recorded`: it has left the quarantine. `quarantined`: it stays there, for `reason`.',
    }),
    eventIds: arrayOf(uuid(), {
      description: 'Empty when the message contains no event of interest.',
    }),
    reason: nullable(text()),
    quarantined: refusedItems,
  },
  { $id: 'Retried', description: 'What became of a message that was retried.' },
);

const tags = ['quarantine'];

const schemas = {
  list: {
    operationId: 'listQuarantine',
    summary: 'List quarantined messages, newest first',
    description:
      'Messages that could not be decoded, each with the reason. `POST /v1/quarantine/{id}/retry` decodes one again.',
    tags,
    querystring: closed({
      ...pageQuery,
      source: Type.Optional(text({ description: 'Name of the configured source it came from.' })),
    }),
    response: { 200: listAnswer(quarantined, 'Messages.'), ...problems },
  },
  show: {
    operationId: 'showQuarantined',
    summary: 'Show a quarantined message with its body',
    description: 'The message as it came from the bus, byte for byte.',
    tags,
    params: idParams,
    response: { 200: answer(quarantinedDetail, 'The message.'), ...problems },
  },
  delete: {
    operationId: 'deleteQuarantined',
    summary: 'Delete a quarantined message permanently',
    description: 'It cannot be retried afterwards.',
    tags,
    params: idParams,
    response: { 204: noContent, ...problems },
  },
  redrive: {
    operationId: 'retryQuarantined',
    summary: 'Retry a quarantined message',
    description:
      "The source's current decoder reads the message; its events are recorded and delivered like any others, with the current time. If the message still cannot be decoded, it stays in the quarantine with the new reason.",
    tags,
    params: idParams,
    response: { 200: answer(redriven, 'The result.'), ...problems },
  },
};

export const quarantineRoutes: RouteGroup = {
  schemas: [quarantined, quarantinedDetail, redriven],
  register: registerQuarantineRoutes,
};

function registerQuarantineRoutes(app: Routes, { store, redrive }: ApiOptions): void {
  app.get('/v1/quarantine', { schema: schemas.list }, async ({ query }) =>
    listPage(query, byId, page => listQuarantined(databaseOf(store), page)),
  );

  app.get('/v1/quarantine/:id', { schema: schemas.show }, async ({ params }) => {
    const message = await requireMessage(databaseOf(store), params.id);
    return { ...message, body: message.body?.toString('base64') ?? null };
  });

  app.delete('/v1/quarantine/:id', { schema: schemas.delete }, async (request, reply) => {
    const { id: messageId } = request.params;
    await changing(store, callerOf(request), 'quarantined.deleted', async database => {
      const { source, position, reason } = await requireMessage(database, messageId);
      if (!(await deleteQuarantined(database, messageId))) throw noMessage(messageId);
      return { objectId: messageId, before: { source, position, reason } };
    });
    return reply.code(204).send();
  });

  app.post('/v1/quarantine/:id/retry', { schema: schemas.redrive }, async request => {
    const { id: messageId } = request.params;
    // Recording is a transaction of its own. The audit comes first, so that nothing is recorded without a trace.
    await changing(store, callerOf(request), 'quarantined.retried', async database => {
      const { source, position, reason } = await requireMessage(database, messageId);
      return { objectId: messageId, before: { source, position, reason } };
    });
    return presentRedriven(messageId, await redrive(messageId));
  });
}

function presentRedriven(
  messageId: string,
  result: Awaited<ReturnType<RedriveControl>>,
): Static<typeof redriven> {
  switch (result.kind) {
    case 'recorded':
      return {
        outcome: 'recorded',
        eventIds: result.eventIds,
        reason: null,
        quarantined: result.refused,
      };
    case 'quarantined':
      return { outcome: 'quarantined', eventIds: [], reason: result.reason, quarantined: [] };
    case 'missing':
      throw noMessage(messageId);
    case 'unknown-source':
      throw new ProblemError(
        'source_unknown',
        `The message came from the source ${result.source}, and no source of that name is configured here.`,
      );
    case 'busy':
      throw new ProblemError('intake_busy', 'Nothing was changed. Try again in a moment.');
  }
}

/** @throws {ProblemError} not_found */
async function requireMessage(database: Database, messageId: string) {
  const message = await findQuarantined(database, messageId);
  if (!message) throw noMessage(messageId);
  return message;
}

const noMessage = (messageId: string): ProblemError =>
  new ProblemError('not_found', `There is no message ${messageId} in the quarantine.`);
