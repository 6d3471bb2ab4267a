/**
 * Reads an OpenStack notification's type: `[service.]resource[.sub].action[.phase]`.
 *
 * Source: event types of nova, cinder, neutron, glance, keystone, heat, designate, ironic, manila; publisher ids of the
 * same.
 */

export interface EventType {
  /** The word before the action: `instance` for `compute.instance.create.end`. */
  readonly resource: string;
  readonly action: string;
  readonly phase?: ActionPhase;
  /** All words but the phase. */
  readonly words: readonly string[];
}

/** `success` is Ironic's; Glance's `task.success` has no phase. */
const phases = ['start', 'end', 'error', 'progress', 'success'] as const;
type ActionPhase = (typeof phases)[number];

export function readEventType(eventType: string): EventType {
  const words = eventType.split('.');
  const last = phases.find(known => known === words.at(-1));
  const phase = last === 'success' && words.length < 3 ? undefined : last;
  if (phase !== undefined && words.length > 1) words.pop();
  const action = words.at(-1) ?? eventType;
  return { resource: words.at(-2) ?? action, action, phase, words };
}

/** Matches notifications that services send periodically or on every request, without anything having happened. */
const AUDIT = /(?:^|\.)(?:exists(?:\.|$)|metrics\.update$|http\.(?:request|response)$)/;

export function isAudit(eventType: string, priority: string): boolean {
  return priority === 'sample' || AUDIT.test(eventType);
}

/**
 * Whether Designate tells the same a second time: whatever it tells of a zone, it also tells under the name that zones
 * had before 2015, with a `message_id` of its own.
 *
 * Source: designate/central/service.py, where each `notify_type('dns.domain.…')` is with one of `dns.zone.…`.
 */
export function isSecondTelling(eventType: string): boolean {
  return eventType.startsWith('dns.domain.');
}

const services: readonly (readonly [RegExp, string])[] = [
  [
    /^(?:volume\.usage$|scheduler\.(?!.*volume)|compute|instance|service\.|aggregate|flavor|keypair|server_group|libvirt|metrics)/,
    'nova',
  ],
  [/^(?:volume|snapshot|backup|group|consistencygroup|cgsnapshot|scheduler\.)/, 'cinder'],
  [/^(?:image|task)\./, 'glance'],
  [/^identity\./, 'keystone'],
  [/^orchestration\./, 'heat'],
  [/^dns\./, 'designate'],
  [/^baremetal\./, 'ironic'],
  [/^share/, 'manila'],
  [/^trove\./, 'trove'],
  [/^magnum\./, 'magnum'],
  [/^octavia\./, 'octavia'],
];

/** Services whose publishers have other names. */
const publishers: ReadonlyMap<string, string> = new Map([
  ['compute', 'nova'],
  ['network', 'neutron'],
  ['volume', 'cinder'],
  ['image', 'glance'],
  ['identity', 'keystone'],
  ['orchestration', 'heat'],
  ['dns', 'designate'],
]);

/**
 * Finds the service that spoke: by the event type, else by the publisher, `network.ctl-1` or `nova-compute:cmp-01`,
 * whose host is nobody's business. Neutron's publisher comes first: its types have no word of their own, and some
 * begin as another service's do, such as `flavor.create.start`.
 */
export function serviceOf(eventType: string, publisherId: string | undefined): string | undefined {
  const publisher = publisherId?.split(/[.:]/)[0];
  const spoken = publisher === undefined ? undefined : (publishers.get(publisher) ?? publisher);
  if (spoken === 'neutron') return spoken;
  return services.find(([pattern]) => pattern.test(eventType))?.[1] ?? spoken;
}
