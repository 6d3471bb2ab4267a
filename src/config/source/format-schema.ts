/** The keys of one source that say how its messages are read. */
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
export interface MappingConfig {
  readonly event?: string;
  readonly entity?: string;
  readonly entityuuid?: string;
  readonly account?: string;
  readonly user?: string;
  readonly project?: string;
  readonly domain?: string;
  readonly status?: string;
  readonly eventDateTime?: string;
  readonly description?: string;
  readonly source?: string;
  readonly details?: string;
  readonly key?: string;
  readonly events?: string;
}

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
    ...env(`MAPPING_${name}`),
  });
  return {
    event: rule(
      'EVENT',
      'Where the event type is: a JSON Pointer such as `/type`, or a JSONata expression. Needed for the format json; any other but cloudstack finds its facts by itself, and a mapping goes before what it finds.',
    ),
    entity: rule('ENTITY', 'Likewise, the kind of resource.'),
    entityuuid: rule('ENTITYUUID', "Likewise, the resource's id."),
    account: rule(
      'ACCOUNT',
      "Likewise, the id of the account, the project or the tenant that the event belongs to. It decides which tenants' webhooks get it.",
    ),
    user: rule('USER', 'Likewise, who did it.'),
    project: rule('PROJECT', 'Likewise, the project.'),
    domain: rule('DOMAIN', 'Likewise, the domain.'),
    status: rule(
      'STATUS',
      'Likewise, the status, such as `state = "ok" ? "Completed" : "Failed"`.',
    ),
    eventDateTime: rule(
      'EVENT_DATE_TIME',
      'Likewise, the time: text, in UTC where it names no zone, or milliseconds since 1970.',
    ),
    description: rule('DESCRIPTION', 'Likewise, what happened in words.'),
    source: rule(
      'SOURCE',
      'Likewise, the component that spoke; a constant is written `\'"billing"\'`.',
    ),
    details: rule('DETAILS', 'Likewise, an object of further facts.'),
    key: rule('KEY', 'Likewise, what names the event for ever, however often it is told.'),
    events: rule(
      'EVENTS',
      'With the format json, where the list is in a message that tells of several events.',
    ),
  };
}
