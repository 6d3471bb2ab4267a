/**
 * The catalogue of event types that are known before any event has come: what people choose filters from, and what a filter
 * is checked against when it is saved. It is no limit: events of other types are recorded and matched like any others.
 */
import { ownCategory } from '../../../event/envelope.ts';
import type { Category } from '../../../event/envelope.ts';
import { ownEvents } from '../../../event/event.ts';
import { cloudstackActions, cloudstackAlerts } from './cloudstack-types.ts';
import { openstackTypes } from './openstack-types.ts';
import { s3Types } from './s3-types.ts';

/** Who sends a known type. */
export const origins = ['cloudstack', 'openstack', 's3', 'hookline'] as const;

export interface KnownType {
  /** As the origin spells it. @example 'VM.START' */
  readonly type: string;
  readonly origin: (typeof origins)[number];
  /** The category that a webhook needs for its events; absent where the default, or any, will do. */
  readonly category?: Category | typeof ownCategory;
}

/** Each type once, in the order of `compareTypes`. */
export const knownTypes: readonly KnownType[] = [
  ...typesOf(cloudstackActions, { origin: 'cloudstack' }),
  ...typesOf(cloudstackAlerts, { origin: 'cloudstack', category: 'AlertEvent' }),
  ...typesOf(openstackTypes, { origin: 'openstack' }),
  ...typesOf(s3Types, { origin: 's3' }),
  ...typesOf(ownEvents, { origin: 'hookline', category: ownCategory }),
].toSorted((one, other) => compareTypes(one.type, other.type));

function typesOf(types: readonly string[], facts: Omit<KnownType, 'type'>): readonly KnownType[] {
  return [...new Set(types)].map(type => ({ type, ...facts }));
}

/** Compares as the list is sorted, whatever the language of the machine. */
export function compareTypes(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
