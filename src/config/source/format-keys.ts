/** The keys of a source that say how its messages are read; sources of every kind have them. */
import { envelopeFacts, factNamesOfKind, mapFacts } from '../../event/envelope.ts';
import type { FactName } from '../../event/envelope.ts';
import type { Section } from '../value/key.ts';

/** The formats a source may speak. */
export const sourceFormats = [
  'cloudstack',
  'openstack',
  'monasca',
  'vcd',
  's3',
  'cloudevents',
  'json',
  'xen-orchestra',
  'cloudpods',
  'alertmanager',
] as const;

const rule = (doc: string) => ({ doc, kind: 'text', optional: true }) as const;

/** What else there is to know of a fact's rule. */
const hints: { readonly [F in FactName]?: string } = {
  status: '. For example `state = "ok" ? "Completed" : "Failed"`',
  eventDateTime: ': text, in UTC where it names no zone, or milliseconds since 1970',
  source: '; a constant is written `\'"billing"\'`',
};

/** Where facts are: JSON Pointers and JSONata expressions, which `normalize/` checks. */
const mapping = {
  ...mapFacts(factNamesOfKind('name', 'text', 'instant', 'object'), fact =>
    rule(`Likewise, ${envelopeFacts[fact].doc}${hints[fact] ?? ''}.`),
  ),
  event: rule(
    'Where the event type is: a JSON Pointer such as `/type`, or a JSONata expression. Needed for the format json; any other but cloudstack finds its facts by itself, and a mapping goes before what it finds.',
  ),
  key: rule('Likewise, what names the event for ever, however often it is told.'),
  events: rule(
    'With the format json, where the list is in a message that tells of several events.',
  ),
} as const satisfies Section;

export const formatKeys = {
  format: {
    doc: 'How the cloud writes its messages.',
    kind: 'word',
    words: sourceFormats,
    default: 'cloudstack',
  },
  keepAudit: {
    doc: 'With OpenStack, take also what is told without anything having happened: `*.exists`, metrics, samples, audited requests.',
    kind: 'flag',
    default: false,
  },
  // Source of the default: `alarm_processor.ttl` of monasca-notification.
  alarmTtlMs: {
    doc: 'With Monasca, drop alarms that changed longer ago than this, as its own notification engine does. 0 drops none.',
    unit: 'ms',
    kind: 'whole',
    min: 0,
    max: 2_592_000_000,
    default: 14_400_000,
  },
  showPayload: {
    doc: "Show the source's own payload, scrubbed of secrets, in the envelope under details.payload, to tenants too. Events of the format cloudstack have their own body anyway.",
    kind: 'flag',
    default: false,
  },
  mapping,
} as const satisfies Section;
