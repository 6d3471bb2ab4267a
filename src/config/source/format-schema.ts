/** The keys of one source that say how its messages are read. */
import { envelopeFacts, factNamesOfKind, mapFacts } from '../../event/envelope.ts';
import type { FactName } from '../../event/envelope.ts';
import type { Key, Keys } from '../value/value-kind.ts';
import { sourceFormats } from '../words.ts';
import type { SourceFormat } from '../words.ts';

export interface RawFormat {
  format: SourceFormat;
  keepAudit: boolean;
  alarmTtlMs: number;
  showPayload: boolean;
  mapping: { [K in keyof Required<MappingConfig>]: string | null };
}

/** Where facts are: JSON Pointers and JSONata expressions, which `normalize/` checks. Those not set are absent. */
export type MappingConfig = {
  readonly [K in Exclude<FactName, 'category'> | 'key' | 'events']?: string;
};

/** Gives a key its environment variable; answers with none for an item of the list `sources`. */
export type Variables = (name: string) => { env?: string };

export const formatKeys = (env: Variables): Keys<RawFormat> => ({
  format: {
    doc: 'How the cloud writes its messages.',
    format: 'word',
    words: sourceFormats,
    default: 'cloudstack',
    ...env('FORMAT'),
  },
  keepAudit: {
    doc: 'With OpenStack, take also what is told without anything having happened: `*.exists`, metrics, samples, audited requests.',
    format: 'flag',
    default: false,
    ...env('KEEP_AUDIT'),
  },
  alarmTtlMs: {
    doc: 'With Monasca, drop alarms that changed longer ago than this, as its own notification engine does. 0 drops none.',
    unit: 'ms',
    format: 'whole',
    min: 0,
    max: 2_592_000_000,
    default: 14_400_000,
    ...env('ALARM_TTL_MS'),
  },
  showPayload: {
    doc: "Show the source's own payload, scrubbed of secrets, in the envelope under details.payload, to tenants too. Events of the format cloudstack have their own body anyway.",
    format: 'flag',
    default: false,
    ...env('SHOW_PAYLOAD'),
  },
  mapping: mappingKeys(env),
});

function mappingKeys(env: Variables): Keys<RawFormat['mapping']> {
  const rule = (name: string, doc: string): Key<string> => ({
    doc,
    format: 'text',
    default: null,
    nullable: true,
    ...env(`MAPPING_${name.replaceAll(/[A-Z]/g, letter => `_${letter}`).toUpperCase()}`),
  });
  return {
    ...mapFacts(factNamesOfKind('name', 'text', 'instant', 'object'), fact =>
      rule(fact, `Likewise, ${envelopeFacts[fact].doc}${hints[fact] ?? ''}.`),
    ),
    event: rule(
      'event',
      'Where the event type is: a JSON Pointer such as `/type`, or a JSONata expression. Needed for the format json; any other but cloudstack finds its facts by itself, and a mapping goes before what it finds.',
    ),
    key: rule('key', 'Likewise, what names the event for ever, however often it is told.'),
    events: rule(
      'events',
      'With the format json, where the list is in a message that tells of several events.',
    ),
  };
}

/** What else there is to know of a fact's rule. */
const hints: { readonly [F in FactName]?: string } = {
  status: '. For example `state = "ok" ? "Completed" : "Failed"`',
  eventDateTime: ': text, in UTC where it names no zone, or milliseconds since 1970',
  source: '; a constant is written `\'"billing"\'`',
};
