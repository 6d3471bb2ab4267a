/** What the dispatcher works with: its limits, and the parts it calls. */
import type { Attempt } from '../../event/delivery.ts';
import type { Concern } from '../../event/event.ts';
import type { Log } from '../../event/log.ts';
import type { RetryPolicy } from '../../outcome/backoff.ts';
import type { SuccessCodes, Verdict } from '../../outcome/classify.ts';
import type { Webhook } from '../../webhook/webhook.ts';
import type { BuildBatch } from '../request/batch.ts';
import type { BuildRequest, Prepare } from '../request/request.ts';
import type { Sender } from '../request/send.ts';
import type { Breakers } from './breaker/breakers.ts';
import type { Writer } from './writer.ts';

export interface AttemptSettings {
  readonly tries: number;
  /** Deadline of the whole attempt. */
  readonly timeoutMs: number;
  readonly backoff: RetryPolicy;
  /** `hold`: silent attempts cost no try, and what nobody answers is held back. */
  readonly outage: 'hold' | 'fail';
  /** A webhook that failed for so long is disabled; Infinity disables none. */
  readonly disableAfterMs: number;
}

export interface DispatcherOptions {
  /** Requests in flight to quick receivers. */
  readonly concurrency: number;
  /** Requests in flight to receivers that are slow, silent or not known yet. */
  readonly slowConcurrency: number;
  /** Deliveries in memory: waiting, in flight, and not written yet. */
  readonly windowMax: number;
  /** A fresh delivery that has waited this long in its lane is spilled. */
  readonly laneWaitMs: number;
  readonly slowMs: number;
  /** The settings that apply to a webhook now; asked for before each attempt. */
  readonly settingsOf: (webhook: Webhook) => AttemptSettings;
  readonly success: SuccessCodes;
  readonly webhook: (id: string) => Webhook | undefined;
  /** Whether the webhook's present scope covers the event; undefined when this process knows nobody whom it concerns. */
  readonly covers: (webhook: Webhook, concern: Concern) => boolean | undefined;
  readonly request: BuildRequest;
  readonly prepare: Prepare;
  readonly batch: BuildBatch;
  readonly disable: (webhook: Webhook, reason: string) => void;
  readonly sender: Sender;
  readonly writer: Writer;
  readonly breakers: Breakers;
  readonly random: () => number;
  readonly onAttempt: (webhookId: string, attempt: Attempt, verdict: Verdict['kind']) => void;
  /** A delivery was written that waits in the database, by now or until a time. */
  readonly onPending: () => void;
  /** An attempt failed for want of files, buffers or memory here. @param code of the system: `EMFILE`. */
  readonly onShortage: (code: string) => void;
  readonly log: Log;
}
