/** The keys about reading messages, which sources of every kind have. */
import { envelopeFacts, factNamesOfKind, mapFacts } from '../../event/envelope.ts';
import type { FactName } from '../../event/envelope.ts';
import type { Section } from '../value/key.ts';

/** Every source format. */
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

/** Additions to the description of a fact, for those who write a rule for it. */
const hints: { readonly [F in FactName]?: string } = {
  status: '. For example `state = "ok" ? "Completed" : "Failed"`',
  eventDateTime: ': text, in UTC where it names no zone, or milliseconds since 1970',
  source: '; a constant is written `\'"billing"\'`',
};

/** Rules that find the facts of an event: JSON Pointers and JSONata expressions, whose syntax `normalize/mapping.ts` checks. */
const mapping = {
  ...mapFacts(factNamesOfKind('name', 'text', 'instant', 'object'), fact =>
    rule(`Where to find ${envelopeFacts[fact].doc}${hints[fact] ?? ''}.`),
  ),
  event: rule(
    'Where to find the event type: a JSON Pointer such as `/type`, or a JSONata expression. Required with the format json. Other formats, cloudstack excepted, find the facts of an event themselves; the rules of a mapping override what they find.',
  ),
  key: rule('Where to find a permanent id of the event, by which repetitions are recognized.'),
  events: rule(
    'With the format json, where to find the list in messages that carry several events.',
  ),
} as const satisfies Section;

export const formatKeys = {
  format: {
    doc: 'Format of the messages.',
    kind: 'word',
    words: sourceFormats,
    default: 'cloudstack',
  },
  keepAudit: {
    doc: 'With the format openstack, also record notifications that report no change: `*.exists`, metrics, samples, audited requests.',
    kind: 'flag',
    default: false,
  },
  // Source of the default: `alarm_processor.ttl` of monasca-notification.
  alarmTtlMs: {
    doc: "With the format monasca, drop alarms whose last change is older than this, as Monasca's own notification engine does; 0 drops none.",
    unit: 'ms',
    kind: 'whole',
    min: 0,
    max: 2_592_000_000,
    default: 14_400_000,
  },
  showPayload: {
    doc: "Whether the envelope includes the source's own payload, without its secrets, as details.payload. Tenants see it, too. Events of the format cloudstack are sent with their own body anyway.",
    kind: 'flag',
    default: false,
  },
  mapping,
} as const satisfies Section;
