/**
 * A message for Discord's webhooks: one embed in the severity's colour. Nobody is ever pinged (`allowed_mentions`), and
 * what Markdown would read is escaped.
 *
 * Source: discord.com/developers/docs, Execute Webhook, embed limits (title 256, description 4096, value 1024, together
 * 6000 characters).
 */
import { fit } from '../cut.ts';
import type { Format } from '../format.ts';
import { addedFields, renderJson } from '../json.ts';
import { colors } from './slack.ts';
import { wordsOf } from '../words.ts';

const titleMax = 256;
const textMax = 2_048;
/** Maximum length of a value: seven of them, a title and a text fit into one embed. */
const valueMax = 400;

/** @example body {"embeds":[{"title":"VM\\.START failed","color":13840175,"fields":[…]}],"allowed_mentions":{"parse":[]}} */
export const discord: Format = {
  name: 'discord',
  description: "A message for Discord's webhooks.",
  takes: { body: addedFields },
  render(event, options) {
    const { title, severity, text, facts, time } = wordsOf(event);
    const embed = {
      title: fit(title, titleMax, escape),
      ...(text !== undefined && { description: fit(text, textMax, escape) }),
      color: Number.parseInt(colors[severity].slice(1), 16),
      fields: facts.map(([name, value]) => ({
        name,
        value: fit(value, valueMax, escape),
        inline: true,
      })),
      timestamp: time,
      footer: { text: `${severity} · event ${event.id}` },
    };
    return renderJson(event, { embeds: [embed], ...noMentions }, options);
  },
};

const noMentions = { allowed_mentions: { parse: [] } };
const MARKUP = /[\\*_~`|>#+\-.!()[\]{}<@:]/;

function escape(character: string): string {
  return MARKUP.test(character) ? `\\${character}` : character;
}
