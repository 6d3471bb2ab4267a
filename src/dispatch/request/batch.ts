/** Many deliveries in one request: each said by itself, then put together, then perhaps compressed. */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

import type { Batching } from '../../webhook/batching.ts';
import { RenderError } from '../../event/errors.ts';
import type { Webhook } from '../../webhook/webhook.ts';
import { joinRendered } from '../../format/batch.ts';
import type { Rendered } from '../../format/format.ts';
import type { Formats } from '../../format/formats.ts';
import { unsent, type SentAttempt } from './attempt.ts';
import type { Delivery, OutgoingEvent } from '../delivery.ts';
import { requireFormat, type Render } from './render.ts';
import type { OutgoingRequest } from './pool.ts';
import type { Sender } from './send.ts';

/** What became of the events of a batch. */
export interface BatchRequest {
  readonly request: OutgoingRequest;
  /** Those that could not be said, and why; the request goes without them. */
  readonly refused: ReadonlyMap<OutgoingEvent, RenderError>;
}

/**
 * Rejected with a `RenderError` when none of the events can be said.
 *
 * @throws Error when the webhook cannot be sent to as it is, and where the format says one event at a time.
 */
export type BuildBatch = (
  events: readonly OutgoingEvent[],
  webhook: Webhook,
  timeoutMs: number,
) => Promise<BatchRequest>;

export interface FormatBatching extends Batching {
  readonly arrayType: string;
}

/** @throws Error when the webhook wants none, or its format says one event at a time. */
export function batchingOf({ batch, format }: Webhook, formats: Formats): FormatBatching {
  const { arrayType } = requireFormat(formats, format);
  if (!batch) throw new Error('the webhook wants one event a request');
  if (arrayType === undefined) {
    throw new Error(`the format ${format} has one event a request; take batch away`);
  }
  return { ...batch, arrayType };
}

/** Rejected with the first `RenderError` when none of the events can be said. */
export async function renderBatch(
  events: readonly OutgoingEvent[],
  render: Render,
  { as, arrayType }: FormatBatching,
): Promise<{
  readonly form: Rendered;
  readonly refused: ReadonlyMap<OutgoingEvent, RenderError>;
}> {
  const said = await Promise.allSettled(events.map(async event => render(event)));
  const refused = new Map<OutgoingEvent, RenderError>();
  const parts: Rendered[] = [];
  for (const [index, event] of events.entries()) {
    const one = said[index];
    if (one?.status === 'fulfilled') parts.push(one.value);
    else if (one?.reason instanceof RenderError) refused.set(event, one.reason);
    else throw one?.reason;
  }
  const [first] = refused.values();
  if (parts.length === 0 && first) throw first;
  return { form: joinRendered(parts, as, arrayType), refused };
}

const gzipAsync = promisify(gzip);

/** The signatures stay those of what the receiver has once it has unpacked the body, which its server does by itself. */
export async function compressed(request: OutgoingRequest): Promise<OutgoingRequest> {
  const body = await gzipAsync(request.body);
  return { ...request, body, headers: [...request.headers, 'Content-Encoding', 'gzip'] };
}

/** Events of one request together, in UTF-16 units of what they came with; one more may go beyond it. */
const lengthMax = 1_000_000;

/** Says of one delivery after the other whether it still goes along with `first`. */
export function alongWith(first: Delivery, eventsMax: number): (next: Delivery) => boolean {
  let count = 1;
  let { length } = first.event.body;
  return ({ event }) => {
    if (count >= eventsMax || length >= lengthMax) return false;
    count += 1;
    length += event.body.length;
    return true;
  };
}

/**
 * @param done is called once, with the request's attempt, and what is each delivery's own.
 * @throws Error as `BuildBatch`.
 */
export function sendBatch(
  { batch, sender }: { readonly batch: BuildBatch; readonly sender: Sender },
  deliveries: readonly Delivery[],
  { webhook, timeoutMs }: { readonly webhook: Webhook; readonly timeoutMs: number },
  done: (attempt: SentAttempt, attemptOf: (delivery: Delivery) => SentAttempt) => void,
): void {
  const events = deliveries.map(({ event }) => event);
  let refused: ReadonlyMap<OutgoingEvent, RenderError> = new Map();
  const request = batch(events, webhook, timeoutMs).then(made => {
    ({ refused } = made);
    return made.request;
  });
  sender.send(request, attempt =>
    done(attempt, ({ event }) => {
      const refusal = refused.get(event);
      return refusal ? unsent(refusal) : attempt;
    }),
  );
}
