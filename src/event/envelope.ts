/**
 * The envelope: one thing that happened in a cloud, in the same shape whichever cloud and bus it came by.
 *
 * Its fields are called facts, and their names are Apache CloudStack's own (contract 1.4). A fact that the cloud did not
 * state is absent, never null or "".
 *
 * Whatever treats all facts alike derives from `envelopeFacts`: types, normalizing, mappings and their configuration,
 * statements, REST schemas. A new fact takes a row there, a column in `store/schema/event.ts` and one in a migration.
 */

/** CloudStack's five kinds of events. */
export const categories = [
  'ActionEvent',
  'AlertEvent',
  'UsageEvent',
  'ResourceStateEvent',
  'AsyncJobEvent',
] as const;
/** The category of Hookline's own events. */
export const ownCategory = 'HooklineEvent';
export type Category = (typeof categories)[number];

export interface FactDefinition {
  /**
   * - `category`: one of `categories`.
   * - `name`: an id or a name; a message in which it is longer than its limit is refused, for half an id would be another's.
   * - `text`: prose; cut at its limit.
   * - `instant`: RFC 3339 in UTC, such as `2024-07-10T08:05:07.000Z`.
   * - `object`: any JSON object.
   */
  readonly kind: 'category' | 'name' | 'text' | 'instant' | 'object';
  /** Column of the table `event`. */
  readonly column: string;
  /** A phrase for people, without a full stop; configuration and REST make sentences of it. */
  readonly doc: string;
  readonly example?: string;
  /** Maximum length; `characters` are UTF-16 units, `bytes` are UTF-8's. */
  readonly limit?: { readonly max: number; readonly unit: 'characters' | 'bytes' };
}

/** Maximum length of ids and names in characters; longer ones would not fit an index either. */
export const nameLengthMax = 255;
/** Maximum length of descriptions in characters; longer ones are cut. */
export const descriptionLengthMax = 4_096;
/**
 * Maximum length of a resource's id in bytes. It may be longer than others because an object in an object store has no
 * other id than its bucket and key, which end there.
 */
export const entityuuidBytesMax = 1_100;

const name = { kind: 'name', limit: { max: nameLengthMax, unit: 'characters' } } as const;

/** Every fact of an envelope, in the order in which people read them. */
export const envelopeFacts = {
  category: {
    kind: 'category',
    column: 'category',
    doc: "CloudStack's category; absent for other clouds",
    example: 'ActionEvent',
  },
  event: { ...name, column: 'event', doc: "the source's own name", example: 'VM.START' },
  entity: { ...name, column: 'entity', doc: 'the kind of resource', example: 'VirtualMachine' },
  entityuuid: {
    kind: 'name',
    column: 'entityuuid',
    doc: "the resource's id",
    limit: { max: entityuuidBytesMax, unit: 'bytes' },
  },
  account: {
    ...name,
    column: 'account',
    doc: "the id of the account, the project or the tenant that the event belongs to. It decides which tenants' webhooks get it",
  },
  user: { ...name, column: 'user_id', doc: 'who did it' },
  project: { ...name, column: 'project', doc: 'the project' },
  domain: { ...name, column: 'domain', doc: 'the domain' },
  status: {
    ...name,
    column: 'status',
    doc: "the status: Created, Scheduled, Started, Completed, Failed, or the source's own word",
    example: 'Completed',
  },
  eventDateTime: { kind: 'instant', column: 'event_date_time', doc: 'the time it happened' },
  description: {
    kind: 'text',
    column: 'description',
    doc: 'what happened, in words',
    limit: { max: descriptionLengthMax, unit: 'characters' },
  },
  source: {
    ...name,
    column: 'origin',
    doc: 'the component that spoke',
    example: 'management-server',
  },
  details: { kind: 'object', column: 'details', doc: 'an object of further facts' },
} as const satisfies Record<string, FactDefinition>;

type Definitions = typeof envelopeFacts;

export type FactName = keyof Definitions;

/** The names of the facts of one kind or several. */
export type FactOfKind<Kind extends FactDefinition['kind']> = {
  [F in FactName]: Definitions[F]['kind'] extends Kind ? F : never;
}[FactName];

interface FactValueOfKind {
  readonly category: Category | typeof ownCategory;
  readonly name: string;
  readonly text: string;
  readonly instant: string;
  readonly object: Readonly<Record<string, unknown>>;
}

type FactValues = { readonly [F in FactName]?: FactValueOfKind[Definitions[F]['kind']] };

/**
 * The facts of one message, as a normalizer answers with them, before the event has an id.
 *
 * @example
 * { category: 'ActionEvent', event: 'VM.START', entity: 'VirtualMachine',
 *   entityuuid: 'b4e21db8-0fd2-4122-b604-5626bcfbd0ed', account: '7ae7c033-…', status: 'Completed',
 *   eventDateTime: '2024-07-10T08:05:07.000Z', description: 'Successfully completed …',
 *   source: 'management-server' }
 */
export interface Envelope extends FactValues {
  /** The source's own name, verbatim: `VM.START`, `compute.instance.create.end`. */
  readonly event: string;
}

const isFactName = (text: string): text is FactName => Object.hasOwn(envelopeFacts, text);

/** Names of all facts, in the order of the table. */
export const factNames: readonly FactName[] = Object.keys(envelopeFacts).filter(isFactName);

/** Selects facts by their kind. @returns their names, in the order of the table. */
export function factNamesOfKind<Kind extends FactDefinition['kind']>(
  ...kinds: readonly Kind[]
): readonly FactOfKind<Kind>[] {
  const wanted: ReadonlySet<string> = new Set(kinds);
  return factNames.filter((fact): fact is FactOfKind<Kind> => wanted.has(envelopeFacts[fact].kind));
}

/** Builds an object with one value for each of these facts, in their order. */
export function mapFacts<F extends FactName, Value>(
  names: readonly F[],
  valueOf: (fact: F) => Value,
): { readonly [K in F]: Value };
export function mapFacts<F extends FactName>(
  names: readonly F[],
  valueOf: (fact: F) => unknown,
): object {
  return Object.fromEntries(names.map(fact => [fact, valueOf(fact)]));
}

/**
 * The body of every event that did not come with a body of its own (contract 1.5).
 *
 * @example '{"id":"01a1fb67-…","event":"compute.instance.create.end","entity":"instance", …}'
 */
export function envelopeJson(id: string, envelope: Envelope): string {
  return JSON.stringify({ id, ...envelope });
}

/**
 * The same envelope with its keys in one order, at every depth: PostgreSQL keeps those of `details` in an order of its
 * own, and the second try, which comes from there, must have the bytes of the first.
 */
export function orderEnvelope(envelope: Envelope): Envelope {
  const { event } = envelope;
  const stated = factNames.flatMap(fact => {
    const value = envelope[fact];
    return value === undefined ? [] : [[fact, ordered(value)] as const];
  });
  return { ...Object.fromEntries(stated), event };
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => [key, ordered(item)] as const);
  return Object.fromEntries(entries);
}
