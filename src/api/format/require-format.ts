/** The format a webhook is to have, and whether it can do with what is set for it. */
import type { Batching } from '../../webhook/batching.ts';
import type { Format, FormatOptions } from '../../format/format.ts';
import { defaultFormat, refuseOptions, type Formats } from '../../format/formats.ts';
import { hiddenValue } from '../../format/own-header.ts';
import { ProblemError } from '../http/problem.ts';

/** What is set for a format, null where nothing is. */
export interface FormatWishes {
  readonly format: string;
  readonly body: Readonly<Record<string, unknown>> | null;
  readonly msgKey: string | null;
  readonly template: string | null;
  readonly batch?: Batching | null;
}

/** What a webhook has of which nothing is said. */
export const bareFormat: FormatWishes = {
  format: defaultFormat,
  body: null,
  msgKey: null,
  template: null,
};

export interface ChosenFormat {
  readonly format: Format;
  /** With `hiddenValue` for a secret. */
  readonly options: FormatOptions;
}

/** @throws {ProblemError} format_invalid, batch_invalid */
export function requireFormat(
  formats: Formats,
  wishes: FormatWishes,
  hasSecret: boolean,
): ChosenFormat {
  const format = formats.get(wishes.format);
  if (!format) {
    throw new ProblemError(
      'format_invalid',
      `There is no format ${wishes.format}; there are ${[...formats.keys()].join(', ')}.`,
    );
  }
  const options = optionsOf(format, wishes, hasSecret);
  const refusal = refuseOptions(format, options);
  if (refusal !== undefined) throw new ProblemError('format_invalid', `${refusal}.`);
  if (wishes.batch && format.arrayType === undefined) {
    throw new ProblemError(
      'batch_invalid',
      `The format ${format.name} has one event a request, so batch must be null.`,
    );
  }
  return { format, options };
}

/** @param hasSecret of no account where the format does not want to see it. */
export function optionsOf(
  { takes }: Format,
  { body, msgKey, template }: FormatWishes,
  hasSecret: boolean,
): FormatOptions {
  return {
    ...(body && { body }),
    ...(msgKey !== null && { msgKey }),
    ...(template !== null && { template }),
    ...(hasSecret && takes.secretKey !== undefined && { secretKey: hiddenValue }),
  };
}
