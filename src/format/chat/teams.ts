/**
 * A message for a Microsoft Teams channel by a Workflows webhook: one Adaptive Card. Texts of the event are text runs,
 * which know no Markdown and no mentions.
 *
 * Source: learn.microsoft.com, "Create incoming webhooks with Workflows" and the Teams connector's limits (28 KB);
 * adaptivecards.io, RichTextBlock and TextRun of version 1.4.
 */
import type { Severity } from '../../event/severity.ts';
import { fit } from '../cut.ts';
import type { Format } from '../format.ts';
import { addedFields, renderJson } from '../json.ts';
import { wordsOf } from '../words.ts';

/** Maximum lengths: the card counts as UTF-16, escaped, and all texts together stay below a third of the limit. */
const titleMax = 300;
const textMax = 3_000;
const valueMax = 300;

/** @example body {"type":"message","attachments":[{"contentType":"application/vnd.microsoft.card.adaptive", …}]} */
export const teams: Format = {
  name: 'teams',
  description: 'An Adaptive Card for Microsoft Teams, by a Workflows webhook.',
  takes: { body: addedFields },
  render(event, options) {
    const { title, severity, text, facts } = wordsOf(event);
    const heading = run(fit(title, titleMax), {
      weight: 'Bolder',
      size: 'Medium',
      color: colors[severity],
    });
    const body = [
      paragraph(heading),
      ...(text === undefined ? [] : [paragraph(run(fit(text, textMax)))]),
      ...facts.map(([name, value]) =>
        paragraph(run(`${name}: `, { weight: 'Bolder' }), run(fit(value, valueMax))),
      ),
      paragraph(run(`${severity} · event ${event.id}`, { isSubtle: true, size: 'Small' })),
    ];
    const content = {
      $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
      type: 'AdaptiveCard',
      version: '1.4',
      msteams: { width: 'Full' },
      fallbackText: fit(title, titleMax),
      body,
    };
    const attachment = { contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null };
    const attachments = [{ ...attachment, content }];
    return renderJson(event, { type: 'message', attachments }, options);
  },
};

const colors: Readonly<Record<Severity, string>> = {
  info: 'Accent',
  warning: 'Warning',
  error: 'Attention',
  critical: 'Attention',
};

function run(text: string, style: object = {}): object {
  return { type: 'TextRun', text, ...style };
}

function paragraph(...inlines: readonly object[]): object {
  return { type: 'RichTextBlock', inlines };
}
