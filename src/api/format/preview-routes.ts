/** Lists the formats, and previews the requests that a webhook would send, before anything is saved or sent. */
import type { Static } from 'typebox';

import { RenderError } from '../../event/errors.ts';
import { databaseOf } from '../../store/database.ts';
import { listRecentEvents, type RecentEvent } from '../../store/event/recent.ts';
import { callerOf } from '../http/authenticate.ts';
import type { Caller } from '../http/authenticate.ts';
import type { ApiOptions } from '../context.ts';
import { checkFormat } from './check-format.ts';
import { describeRequest, type RequestShape } from '../delivery/describe-request.ts';
import { chooseFormat } from '../../webhook/choose-format.ts';
import { initialValues } from '../../webhook/values.ts';
import { formatPreview, previewRequest, shownFormat } from './schema-format.ts';
import { requireWebhook } from '../webhook/require-webhook.ts';
import { answer, listAnswer, problems, ref } from '../http/schema.ts';
import type { Routes } from '../http/schema.ts';

const tags = ['formats'];

const schemas = {
  list: {
    operationId: 'listFormats',
    summary: 'List the formats of requests',
    description: 'Every value of a webhook’s `format`, and the fields of `body` that it takes.',
    tags,
    response: { 200: listAnswer(shownFormat, 'Formats.'), ...problems },
  },
  preview: {
    operationId: 'previewFormat',
    summary: 'Preview the last events in a format, without sending them',
    description:
      'Fields of the request override those of the webhook `webhookId`. Newest first, from the last 10,000 events.',
    tags,
    body: ref(previewRequest),
    response: { 200: answer(formatPreview, 'The requests.'), ...problems },
  },
};

export function registerPreviewRoutes(app: Routes, options: ApiOptions): void {
  const { store, formats, now } = options;
  app.get('/v1/formats', { schema: schemas.list }, () => ({
    items: [...formats.values()].map(({ name, description, takes, needs = [], arrayType }) => ({
      name,
      description,
      batch: arrayType !== undefined,
      options: Object.entries(takes).map(([option, purpose]) => ({
        name: option,
        description: purpose,
        required: needs.some(needed => needed === option),
      })),
    })),
    nextCursor: null,
  }));

  app.post('/v1/preview', { schema: schemas.preview }, async request => {
    const caller = callerOf(request);
    const shape = await shapeOfPreview(options, caller, request.body);
    const events = await listRecentEvents(databaseOf(store), caller.visibility, request.body);
    const { principal, signal } = caller;
    const owner = principal.accountId ?? principal.username;
    const items: Preview[] = [];
    await options.previews.take(
      owner,
      async () => {
        for (const event of events) {
          signal.throwIfAborted();
          items.push(await preview(event, { ...shape, owner }, now()));
        }
      },
      signal,
    );
    return { items };
  });
}

/** @throws {ProblemError} not_found, format_invalid */
async function shapeOfPreview(
  options: ApiOptions,
  caller: Caller,
  { webhookId, ...wanted }: Static<typeof previewRequest>,
): Promise<RequestShape> {
  const { store, formats } = options;
  const database = databaseOf(store);
  const saved = webhookId && (await requireWebhook(database, webhookId, caller.visibility));
  const { headers, ...wishes } = { ...initialValues, ...saved, ...wanted };
  // A webhook that is not saved yet has no secret; the preview would hide it anyway.
  const chosen = chooseFormat(formats, wishes, true);
  await checkFormat(options, caller, wishes);
  return { ...chosen, ...(headers && { headers }) };
}

type Preview = Static<typeof formatPreview>['items'][number];

async function preview(
  { id, envelope, body }: RecentEvent,
  shape: RequestShape,
  nowMs: number,
): Promise<Preview> {
  const item = { eventId: id, eventType: envelope.event };
  try {
    const { skip, ...request } = await describeRequest({ id, envelope, body }, shape, nowMs);
    return { ...item, ...request, error: null, skipped: skip ?? null };
  } catch (error) {
    if (!(error instanceof RenderError)) throw error;
    return { ...item, headers: null, body: null, error: error.message, skipped: null };
  }
}
