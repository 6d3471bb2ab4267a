/** An event in words for people, shared by all chats and tickets. Nothing is escaped yet. */
import type { Envelope } from '../event/envelope.ts';
import { timeOf } from '../event/id.ts';
import { hasFailed, severityOf, type Severity } from '../event/severity.ts';
import { oneLine } from './cut.ts';
import type { FormatEvent } from './format.ts';

export interface Words {
  /** Title on one line: `VM.START failed`. */
  readonly title: string;
  readonly severity: Severity;
  /** Description; absent where the cloud gave none. */
  readonly text?: string;
  /** Names and values, in the order to show them in. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  /** Time as RFC 3339. */
  readonly time: string;
}

/** @example wordsOf(event).title // 'VM.START failed' */
export function wordsOf(event: FormatEvent): Words {
  const { envelope } = event;
  const { description, account, project, domain, user, status } = envelope;
  const time = timeOfEvent(event);
  const facts = [
    ['Entity', entityOf(envelope)],
    ['Status', hasFailed(envelope) ? 'Failed' : status],
    ['Account', account],
    ['Project', project === account ? undefined : project],
    ['Domain', domain],
    ['User', user],
    ['Time', time],
  ] as const;
  return {
    title: titleOf(envelope),
    severity: severityOf(envelope),
    facts: facts.flatMap(([name, value]) => (isTold(value) ? [[name, value] as const] : [])),
    time,
    ...(isTold(description) && { text: description }),
  };
}

/** Whether there is something to see: blanks alone say nothing, and chats refuse them. */
const isTold = (text: string | undefined): text is string =>
  text !== undefined && VISIBLE.test(text);

const VISIBLE = /[^\s\p{Cc}\p{Cf}\u{2800}\u{3164}]/u;

/** The time it happened or, where the cloud does not tell, was recorded. The same on every try. */
export function timeOfEvent({ id, envelope }: FormatEvent): string {
  return envelope.eventDateTime ?? timeOf(id).toISOString();
}

/** Names the resource: `VirtualMachine b4e2…`; undefined for an event without one. */
export function entityOf({ entity, entityuuid }: Envelope): string | undefined {
  const named = [entity, entityuuid].filter(isTold);
  return named.length === 0 ? undefined : named.join(' ');
}

export function titleOf(envelope: Envelope): string {
  const { event, status, details } = envelope;
  const alarm = details?.['alarm_name'];
  const name = typeof alarm === 'string' ? alarm : event;
  if (hasFailed(envelope)) return oneLine(`${name} failed`);
  if (status === undefined) return oneLine(name);
  return oneLine(plainWords.has(status) ? `${name} ${status.toLowerCase()}` : `${name}: ${status}`);
}

const plainWords: ReadonlySet<string> = new Set(['Created', 'Scheduled', 'Started', 'Completed']);
