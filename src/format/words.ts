/** What an event says to people, in words that every chat and every ticket shares. Nothing is escaped yet. */
import type { Envelope } from '../event/envelope.ts';
import { timeOf } from '../event/id.ts';
import { hasFailed, severityOf, type Severity } from '../event/severity.ts';
import { oneLine } from './cut.ts';
import type { FormatEvent } from './format.ts';

export interface Words {
  /** `VM.START failed`, on one line. */
  readonly title: string;
  readonly severity: Severity;
  /** Absent where the cloud gave none. */
  readonly text?: string;
  /** Name and value, in the order to show them in. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  /** RFC 3339. */
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
    facts: facts.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
    time,
    ...(description !== undefined && { text: description }),
  };
}

/** When it happened; where the cloud does not say, when it was recorded. The same on every try. */
export function timeOfEvent({ id, envelope }: FormatEvent): string {
  return envelope.eventDateTime ?? timeOf(id).toISOString();
}

/** `VirtualMachine b4e2…`; undefined for an event about nothing in particular. */
export function entityOf({ entity, entityuuid }: Envelope): string | undefined {
  const named = [entity, entityuuid].filter(part => part !== undefined);
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
