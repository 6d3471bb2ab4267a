/**
 * A message for the incoming webhooks of Mattermost, and of Rocket.Chat, which reads the same fields. A zero-width space
 * after each `@` keeps anybody from being pinged; what Markdown would read is escaped.
 *
 * Source: developers.mattermost.com, incoming webhooks and message attachments (a message has at most 16383 characters);
 * docs.rocket.chat, integrations, incoming webhook.
 */
import { fit } from '../cut.ts';
import type { Format, FormatEvent, FormatOptions, Rendered } from '../format.ts';
import { addedFields, renderJson } from '../json.ts';
import { colors } from './slack.ts';
import { wordsOf } from '../words.ts';

const titleMax = 300;
const textMax = 4_000;
const valueMax = 500;

/** @example body {"text":"**VM\\.START failed**","attachments":[{"color":"#d32f2f","text":"…","fields":[…]}]} */
export const mattermost: Format = {
  name: 'mattermost',
  description: "A message for Mattermost's incoming webhooks.",
  takes: { body: addedFields },
  render: (event, options) => render(event, options, '**'),
};

/** @example body {"text":"*VM\\.START failed*","attachments":[{"color":"#d32f2f","text":"…","fields":[…]}]} */
export const rocketchat: Format = {
  name: 'rocketchat',
  description: "A message for Rocket.Chat's incoming webhooks.",
  takes: { body: addedFields },
  render: (event, options) => render(event, options, '*'),
};

function render(event: FormatEvent, options: FormatOptions, bold: string): Rendered {
  const { title, severity, text, facts } = wordsOf(event);
  const line = `${bold}${fit(title, titleMax, escape)}${bold}`;
  const attachment = {
    fallback: fit(title, titleMax, escape),
    color: colors[severity],
    ...(text !== undefined && { text: fit(text, textMax, escape) }),
    fields: facts.map(([name, value]) => ({
      title: name,
      value: fit(value, valueMax, escape),
      short: true,
    })),
    footer: `${severity} · event ${event.id}`,
  };
  return renderJson(event, { text: line, attachments: [attachment] }, options);
}

const MARKUP = /[\\*_~`|>#+\-.!()[\]{}<:]/;

function escape(character: string): string {
  if (character === '@') return '@\u{200B}';
  return MARKUP.test(character) ? `\\${character}` : character;
}
