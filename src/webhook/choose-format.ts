/** Chooses a webhook's format, and checks that the format takes the options set for it. */
import type { Format, FormatOptions } from '../format/format.ts';
import { refuseOptions } from '../format/formats.ts';
import type { Formats } from '../format/formats.ts';
import { hiddenValue } from '../format/own-header.ts';
import type { WebhookValues } from './values.ts';
import { WebhookError } from './webhook-error.ts';

/** A webhook's values that its format reads. */
export type FormatWishes = Pick<WebhookValues, 'format' | 'body' | 'msgKey' | 'template'>;

export interface ChosenFormat {
  readonly format: Format;
  /** A secret reads `hiddenValue`. */
  readonly options: FormatOptions;
}

/** @throws {WebhookError} format_invalid, batch_invalid */
export function chooseFormat(
  formats: Formats,
  wishes: FormatWishes & Pick<WebhookValues, 'batch'>,
  hasSecret: boolean,
): ChosenFormat {
  const format = formats.get(wishes.format);
  if (!format) {
    throw new WebhookError(
      'format_invalid',
      `There is no format ${wishes.format}; there are ${[...formats.keys()].join(', ')}.`,
    );
  }
  const options = optionsOf(format, wishes, hasSecret);
  const refusal = refuseOptions(format, options);
  if (refusal !== undefined) throw new WebhookError('format_invalid', `${refusal}.`);
  if (wishes.batch && format.arrayType === undefined) {
    throw new WebhookError(
      'batch_invalid',
      `The format ${format.name} has one event a request, so batch must be null.`,
    );
  }
  return { format, options };
}

/** @param hasSecret matters only to a format that shows the secret to its receiver. */
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
