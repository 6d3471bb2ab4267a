/** `hookline event …` */
import type { CommandDefinition } from '../command/definition.ts';
import { origins } from '../../webhook/filter/event-type/known-types.ts';
import { limit, range } from '../command/option.ts';
import type { Row } from '../terminal/show.ts';

export const eventCommands: readonly CommandDefinition[] = [
  { words: 'event', about: 'events of the cloud' },
  {
    words: 'event list',
    about: 'list events, newest first',
    request: 'GET /v1/events',
    options: {
      ...range,
      limit,
      eventType: '--type <type>  only of this type, such as VM.START',
      entityUuid: '--entity <uuid>  only about this resource',
      account: '--account <id>  only of this account',
      source: '--source <name>  only from this source',
    },
    columns: 'id recordedAt event status entity entityuuid account sourceName',
  },
  {
    words: 'event show <id>',
    about: 'show an event with its body',
    request: 'GET /v1/events/{id}',
  },
  {
    words: 'event types',
    about: 'list the types of events: known ones, and those of the last events with their numbers',
    request: 'GET /v1/event-types',
    options: {
      contains: '--contains <text>  only types that contain this text, in whatever case',
      origin: { usage: '--origin <name>  only types that it sends', choices: origins },
      seen: {
        usage: '--seen  only types with events among the last 10,000',
        negated: 'only types without',
      },
      limit: { ...limit, default: 2_000 },
    },
    columns: 'type origin category count lastSeenAt',
  },
  {
    words: 'event deliver <id...>',
    about:
      'deliver events to a webhook whose scope covers them, whether or not it has or had deliveries of them',
    request: 'POST /v1/events/{id}/deliver',
    options: {
      webhookId: { usage: '--webhook <id>  the webhook to deliver to', isRequired: true },
      ignoreFilters: "--ignore-filters  even if the webhook's categories or filters leave them out",
    },
    describe: ({ id }: { id: string }, created: { id: string }) =>
      `${id} to be delivered as ${created.id}`,
  },
  {
    words: 'event explain <id>',
    about: 'list webhooks with whether they match the event, and why',
    request: 'GET /v1/events/{id}/explain',
    options: {
      webhookId: '--webhook <id>  only this webhook',
      matched: {
        usage: '--matched  only webhooks that match',
        negated: 'only webhooks that do not match',
      },
      limit,
    },
    columns: 'webhookId name matched coveredBy owed delivery detail',
    digest: toExplanationRow,
  },
];

type Explanation = { readonly delivery: { readonly state: string } | null };

function toExplanationRow(explanation: Explanation): Row {
  return { ...explanation, delivery: explanation.delivery?.state };
}
