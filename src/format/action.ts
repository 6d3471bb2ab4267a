/**
 * Reads the action from an event's name, whichever cloud spelled it: `VM.START` and `compute.instance.create.end`,
 * `vm.start`, `SERVER/CREATE/FAILED`, `com/vmware/vcloud/event/vm/create`.
 */
import type { Envelope } from '../event/envelope.ts';

export interface Action {
  /** The event's name without its phase: the same for the beginning and the end of one action. */
  readonly name: string;
  /** The verb in lower case: `start`. */
  readonly verb: string;
}

/** @example actionOf({ event: 'compute.instance.create.end' }) // { name: 'compute.instance.create', verb: 'create' } */
export function actionOf({ event, category }: Pick<Envelope, 'event' | 'category'>): Action {
  const outcome = OUTCOME_IN_NAME.exec(event);
  if (outcome !== null) return { name: outcome[0], verb: outcome[0].toLowerCase() };
  const separator = event.includes('/') ? '/' : '.';
  const words = event.split(separator);
  // CloudStack's VM.START has the verb at its end, where OpenStack has a phase.
  const last = words.at(-1)?.toLowerCase() ?? '';
  const hasPhase = category === undefined && words.length > 2 && phases.has(last);
  const action = hasPhase ? words.slice(0, -1) : words;
  return { name: action.join(separator), verb: action.at(-1)?.toLowerCase() ?? event };
}

/** Object stores tell how one action ended by events of different names: `s3:Replication:OperationFailedReplication`. */
const OUTCOME_IN_NAME = /^s3:(?:Replication|ObjectTransition)(?=:)/;

const phases: ReadonlySet<string> = new Set([
  'start',
  'end',
  'error',
  'progress',
  'failed',
  'succeed',
]);
