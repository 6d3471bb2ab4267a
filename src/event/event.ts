/**
 * The envelope: one thing that happened in a cloud, in the same shape whichever cloud and bus it came by.
 *
 * The field names are Apache CloudStack's own (contract 1.4). A fact the cloud did not state is absent,
 * never null or "".
 */

/**
 * What a normalizer makes of one message, before the event has an id.
 *
 * @example
 * { category: 'ActionEvent', event: 'VM.START', entity: 'VirtualMachine',
 *   entityuuid: 'b4e21db8-0fd2-4122-b604-5626bcfbd0ed', account: '7ae7c033-…', status: 'Completed',
 *   eventDateTime: '2024-07-10T08:05:07.000Z', description: 'Successfully completed …',
 *   source: 'management-server' }
 */
export interface Envelope {
  /** CloudStack's category; absent for other clouds. */
  readonly category?: Category;
  /** The source's own name, verbatim: `VM.START`, `compute.instance.create.end`. */
  readonly event: string;
  /** Kind of resource, short form: `VirtualMachine`. */
  readonly entity?: string;
  readonly entityuuid?: string;
  /** The cloud's id of the account the event belongs to; decides which tenants may see it. */
  readonly account?: string;
  readonly user?: string;
  readonly project?: string;
  readonly domain?: string;
  /** Created, Scheduled, Started, Completed, Failed, or the source's own word. */
  readonly status?: string;
  /** RFC 3339 in UTC, such as `2024-07-10T08:05:07.000Z`. */
  readonly eventDateTime?: string;
  readonly description?: string;
  /** The component that spoke, such as `management-server` or `nova`. */
  readonly source?: string;
  /** Further facts worth showing that have no field of their own. */
  readonly details?: Readonly<Record<string, unknown>>;
}

export const categories = [
  'ActionEvent',
  'AlertEvent',
  'UsageEvent',
  'ResourceStateEvent',
  'AsyncJobEvent',
] as const;

export type Category = (typeof categories)[number];

/** What a test delivery is called. CloudStack's word. */
export const testEventType = 'TEST.WEBHOOK';

/** A test delivery that nobody gave another name to. */
export function isTest({ event, source }: Envelope): boolean {
  return event === testEventType && source === 'hookline';
}

/** An event as it is recorded and delivered. */
export interface Event {
  /** UUIDv7, chosen when the event is recorded; the same on every try, redelivery and duplicate. */
  readonly id: string;
  readonly envelope: Envelope;
  /**
   * What a receiver gets in the format `cloudstack`. CloudStack's own is the message's, byte for byte in UTF-8; any other
   * cloud's is the envelope with the event's id, as JSON.
   */
  readonly body: string;
}
