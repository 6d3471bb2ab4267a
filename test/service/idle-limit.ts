/** Deliveries to one receiver in gaps of about the time for which it keeps an idle connection. */
import { createConnectors } from '../../src/dispatch/egress/connect.ts';
import { rootReach } from '../../src/dispatch/egress/egress-policy.ts';
import { createRoute } from '../../src/dispatch/egress/route.ts';
import { createTrust } from '../../src/dispatch/egress/trust.ts';
import type { SentAttempt } from '../../src/dispatch/request/attempt.ts';
import { createSender } from '../../src/dispatch/request/send.ts';

export interface IdleLimitRun {
  readonly port: number;
  /** For how long the receiver keeps an idle connection. */
  readonly idleMs: number;
  /** Webhooks, each with connections of its own. */
  readonly webhooks: number;
  /** Deliveries to each webhook, one after the other. */
  readonly deliveries: number;
}

export interface IdleLimitResult {
  readonly delivered: number;
  /** Attempts that were answered with anything but 200, or not at all. */
  readonly failed: readonly string[];
  /** 99 of 100 deliveries were answered within this time. */
  readonly p99Ms: number;
}

export async function deliverAtIdleLimit(run: IdleLimitRun): Promise<IdleLimitResult> {
  const attempts = (
    await Promise.all(Array.from({ length: run.webhooks }, (_, number) => deliverTo(run, number)))
  ).flat();
  const failed = attempts
    .filter(({ status }) => status !== 200)
    .map(({ status, error }) => error ?? `status ${status}`);
  const times = attempts.map(({ durationMs }) => durationMs).toSorted((one, other) => one - other);
  return {
    delivered: attempts.length - failed.length,
    failed,
    p99Ms: times[Math.ceil(times.length * 0.99) - 1] ?? Infinity,
  };
}

async function deliverTo(
  { port, idleMs, deliveries }: IdleLimitRun,
  number: number,
): Promise<SentAttempt[]> {
  const sender = createSender({
    responseBytesMax: 1_024,
    connector: createConnectors({
      guard: { requireOther() {}, resolve: async () => [{ address: '127.0.0.1', family: 4 }] },
      trust: createTrust(),
    }),
  });
  const origin = `http://127.0.0.1:${port}`;
  const route = createRoute({ origin, sslVerification: true, reach: rootReach });
  const body = Buffer.from('{"event":"VM.START"}');
  const headers = ['Content-Type', 'application/json'];
  const attempts: SentAttempt[] = [];
  for (let at = 0; at < deliveries; at += 1) {
    // From 0.90 to 1.10 of it, evenly over all.
    const share = 0.9 + 0.2 * (((at + number / 7) * 0.618) % 1);
    if (at > 0) await new Promise(resolve => setTimeout(resolve, idleMs * share));
    attempts.push(
      await new Promise<SentAttempt>(done => {
        const request = { route, path: '/', headers, body, timeoutMs: 10_000, conceal };
        sender.send(request, done);
      }),
    );
  }
  sender.close();
  return attempts;
}

const conceal = (text: string): string => text;
