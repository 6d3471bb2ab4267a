/**
 * Test deliveries: one attempt each, made by the code that makes the real ones, on a connection of its own that is
 * traced. Nothing of it is recorded.
 *
 * Source: apache/cloudstack, WebhookServiceImpl.executeWebhookDelivery and its default payload.
 */
import { hiddenValue } from '../../format/own-header.ts';
import { Turns } from '../../event/turns.ts';
import type { Webhook } from '../../webhook/webhook.ts';
import type { SuccessCodes } from '../../outcome/classify.ts';
import { diagnose } from '../../outcome/diagnose.ts';
import { isCertificateError } from '../../outcome/diagnose-tls.ts';
import type { Diagnosis, DiagnosisCode } from '../../outcome/symptoms.ts';
import { Connections } from '../connection/connections.ts';
import type { OutgoingEvent } from '../delivery.ts';
import type { ResponseHeaders } from '../connection/response-head.ts';
import { firstOf, RunningAttempt, type SentAttempt } from '../request/attempt.ts';
import type { OpenConnector } from '../egress/connect.ts';
import { describeError } from '../request/describe-error.ts';
import {
  startAttemptTrace,
  type ConnectionDetails,
  type AttemptTrace,
  type Timing,
} from './attempt-trace.ts';
import { testEvent } from './test-event.ts';
import type { BuildBatch } from '../request/batch.ts';
import { createConceal } from '../request/conceal.ts';
import { withoutControls } from '../request/response-text.ts';
import type { BuildRequest } from '../request/request.ts';
import type { OutgoingRequest } from '../request/outgoing.ts';
import { inspectCertificate, type TlsDetails } from '../egress/tls-details.ts';

export interface TestDeliveryOptions {
  readonly connector: OpenConnector;
  readonly request: BuildRequest;
  readonly batch: BuildBatch;
  /** Number of bytes of a response that are kept. */
  readonly responseBytesMax: number;
  readonly timeoutMsOf: (webhook: Webhook) => number;
  readonly success: SuccessCodes;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface TestDelivery {
  /** The webhook, saved or not; its owner decides where it may go. */
  readonly webhook: Webhook;
  /** UUID for the headers; no event has it. */
  readonly eventId: string;
  /** The payload that the event is made of; `defaultPayload` when absent. */
  readonly payload?: string;
  /** Asks for consent instead of sending. The status of the response says nothing; its headers do. */
  readonly asks?: true;
  /** Aborts when nobody waits for the result any more; then the test ends, and its place is free. */
  readonly signal?: AbortSignal;
}

export interface TestDeliveryResult {
  readonly diagnosis: Diagnosis;
  /** The request as it was sent, the webhook's own headers masked; absent when the webhook does not allow one. */
  readonly request?: {
    readonly method: 'POST' | 'OPTIONS';
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  };
  /** The response; absent when none came. */
  readonly response?: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string | readonly string[]>>;
    /** The first bytes. */
    readonly body: string;
  };
  /** The error as a delivery's attempt would record it. */
  readonly error?: string;
  /** Durations of the steps; absent when nothing was tried. */
  readonly timing?: Timing;
  /** The connection; absent when there was none. */
  readonly connection?: ConnectionDetails;
  /** The TLS connection, also one whose certificate was refused. */
  readonly tls?: TlsDetails;
}

export type MakeTestDelivery = (test: TestDelivery) => Promise<TestDeliveryResult>;

/** Maximum numbers of test deliveries at a time, in all and for one account; people start them by hand. */
const testLimits = { max: 64, ownerMax: 4 };
/** Longest a test may take, whatever the webhook's own limit is: somebody waits for it. */
const testMsMax = 10_000;

export function createTestDelivery(options: TestDeliveryOptions): MakeTestDelivery {
  const places = new Turns(testLimits);
  return async test => {
    const { accountId } = test.webhook;
    if (places.isBusyFor(accountId)) {
      return notTried('busy', 'Too many test deliveries at this moment.');
    }
    return places.take(accountId, async () => attemptTest(options, test));
  };
}

async function attemptTest(
  options: TestDeliveryOptions,
  test: TestDelivery,
): Promise<TestDeliveryResult> {
  const { webhook } = test;
  const event = testEvent(test, options.now());
  let request: OutgoingRequest;
  try {
    const timeoutMs = Math.min(options.timeoutMsOf(webhook), testMsMax);
    const made = await buildAsDelivered(options, event, webhook, timeoutMs);
    request = test.asks ? toQuestion(made) : made;
  } catch (error) {
    return notTried('webhook_invalid', `Nothing can be sent to it: ${describeError(error)}.`);
  }
  if (request.skip !== undefined) return notTried('skipped', `Nothing is sent: ${request.skip}.`);
  const { origin } = request.route;
  const trace = startAttemptTrace(origin.startsWith('https:'));
  const attempt = await attemptOnce(options, request, trace, test.signal);
  const tls = trace.tls() ?? (await lookAgain(options, request, attempt));
  const head = trace.head();
  const url = origin + request.path;
  const connection = trace.connection();
  return {
    diagnosis: diagnose({
      ...attempt,
      url,
      phase: trace.phase(),
      timeoutMs: request.timeoutMs,
      success: options.success,
      location: show(firstOf(head?.headers['location']), request),
      certificate: tls?.certificate,
      protocol: tls?.protocol,
      contentType: valueIn(request.headers, 'content-type'),
      isCompressed: request.plainBody !== undefined,
    }),
    request: {
      method: request.method ?? 'POST',
      url,
      headers: showSent(request, webhook.headers ?? {}),
      body: withoutCredential(request, (request.plainBody ?? request.body).toString()),
    },
    ...(head && {
      response: {
        status: head.status,
        headers: showReceived(head.headers, request),
        body: attempt.responseBody ?? '',
      },
    }),
    ...(attempt.error !== undefined && { error: attempt.error }),
    timing: trace.timing(attempt),
    ...(connection && { connection }),
    ...(tls && { tls }),
  };
}

/** Builds the request as deliveries are: where they are batched, as a batch of one. */
async function buildAsDelivered(
  { request, batch }: TestDeliveryOptions,
  event: OutgoingEvent,
  webhook: Webhook,
  timeoutMs: number,
): Promise<OutgoingRequest> {
  if (!webhook.batch) return request(event, webhook, timeoutMs);
  return (await batch([event], webhook, timeoutMs)).request;
}

/**
 * Turns a request into the question for consent.
 *
 * Source: CloudEvents, http-webhook.md section 4.1: OPTIONS to the very same URL. The origin is among the headers.
 */
function toQuestion({ headers, ...request }: OutgoingRequest): OutgoingRequest {
  const asked = headers.filter((_, at) => {
    const name = headers[at - (at % 2)]?.toLowerCase() ?? '';
    return !/^(content-type|content-encoding|webhook-(id|timestamp|signature))$/.test(name);
  });
  return { ...request, method: 'OPTIONS', headers: asked, body: Buffer.alloc(0) };
}

function notTried(code: DiagnosisCode, text: string): TestDeliveryResult {
  return { diagnosis: { code, text } };
}

async function attemptOnce(
  { connector, responseBytesMax }: TestDeliveryOptions,
  request: OutgoingRequest,
  { watch, onHead }: AttemptTrace,
  signal?: AbortSignal,
): Promise<SentAttempt> {
  const { promise, resolve: done } = Promise.withResolvers<SentAttempt>();
  const { route, timeoutMs, conceal } = request;
  const keepBytes = responseBytesMax;
  const attempt = new RunningAttempt({ keepBytes, timeoutMs, conceal, onHead, done });
  const giveUp = (): void => attempt.interrupt();
  signal?.addEventListener('abort', giveUp, { once: true });
  let connections: Connections | undefined;
  try {
    signal?.throwIfAborted();
    connections = new Connections(route.origin, connector(route, watch));
    attempt.follow(connections.send(request, attempt));
  } catch (error) {
    attempt.fail(error);
  }
  const made = await promise;
  signal?.removeEventListener('abort', giveUp);
  connections?.destroy();
  return made;
}

async function lookAgain(
  { connector }: TestDeliveryOptions,
  { route }: OutgoingRequest,
  { errorCode = '' }: SentAttempt,
): Promise<TlsDetails | undefined> {
  return isCertificateError(errorCode) ? inspectCertificate(connector, route) : undefined;
}

function showSent(
  request: OutgoingRequest,
  own: Readonly<Record<string, string>>,
): Record<string, string> {
  const { headers } = request;
  const names = headers.filter((_, index) => index % 2 === 0);
  return Object.fromEntries(
    names.map((name, index) => [
      name,
      Object.hasOwn(own, name)
        ? hiddenValue
        : withoutCredential(request, headers[index * 2 + 1] ?? ''),
    ]),
  );
}

/** Hides the secret, which some receivers want to see in the body or in a header. */
function withoutCredential({ credential }: OutgoingRequest, text: string): string {
  return credential === undefined ? text : createConceal([credential])(text, false);
}

function showReceived(
  headers: ResponseHeaders,
  { conceal }: OutgoingRequest,
): Record<string, string | readonly string[]> {
  const shown = (value: string): string => conceal(withoutControls(value), false);
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined
        ? []
        : [[name, typeof value === 'string' ? shown(value) : value.map(shown)]],
    ),
  );
}

function show(text: string | undefined, { conceal }: OutgoingRequest): string | undefined {
  return text === undefined ? undefined : conceal(withoutControls(text), false);
}

/** @param headers name, value, … @param name in lower case. */
function valueIn(headers: readonly string[], name: string): string | undefined {
  const at = headers.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === name);
  return at < 0 ? undefined : headers[at + 1];
}
