/**
 * A message for Slack's incoming webhooks: a line that says it all, and an attachment in the severity's colour.
 *
 * Texts are plain, for which Slack knows no formatting, links and names of channels. `&`, `<` and `>` begin everything else that
 * it reads in a text (`<!channel>`), so nothing in an event can.
 *
 * Source: docs.slack.dev: incoming webhooks, formatting text (`mrkdwn`, `parse`, `link_names`), text object, section block (text 3000
 * characters, ten fields of 2000).
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

/** @example body {"text":"🔴 VM.START failed","mrkdwn":false,…,"attachments":[{"color":"#d32f2f","blocks":[…]}]} */
export const slack: Format = {
  name: 'slack',
  description: "A message for Slack's incoming webhooks.",
  takes: { body: addedFields },
  render(event, options) {
    const { title, severity, text, facts } = wordsOf(event);
    const fields = facts
      .slice(0, fieldsMax)
      .map(([name, value]) => plain(`${name}\n`, value, fieldMax));
    const blocks = [
      ...(text === undefined ? [] : [{ type: 'section', text: plain('', text, textMax) }]),
      { type: 'section', fields },
      { type: 'context', elements: [plain(`${severity} · event ${event.id}`, '', textMax)] },
    ];
    const line = `${signs[severity]} ${fit(title, titleMax, escape)}`;
    const attachments = [{ color: colors[severity], blocks }];
    return renderJson(event, { text: line, ...asItIs, attachments }, options);
  },
};

/** Slack reads nothing in the text: no formatting, no links, no names of channels and people. */
const asItIs = { mrkdwn: false, parse: 'none', link_names: false };

function plain(name: string, value: string, lengthMax: number): object {
  return {
    type: 'plain_text',
    text: name + fit(value, lengthMax - name.length, escape),
    emoji: false,
  };
}

const signs: Readonly<Record<Severity, string>> = {
  info: '🔵',
  warning: '🟠',
  error: '🔴',
  critical: '🚨',
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
