/** Several deliveries in one request: each rendered by itself, then joined, then perhaps compressed. */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

import type { Batching } from '../../webhook/batching.ts';
import { RenderError } from '../../event/errors.ts';
import type { Webhook } from '../../webhook/webhook.ts';
import { countFitting, joinRendered } from '../../format/batch.ts';
import type { Rendered } from '../../format/format.ts';
import type { Formats } from '../../format/formats.ts';
import { unsent, type SentAttempt } from './attempt.ts';
import type { Delivery, OutgoingEvent } from '../delivery.ts';
import { requireFormat, type Render } from './render.ts';
import type { OutgoingRequest } from './outgoing.ts';
import type { Sender } from './send.ts';

/** The request of a batch, and the events that it goes without. */
export interface BatchRequest {
  readonly request: OutgoingRequest;
  /** The events that could not be rendered, and why. */
  readonly refused: ReadonlyMap<OutgoingEvent, RenderError>;
  /** The events that would make it too large. */
  readonly left: ReadonlySet<OutgoingEvent>;
}

/**
 * Builds the request of a batch. Rejected with a `RenderError` when none of the events can be rendered.
 *
 * @param bytesMax of the body before it is compressed; a single event may exceed it. The webhook's own limit where absent.
 * @throws Error when the webhook cannot be sent to as it is, and where the format allows one event a request only.
 */
export type BuildBatch = (
  events: readonly OutgoingEvent[],
  webhook: Webhook,
  timeoutMs: number,
  bytesMax?: number,
) => Promise<BatchRequest>;

export interface FormatBatching extends Batching {
  readonly arrayType: string;
}

/** The webhook's batching. @throws Error when the webhook wants none, or its format allows one event a request only. */
export function batchingOf({ batch, format }: Webhook, formats: Formats): FormatBatching {
  const { arrayType } = requireFormat(formats, format);
  if (!batch) throw new Error('the webhook wants one event a request');
  if (arrayType === undefined) {
    throw new Error(`the format ${format} has one event a request; remove batch`);
  }
  return { ...batch, arrayType };
}

/** Renders the events. Rejected with the first `RenderError` when none can be rendered. */
export async function renderBatch(
  events: readonly OutgoingEvent[],
  render: Render,
  { as, arrayType, bytesMax }: FormatBatching,
): Promise<Omit<BatchRequest, 'request'> & { readonly form: Rendered }> {
  const said = await Promise.allSettled(events.map(async event => render(event)));
  const refused = new Map<OutgoingEvent, RenderError>();
  const parts: Rendered[] = [];
  const rendered: OutgoingEvent[] = [];
  for (const [index, event] of events.entries()) {
    const one = said[index];
    if (one?.status === 'fulfilled') {
      parts.push(one.value);
      rendered.push(event);
    } else if (one?.reason instanceof RenderError) refused.set(event, one.reason);
    else throw one?.reason;
  }
  const [first] = refused.values();
  if (parts.length === 0 && first) throw first;
  const count = countFitting(parts, bytesMax);
  const form = joinRendered(parts.slice(0, count), as, arrayType);
  return { form, refused, left: new Set(rendered.slice(count)) };
}

const gzipAsync = promisify(gzip);

/**
 * Compresses the body. The signatures stay those of the body that the receiver sees, which its server unpacks by
 * itself.
 */
export async function compressed(request: OutgoingRequest): Promise<OutgoingRequest> {
  const body = await gzipAsync(request.body);
  const headers = [...request.headers, 'Content-Encoding', 'gzip'];
  return { ...request, body, headers, plainBody: request.body };
}

/**
 * Decides for one delivery after the other whether it goes in the same request as `first`, by the lengths of their recorded
 * bodies; how long they are when rendered is seen when they are. A part of a refused batch goes by itself.
 */
export function alongWith(
  first: Delivery,
  { eventsMax, bytesMax }: { readonly eventsMax: number; readonly bytesMax: number },
): (next: Delivery) => boolean {
  let count = 1;
  let { length } = first.event.body;
  return ({ event, part }) => {
    count += 1;
    length += event.body.length;
    return part === first.part && count <= eventsMax && length <= bytesMax;
  };
}

export interface BatchOrder {
  readonly webhook: Webhook;
  readonly timeoutMs: number;
  /** Maximum size of the body before it is compressed; a single event may exceed it. */
  readonly bytesMax: number;
  /** Called before `done`, and at most once, with the deliveries that no longer fit. */
  readonly left: (deliveries: readonly Delivery[]) => void;
  /** Called once. */
  readonly done: (sent: SentBatch) => void;
}

export interface SentBatch {
  readonly attempt: SentAttempt;
  /** Those that were in the request. */
  readonly deliveries: readonly Delivery[];
  /** Those that could not be rendered beside them, and their own attempts. */
  readonly unsent: ReadonlyMap<Delivery, SentAttempt>;
  /** Size of the body before it was compressed; 0 where there was no request. */
  readonly bytes: number;
}

/**
 * Sends a batch.
 *
 * @throws Error as `BuildBatch`.
 */
export function sendBatch(
  { batch, sender }: { readonly batch: BuildBatch; readonly sender: Sender },
  group: readonly Delivery[],
  { webhook, timeoutMs, bytesMax, left, done }: BatchOrder,
): void {
  const events = group.map(({ event }) => event);
  const refusals = new Map<Delivery, SentAttempt>();
  let deliveries = group;
  let bytes = 0;
  let hasEnded = false;
  const request = batch(events, webhook, timeoutMs, bytesMax).then(made => {
    // Shutdown has ended it already, with all of them.
    if (hasEnded) return made.request;
    const { plainBody, body } = made.request;
    bytes = (plainBody ?? body).length;
    for (const one of group) {
      const refusal = made.refused.get(one.event);
      if (refusal) refusals.set(one, unsent(refusal));
    }
    deliveries = group.filter(one => !refusals.has(one) && !made.left.has(one.event));
    const later = group.filter(({ event }) => made.left.has(event));
    if (later.length > 0) left(later);
    return made.request;
  });
  sender.send(request, attempt => {
    hasEnded = true;
    done({ attempt, deliveries, unsent: refusals, bytes });
  });
}
