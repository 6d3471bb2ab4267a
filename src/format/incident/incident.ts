/**
 * The meaning of an event to a target that keeps incidents, which one event opens and a later one closes.
 *
 * An action that failed opens one; the same action on the same entity, when it succeeds, closes it. An alarm opens one,
 * and closes it when it is off. An action under way does neither: deliveries may overtake each other, and its beginning
 * would then open what its end had closed.
 */
import { hash } from 'node:crypto';

import type { Envelope } from '../../event/envelope.ts';
import { isTest } from '../../event/event.ts';
import { isAlarm, isOver, severityOf, type Severity } from '../../event/severity.ts';
import { actionOf } from '../action.ts';
import type { FormatEvent } from '../format.ts';

export interface Incident {
  /** Key of the incident, the same when it opens and when it closes; visible ASCII, at most 128 characters. */
  readonly key: string;
  readonly step: 'open' | 'close' | 'none';
  /** Severity, the same when it opens and when it closes. */
  readonly severity: Severity;
}

/** Reason why a target that keeps incidents gets nothing for an event. */
export const nothingWrong = 'nothing failed, and nothing warns';

export function incidentOf({ id, envelope }: FormatEvent): Incident {
  return {
    key: keyOf(id, envelope),
    step: stepOf(envelope),
    severity: severityOf(isOver(envelope) ? { ...envelope, status: 'Failed' } : envelope),
  };
}

function stepOf(envelope: Envelope): Incident['step'] {
  if (isOver(envelope)) return 'close';
  const isTrouble = severityOf(envelope) !== 'info' || isAlarm(envelope);
  // A test shows something wherever it goes.
  return isTrouble || isTest(envelope) ? 'open' : 'none';
}

/** Whether an action has begun or is about to: its end will be reported. */
export function isUnderWay({ status = '', category }: Envelope): boolean {
  // A resource whose state is now `Created` has come to an end.
  return category !== 'ResourceStateEvent' && underWay.has(status.toLowerCase());
}

const underWay: ReadonlySet<string> = new Set([
  'created',
  'scheduled',
  'started',
  'pending',
  'in_progress',
]);

/** Builds the key. An event without a resource is an incident of its own. */
function keyOf(id: string, envelope: Envelope): string {
  const { entityuuid, account = '' } = envelope;
  if (entityuuid === undefined) return `hookline-${id}`;
  const named = JSON.stringify([actionOf(envelope).name, entityuuid, account]);
  return `hookline-${hash('sha256', named, 'hex').slice(0, 32)}`;
}
