/** Renders one event in one format, in the same bytes on every try. */
import { orderEnvelope } from '../event/envelope.ts';
import { RenderError } from '../event/errors.ts';
import type { Format, FormatEvent, FormatOptions, Rendered } from './format.ts';

/**
 * Renders; whatever the format throws becomes a RenderError.
 *
 * @param owner the account whose turn it takes, where the format takes its time.
 * @throws {RenderError} also as the promise's reason.
 */
export function renderEvent(
  format: Format,
  { id, envelope, body }: FormatEvent,
  options: FormatOptions,
  owner?: string,
): Rendered | Promise<Rendered> {
  try {
    const form = format.render({ id, envelope: orderEnvelope(envelope), body }, options, owner);
    return form instanceof Promise ? form.catch(fail) : form;
  } catch (error) {
    return fail(error);
  }

  function fail(error: unknown): never {
    if (error instanceof RenderError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new RenderError(`the format ${format.name} failed: ${reason}`, { cause: error });
  }
}
