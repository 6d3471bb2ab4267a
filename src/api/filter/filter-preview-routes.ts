/** Previews which of the last events a webhook's filters let through, before they are saved. */
import type { Static } from 'typebox';

import { timeOf } from '../../event/id.ts';
import type { Webhook } from '../../webhook/webhook.ts';
import { explainConditions } from '../../match/explain.ts';
import type { ConditionsExplained } from '../../match/explain.ts';
import { originalCharsMax, Subject } from '../../match/subject.ts';
import { databaseOf } from '../../store/database.ts';
import type { Database } from '../../store/database.ts';
import { findAccount } from '../../store/directory/account.ts';
import { findDomain } from '../../store/directory/domain.ts';
import { scanRecentEvents, type RecentEvent } from '../../store/event/recent.ts';
import { everything } from '../../store/sql/visibility.ts';
import type { Visibility } from '../../store/sql/visibility.ts';
import { callerOf } from '../http/authenticate.ts';
import type { Caller } from '../http/authenticate.ts';
import type { ApiOptions } from '../context.ts';
import { numbered, requireFilters } from '../../webhook/filter/filter-rules.ts';
import { initialValues } from '../../webhook/values.ts';
import { filterPreview, filterPreviewRequest } from './schema-filter.ts';
import { ProblemError } from '../http/problem.ts';
import { requireWebhook } from '../webhook/require-webhook.ts';
import { answer, problems, ref } from '../http/schema.ts';
import type { Routes } from '../http/schema.ts';

type Sample = Static<typeof filterPreview>['samples']['matched'][number];

interface Preview {
  examined: number;
  matched: number;
  refusedByCategory: number;
  refusedByFilters: number;
  /** Events for which an expression had no answer, whatever became of them. */
  unanswered: number;
  readonly samples: { readonly matched: Sample[]; readonly refused: Sample[] };
}

/** Maximum number of samples, matched and refused each. */
const samplesMax = 10;

export function registerFilterPreviewRoutes(app: Routes, { store }: ApiOptions): void {
  app.post(
    '/v1/filters/preview',
    {
      schema: {
        operationId: 'previewFilters',
        summary: 'Preview which of the last events filters let through, without saving them',
        description:
          'Examines events in the scope of the webhook that you may see: newest first, from the last 10,000 events.',
        tags: ['webhooks'],
        body: ref(filterPreviewRequest),
        response: { 200: answer(filterPreview, 'The result.'), ...problems },
      },
    },
    async request => {
      const { body } = request;
      const database = databaseOf(store);
      const { conditions, within } = await planPreview(database, callerOf(request), body);
      const preview = createPreview();
      const scan = { within, limit: body.limit, bodyCharsMax: originalCharsMax };
      for await (const events of scanRecentEvents(database, scan)) {
        for (const event of events) countIn(preview, event, explain(event, conditions));
      }
      return preview;
    },
  );
}

type Conditions = Pick<Webhook, 'categories' | 'filters'>;

/** @throws {ProblemError} not_found, filter_invalid, filter_conflict, account_invalid, domain_invalid */
async function planPreview(
  database: Database,
  { visibility }: Caller,
  { webhookId, filters, categories, ...place }: Static<typeof filterPreviewRequest>,
): Promise<{ conditions: Conditions; within: readonly Visibility[] }> {
  const webhook = webhookId && (await requireWebhook(database, webhookId, visibility));
  requireFilters([], numbered(filters ?? []));
  const saved = webhook || { ...initialValues, filters: [] };
  const conditions = {
    categories: categories ?? saved.categories,
    filters: filters ?? saved.filters,
  };
  const ofWebhook = webhook ? placeOf(webhook) : {};
  // The webhook's own place may lie outside what the caller sees; a place that the request names may not.
  const narrowed = await Promise.all([
    visibilityOf(database, everything, ofWebhook),
    visibilityOf(database, visibility, place),
  ]);
  return { conditions, within: [visibility, ...narrowed] };
}

interface Place {
  readonly accountId?: string;
  readonly domainId?: string;
}

function placeOf({
  scope,
  accountId,
  domainId,
}: Pick<Webhook, 'scope' | 'accountId' | 'domainId'>) {
  if (scope === 'Global') return {};
  return scope === 'Local' ? { accountId } : { domainId };
}

async function visibilityOf(
  database: Database,
  caller: Visibility,
  { accountId, domainId }: Place,
): Promise<Visibility> {
  if (accountId !== undefined) {
    const account = await findAccount(database, accountId, caller);
    if (!account) {
      throw new ProblemError('account_invalid', `There is no account ${accountId}.`);
    }
    return { kind: 'account', accountId, domainId: account.domainId };
  }
  if (domainId === undefined) return everything;
  const domain = await findDomain(database, domainId, caller);
  if (!domain) throw new ProblemError('domain_invalid', `There is no domain ${domainId}.`);
  return { kind: 'subtree', path: domain.path };
}

function explain({ envelope, body }: RecentEvent, conditions: Conditions): ConditionsExplained {
  return explainConditions(conditions, new Subject(envelope, body));
}

const createPreview = (): Preview => ({
  examined: 0,
  matched: 0,
  refusedByCategory: 0,
  refusedByFilters: 0,
  unanswered: 0,
  samples: { matched: [], refused: [] },
});

function countIn(preview: Preview, { id, envelope }: RecentEvent, said: ConditionsExplained): void {
  preview.examined += 1;
  if (said.unanswered) preview.unanswered += 1;
  if (said.matched) preview.matched += 1;
  else if (said.reason === 'category') preview.refusedByCategory += 1;
  else preview.refusedByFilters += 1;
  const samples = said.matched ? preview.samples.matched : preview.samples.refused;
  if (samples.length >= samplesMax) return;
  const { event, entity, entityuuid, account, status } = envelope;
  samples.push({
    eventId: id,
    recordedAt: timeOf(id),
    event,
    ...(entity !== undefined && { entity }),
    ...(entityuuid !== undefined && { entityuuid }),
    ...(account !== undefined && { account }),
    ...(status !== undefined && { status }),
    reason: said.matched ? null : said.detail,
    unanswered: said.unanswered ?? [],
  });
}
