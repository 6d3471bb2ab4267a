/**
 * The event as templates see it: the facts of its envelope by their names, and beside them
 *
 *     id        the event's
 *     severity  info, warning, error or critical
 *     original  CloudStack's own message, or the envelope of any other cloud; nothing if that is no JSON
 *
 * Expressions of filters see the same (`match/subject.ts`), except for the id.
 */
import { severityOf } from '../event/severity.ts';
import { parseJson } from '../event/text/exact-json.ts';
import type { FormatEvent } from '../format/format.ts';

export type View = Readonly<Record<string, unknown>>;

export function viewOf({ id, envelope, body }: FormatEvent): View {
  return { ...envelope, id, severity: severityOf(envelope), original: parsed(body) };
}

function parsed(body: string): unknown {
  try {
    return parseJson(body);
  } catch {
    return undefined;
  }
}
