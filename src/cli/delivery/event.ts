/** `hookline event …` */
import type { CommandDefinition } from '../command/definition.ts';
import { limit, range } from '../command/option.ts';
import type { Row } from '../terminal/show.ts';

export const eventCommands: readonly CommandDefinition[] = [
  { words: 'event', about: 'what happened in the cloud' },
  {
    words: 'event list',
    about: 'list events, newest first',
    path: '/v1/events',
    options: {
      ...range,
      limit,
      eventType: { flags: '--type <type>', about: 'only of this type, such as VM.START' },
      entityUuid: { flags: '--entity <uuid>', about: 'only about this resource' },
      account: { flags: '--account <id>', about: 'only of this account' },
      source: { flags: '--source <name>', about: 'only from this source' },
    },
    columns: [
      'id',
      'recordedAt',
      'event',
      'status',
      'entity',
      'entityuuid',
      'account',
      'sourceName',
    ],
  },
  {
    words: 'event show <id>',
    about: 'show an event with its body',
    path: '/v1/events/{id}',
  },
  {
    words: 'event explain <id>',
    about: 'list webhooks, whether each matches the event, and if not why',
    path: '/v1/events/{id}/explain',
    options: {
      webhookId: { flags: '--webhook <id>', about: 'only this webhook' },
      matched: {
        flags: '--matched',
        about: 'only webhooks that match',
        negated: 'only webhooks that do not match',
      },
      limit,
    },
    columns: ['webhookId', 'name', 'matched', 'owed', 'delivery', 'detail'],
    digest: toExplanationRow,
  },
];

type Explanation = { readonly delivery: { readonly state: string } | null };

function toExplanationRow(explanation: Explanation): Row {
  return { ...explanation, delivery: explanation.delivery?.state };
}
