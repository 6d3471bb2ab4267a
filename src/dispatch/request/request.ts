/** Turns an event, or a batch of them, and a webhook into the request to send. */
import type { Webhook } from '../../webhook/webhook.ts';
import { attemptHeaders, type Rendered } from '../../format/format.ts';
import { batchingOf, compressed, renderBatch, type BuildBatch } from './batch.ts';
import type { OutgoingEvent } from '../delivery.ts';
import type { OutgoingRequest } from './outgoing.ts';
import { createTargets, type RequestTarget, type TargetOptions } from './target.ts';

export interface RequestOptions extends TargetOptions {
  readonly now: () => number;
}

/**
 * Builds the request for one event. A promise where the webhook's format takes its time; it is rejected with what would
 * have been thrown.
 *
 * @throws {RenderError} when the event cannot be rendered in the webhook's format.
 * @throws Error as `createTargets`, when the webhook cannot be sent to as it is.
 */
export type BuildRequest = (
  event: OutgoingEvent,
  webhook: Webhook,
  timeoutMs: number,
) => OutgoingRequest | Promise<OutgoingRequest>;

/**
 * Renders an event beforehand, where the webhook's format takes its time: a request that is built after that is there at
 * once. Undefined where it takes none; rejected with a `RenderError`.
 */
export type Prepare = (event: OutgoingEvent, webhook: Webhook) => Promise<unknown> | undefined;

export interface RequestBuilder {
  readonly request: BuildRequest;
  readonly prepare: Prepare;
  readonly batch: BuildBatch;
}

export function createRequestBuilder(options: RequestOptions): RequestBuilder {
  const { formats, now } = options;
  const targetOf = createTargets(options);

  function requestOf(
    target: RequestTarget,
    form: Rendered,
    { timeoutMs, replayId }: { readonly timeoutMs: number; readonly replayId: string | undefined },
  ): OutgoingRequest {
    const { route, pathname, search, keyring, headers: own } = target;
    const { subPath, skip, body } = form;
    const { conceal, credential } = target;
    const nowMs = now();
    const headers = attemptHeaders(form, nowMs, keyring.signerAt(nowMs), own);
    if (replayId !== undefined) headers.push('webhook-replay', replayId);
    const path = subPath === undefined ? pathname + search : joinPath(pathname, subPath, search);
    return { route, path, headers, body, timeoutMs, skip, conceal, credential };
  }

  return {
    request(event, webhook, timeoutMs) {
      const target = targetOf(webhook);
      const form = target.render(event);
      return form instanceof Promise
        ? form.then(made => requestOf(target, made, { timeoutMs, replayId: event.replayId }))
        : requestOf(target, form, { timeoutMs, replayId: event.replayId });
    },
    prepare(event, webhook) {
      if (webhook.template === null) return undefined;
      try {
        const form = targetOf(webhook).render(event);
        return form instanceof Promise ? form : undefined;
      } catch {
        // Building the request throws it again, where it is decided on.
        return undefined;
      }
    },
    batch(events, webhook, timeoutMs, bytesMax) {
      const target = targetOf(webhook);
      const own = batchingOf(webhook, formats);
      const batching = { ...own, bytesMax: bytesMax ?? own.bytesMax };
      return renderBatch(events, target.render, batching).then(async ({ form, ...others }) => {
        const sent = events.filter(event => !others.left.has(event));
        const request = requestOf(target, form, { timeoutMs, replayId: replayOf(sent) });
        return { request: own.gzip ? await compressed(request) : request, ...others };
      });
    },
  };
}

/** The one wish that all of the events are delivered again for, if they are. */
function replayOf(events: readonly OutgoingEvent[]): string | undefined {
  const [first] = events;
  return events.every(({ replayId }) => replayId === first?.replayId) ? first?.replayId : undefined;
}

/** @example joinPath('/v2/alerts/', 'a/close?by=alias', '?k=1') // '/v2/alerts/a/close?by=alias&k=1' */
function joinPath(pathname: string, subPath: string, search: string): string {
  const query = subPath.includes('?') ? search.replace('?', '&') : search;
  return `${pathname.replace(/\/$/, '')}/${subPath}${query}`;
}
