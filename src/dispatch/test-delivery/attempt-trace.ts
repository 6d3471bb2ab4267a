/** Traces one attempt from the look-up to the response, for people who want to see how far it got. */
import { isIP } from 'node:net';

import type { Phase } from '../../outcome/symptoms.ts';
import type { ResponseHeaders } from '../connection/response-head.ts';
import type { SentAttempt } from '../request/attempt.ts';
import type { Watch } from '../egress/connect.ts';
import { describeTls, type TlsDetails } from '../egress/tls-details.ts';

/** Duration of each step in milliseconds; absent for a step that was not reached, or not needed. */
export interface Timing {
  /** RFC 3339. */
  readonly startedAt: string;
  readonly lookupMs?: number;
  readonly connectMs?: number;
  readonly tlsMs?: number;
  /** Time from the request to the head of the response. */
  readonly waitMs?: number;
  readonly totalMs: number;
}

export interface ConnectionDetails {
  /** The receiver's address; absent where a proxy resolved its name. */
  readonly address?: string;
  readonly isProxied: boolean;
}

export interface AttemptTrace {
  readonly watch: Watch;
  readonly onHead: (status: number, headers: ResponseHeaders) => void;
  phase(): Phase;
  timing(attempt: SentAttempt): Timing;
  /** The connection; undefined when there was none. */
  connection(): ConnectionDetails | undefined;
  tls(): TlsDetails | undefined;
  head(): { readonly status: number; readonly headers: ResponseHeaders } | undefined;
}

/** Starts a trace. @param isTls whether a handshake follows the connection. */
export function startAttemptTrace(isTls: boolean): AttemptTrace {
  const startedAtMs = performance.now();
  let resolvedAtMs: number | undefined;
  let reachedAtMs: number | undefined;
  let securedAtMs: number | undefined;
  let headAtMs: number | undefined;
  let asked: string | undefined;
  let connection: ConnectionDetails | undefined;
  let tls: TlsDetails | undefined;
  let head: ReturnType<AttemptTrace['head']>;
  return {
    watch(step) {
      switch (step.kind) {
        case 'resolved':
          resolvedAtMs = performance.now();
          asked = step.addresses[0]?.address;
          return;
        case 'reached': {
          reachedAtMs = performance.now();
          const address = step.tunnelTo ?? step.socket.remoteAddress ?? asked;
          const isProxied = step.tunnelTo !== undefined;
          connection = {
            ...(address !== undefined && isIP(address) !== 0 && { address }),
            isProxied,
          };
          return;
        }
        case 'secured':
          securedAtMs = performance.now();
          tls = describeTls(step.socket);
      }
    },
    onHead(status, headers) {
      headAtMs = performance.now();
      head = { status, headers };
    },
    phase() {
      if (headAtMs !== undefined) return 'reading';
      if (reachedAtMs === undefined) return resolvedAtMs === undefined ? 'resolving' : 'connecting';
      return isTls && securedAtMs === undefined ? 'securing' : 'waiting';
    },
    timing({ startedAt, durationMs }) {
      const lookupMs = elapsed(startedAtMs, resolvedAtMs);
      const connectMs = elapsed(resolvedAtMs, reachedAtMs);
      const tlsMs = elapsed(reachedAtMs, securedAtMs);
      const waitMs = elapsed(isTls ? securedAtMs : reachedAtMs, headAtMs);
      return {
        startedAt: startedAt.toISOString(),
        ...(lookupMs !== undefined && { lookupMs }),
        ...(connectMs !== undefined && { connectMs }),
        ...(tlsMs !== undefined && { tlsMs }),
        ...(waitMs !== undefined && { waitMs }),
        totalMs: durationMs,
      };
    },
    connection: () => connection,
    tls: () => tls,
    head: () => head,
  };
}

/** The time between two instants, to a tenth of a millisecond. */
function elapsed(fromMs: number | undefined, toMs: number | undefined): number | undefined {
  if (fromMs === undefined || toMs === undefined) return undefined;
  return Math.round((toMs - fromMs) * 10) / 10;
}
