/**
 * A message for Slack's incoming webhooks: a line that says it all, and an attachment in the severity's colour.
 *
 * `&`, `<` and `>` begin everything that Slack reads in a text (links, mentions, `<!channel>`), so nothing in an event can.
 *
 * Source: docs.slack.dev: incoming webhooks, formatting text, section block (text 3000 characters, ten fields of 2000).
 */
import type { Severity } from '../../event/severity.ts';
import { fit } from '../cut.ts';
import type { Format } from '../format.ts';
import { addedFields, renderJson } from '../json.ts';
import { wordsOf } from '../words.ts';

const titleMax = 300;
const textMax = 3_000;
const fieldMax = 2_000;
const fieldsMax = 10;

/** @example body {"text":":red_circle: *VM.START failed*","attachments":[{"color":"#d32f2f","blocks":[…]}]} */
export const slack: Format = {
  name: 'slack',
  description: "A message for Slack's incoming webhooks.",
  takes: { body: addedFields },
  render(event, options) {
    const { title, severity, text, facts } = wordsOf(event);
    const fields = facts.slice(0, fieldsMax).map(([name, value]) => ({
      type: 'mrkdwn',
      text: `*${name}*\n${fit(value, fieldMax - name.length - 3, escape)}`,
    }));
    const blocks = [
      ...(text === undefined
        ? []
        : [{ type: 'section', text: { type: 'mrkdwn', text: fit(text, textMax, escape) } }]),
      { type: 'section', fields },
      {
        type: 'context',
        elements: [{ type: 'plain_text', text: `${severity} · event ${event.id}`, emoji: false }],
      },
    ];
    const line = `:${signs[severity]}: *${fit(title, titleMax, escape)}*`;
    const attachments = [{ color: colors[severity], blocks }];
    return renderJson(event, { text: line, attachments }, options);
  },
};

const signs: Readonly<Record<Severity, string>> = {
  info: 'large_blue_circle',
  warning: 'large_orange_circle',
  error: 'red_circle',
  critical: 'rotating_light',
};

export const colors: Readonly<Record<Severity, string>> = {
  info: '#1976d2',
  warning: '#f57c00',
  error: '#d32f2f',
  critical: '#880e4f',
};

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

function escape(character: string): string {
  return entities[character] ?? character;
}
