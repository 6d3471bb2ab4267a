/** `hookline quarantine …` */
import type { CommandDefinition } from '../command/definition.ts';
import { limit } from '../command/option.ts';
import type { Row } from '../terminal/show.ts';

export const quarantineCommands: readonly CommandDefinition[] = [
  {
    words: 'quarantine',
    about: 'messages that could not be understood, kept with the reason',
  },
  {
    words: 'quarantine list',
    about: 'list messages, newest first',
    request: 'GET /v1/quarantine',
    options: { source: '--source <name>  only from this source', limit },
    columns: 'id source position item reason createdAt',
  },
  {
    words: 'quarantine show <id>',
    about: 'show a message with its body',
    request: 'GET /v1/quarantine/{id}',
    digest: decodeBody,
  },
  {
    words: 'quarantine delete <id...>',
    about: 'delete messages for good',
    request: 'DELETE /v1/quarantine/{id}',
  },
  {
    words: 'quarantine retry <id...>',
    about: 'read messages again: those that are understood now are recorded and delivered',
    request: 'POST /v1/quarantine/{id}/retry',
    describe: describeRetry,
  },
];

type QuarantinedMessage = {
  /** Base64. */
  readonly body: string | null;
};

function decodeBody(message: QuarantinedMessage): Row {
  const { body } = message;
  return { ...message, body: body && Buffer.from(body, 'base64').toString() };
}

type RetriedMessage =
  | {
      readonly outcome: 'recorded';
      readonly eventIds: readonly string[];
      readonly quarantined: readonly { readonly item: number; readonly reason: string }[];
    }
  | { readonly outcome: 'refused'; readonly reason: string };

function describeRetry({ id }: { id: string }, answer: RetriedMessage): string {
  if (answer.outcome !== 'recorded') return `${id} stays: ${answer.reason}`;
  const { eventIds, quarantined } = answer;
  const rest = quarantined.map(({ item, reason }) => `; item ${item} stays: ${reason}`).join('');
  return `${id} ${eventIds.length === 0 ? 'is of no interest' : `recorded as ${eventIds.join(', ')}`}${rest}`;
}
