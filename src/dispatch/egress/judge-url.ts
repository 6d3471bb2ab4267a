/** Tells of a URL, before anything is sent to it, whether the egress rules close it to its webhook. */
import { isIP } from 'node:net';

import type { Webhook } from '../../webhook/webhook.ts';
import type { Reach } from './egress-policy.ts';
import { EgressBlockedError, type EgressGuard } from './guard.ts';

/**
 * Only addresses are judged, and names that are this machine's own: what another name stands for may change before it is
 * connected to, and asking for it takes time.
 *
 * @returns what closes it; undefined when nothing does, or it is a name.
 */
export type JudgeUrl = (webhook: Webhook) => Promise<string | undefined>;

export function createJudgeUrl(guard: EgressGuard, reachOf: (webhook: Webhook) => Reach): JudgeUrl {
  return async webhook => {
    const { hostname, port, protocol } = new URL(webhook.payloadUrl);
    const named = hostname.replace(/^\[(.*)\]$/, '$1');
    const host = isLoopback.test(named) ? '127.0.0.1' : named;
    if (isIP(host) === 0) return undefined;
    const number = Number(port) || (protocol === 'https:' ? 443 : 80);
    try {
      await guard.resolve(host, number, reachOf(webhook), webhook.accountId);
      return undefined;
    } catch (error) {
      if (error instanceof EgressBlockedError) return error.message;
      throw error;
    }
  };
}

/** Source: RFC 6761, section 6.3. */
const isLoopback = /(^|\.)localhost\.?$/i;
