/** The formats whose bodies the webhook's owner writes. */
import { RenderError } from '../event/errors.ts';
import { isTest } from '../event/event.ts';
import { cloudpodsText } from '../format/cloud/cloudpods.ts';
import { fit as cut } from '../format/cut.ts';
import { userAgent } from '../format/json.ts';
import type { Format, FormatEvent, OptionFault, Rendered } from '../format/format.ts';
import type { JobAnswer, Engine, TemplateFault, Job } from './job.ts';
import type { RenderPool } from './pool.ts';

/** Creates the formats. @param pool runs the templates. */
export function templateFormats(pool: RenderPool): readonly Format[] {
  return [
    {
      name: 'template',
      description: 'The result of a Liquid template: JSON or any text.',
      takes: { template: 'The Liquid template; docs/templates.md says what it sees.' },
      needs: ['template'],
      ...renderedBy(pool, 'liquid'),
    },
    {
      name: 'jsonata',
      description: 'The result of a JSONata expression: JSON or a text.',
      takes: { template: 'The JSONata expression; docs/templates.md says what it sees.' },
      needs: ['template'],
      ...renderedBy(pool, 'jsonata'),
    },
    withTemplate(pool, cloudpodsText),
  ];
}

/** A text format that renders with the webhook's template where there is one, and otherwise in its own words. */
function withTemplate(pool: RenderPool, format: Format): Format {
  const { render, check: checkTemplate } = renderedBy(pool, 'liquid');
  return {
    ...format,
    takes: { ...format.takes, template: 'A Liquid template, in place of the usual words' },
    async render(event, options, owner) {
      const usual = await format.render(event, options);
      if (options.template === undefined || usual.skip !== undefined || isTest(event.envelope)) {
        return usual;
      }
      const { body } = await render(event, options, owner);
      return { ...usual, body };
    },
    check: async (options, events, owner) =>
      options.template === undefined ? undefined : checkTemplate?.(options, events, owner),
  };
}

function renderedBy(pool: RenderPool, engine: Engine): Pick<Format, 'render' | 'check'> {
  return {
    async render(event, { template = '' }, owner) {
      return renderedOf(event, await pool.run({ engine, template, event }, owner));
    },
    async check({ template = '' }, events, owner) {
      const run = async (job: Job): Promise<JobAnswer> => pool.run(job, owner);
      const found = await check(run, { engine, template }, events);
      return found && { option: 'template', ...found };
    },
  };
}

/**
 * Checks a template: it has to compile, and to render each event within the limits. Failing on an event is its own
 * affair.
 */
async function check(
  run: (job: Job) => Promise<JobAnswer>,
  job: Job,
  events: readonly FormatEvent[],
): Promise<Omit<OptionFault, 'option'> | undefined> {
  try {
    const compiled = await run(job);
    if ('fault' in compiled) return placed(compiled);
    for (const event of events) {
      const said = await run({ ...job, event });
      if ('fault' in said && said.limit !== undefined) return placed(said);
      const fault = 'text' in said ? brokenJson(said.text) : undefined;
      if (fault !== undefined) return { fault: `${fault}, for ${named(event)}` };
    }
    return undefined;
  } catch (error) {
    if (error instanceof RenderError && error.isFinal) return { fault: error.message };
    throw error;
  }
}

const named = ({ envelope }: FormatEvent): string =>
  Object.keys(envelope).length === 1
    ? 'an event that has nothing but its type'
    : `an event ${envelope.event}`;

const placed = ({ fault, line, column }: TemplateFault) => ({
  fault,
  ...(line !== undefined && column !== undefined && { line, column }),
});

function renderedOf({ id }: FormatEvent, answer: JobAnswer): Rendered {
  if ('fault' in answer) {
    const { fault, line, column, limit } = answer;
    const place = line === undefined ? '' : `line ${line}, column ${column}: `;
    throw new RenderError(`the template cannot render this event: ${place}${fault}`, {
      isFinal: limit !== 'time',
    });
  }
  const broken = brokenJson(answer.text);
  if (broken !== undefined) {
    throw new RenderError(`the template does not make JSON of this event: ${broken}`);
  }
  return {
    eventId: id,
    body: Buffer.from(answer.text),
    headers: [...userAgent, 'Content-Type', mediaTypeOf(answer.text)],
  };
}

/** An object or a list is JSON; a text that merely could be, such as a number, is not. */
function mediaTypeOf(text: string): string {
  return /^\s*[[{]/.test(text) && faultOfJson(text) === undefined
    ? 'application/json'
    : 'text/plain; charset=utf-8';
}

/** How JSON objects and lists of them begin, and hardly any other text does. */
const OBJECT = /^\s*(?:\[\s*)?\{\s*"/;

/**
 * The fault of a text that begins as an object of JSON and is none; undefined for any other. Its receiver would refuse it, or take
 * half of it, for the sake of one fact that an event lacks.
 */
function brokenJson(text: string): string | undefined {
  const fault = OBJECT.test(text) ? faultOfJson(text) : undefined;
  if (fault === undefined || isLinesOfJson(text)) return undefined;
  return `the text begins as JSON and is not (${fault}); put "| json" behind every value`;
}

/** Whether each line is JSON by itself, as bulk interfaces take it: `{"index":{}}`, and the document on the next. */
const isLinesOfJson = (text: string): boolean =>
  text.split('\n').every(line => line.trim() === '' || faultOfJson(line) === undefined);

function faultOfJson(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return cut(error instanceof Error ? error.message : String(error), 200);
  }
}
