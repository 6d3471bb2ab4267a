/** An event: an envelope that has its id. */
import { ownCategory } from './envelope.ts';
import type { Envelope } from './envelope.ts';

/** The event type of a test delivery; CloudStack's word. */
export const testEventType = 'TEST.WEBHOOK';

/** Whether the envelope is the default one of a test delivery. */
export function isTest({ event, source }: Envelope): boolean {
  return event === testEventType && source === 'hookline';
}

/**
 * Whom an event concerns where no account owns it, as its message proves. It is no part of the envelope: what an
 * envelope says of a domain or a user may be another's, such as the asker's, and decides nothing.
 */
export const provenFacts = {
  provenDomain: {
    column: 'proven_domain',
    doc: 'the id of the domain that the event concerns, as its message proves',
  },
  provenUser: {
    column: 'proven_user',
    doc: 'the id of the user that the event concerns, as its message proves',
  },
} as const;

export type ProvenFact = keyof typeof provenFacts;
export const provenNames = ['provenDomain', 'provenUser'] as const satisfies readonly ProvenFact[];
export type Proven = { readonly [F in ProvenFact]?: string };

/** The facts of an event that decide whom it concerns. */
export type Concern = Pick<Envelope, 'account' | 'project' | 'category'> & Proven;

/** An event as it is recorded and delivered. */
export interface Event extends Proven {
  /** UUIDv7, chosen when the event is recorded; the same on every try, redelivery and duplicate. */
  readonly id: string;
  readonly envelope: Envelope;
  /**
   * The body that a receiver gets in the format `cloudstack`. CloudStack's own events keep the message's, byte for byte in
   * UTF-8; any other cloud's have the envelope with the event's id, as JSON.
   */
  readonly body: string;
}

/**
 * Hookline's own events, of what happens to webhooks. They are recorded and delivered like any other (contract 1.5).
 *
 * - `WEBHOOK.FAILING`: its last three attempts failed, or more.
 * - `WEBHOOK.RECOVERED`: it was failing, and its receiver has accepted a request.
 * - `WEBHOOK.DISABLED`: Hookline has disabled it.
 * - `WEBHOOK.BACKLOG`: more waited for it, or for its owner, than is kept, and the oldest deliveries were given up.
 */
export const ownEvents = [
  'WEBHOOK.FAILING',
  'WEBHOOK.RECOVERED',
  'WEBHOOK.DISABLED',
  'WEBHOOK.BACKLOG',
] as const;
export type OwnEvent = (typeof ownEvents)[number];

export const isOwnEvent = (event: string): boolean => ownEvents.some(own => own === event);

/** Whether the event tells of this very webhook, which never gets it. */
export const isAbout = ({ category, entityuuid }: Envelope, webhookId: string): boolean =>
  category === ownCategory && entityuuid === webhookId;
