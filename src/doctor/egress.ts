/** Findings about the egress: which addresses are open, whether the proxy answers, and whether one receiver can be reached. */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { once } from 'node:events';

import type { Config } from '../config/config.ts';
import { type ConnectionStep, type OpenConnector } from '../dispatch/egress/connect.ts';
import type { Egress } from '../dispatch/egress/egress.ts';
import {
  EgressBlockedError,
  type EgressGuard,
  type ResolvedAddress,
} from '../dispatch/egress/guard.ts';
import { type Reach, rootReach, tenantReach } from '../dispatch/egress/egress-policy.ts';
import { readNoProxy } from '../dispatch/egress/no-proxy.ts';
import { createRoute } from '../dispatch/egress/route.ts';
import type { Finding } from '../event/finding.ts';
import { diagnose } from '../outcome/diagnose.ts';
import type { Phase } from '../outcome/symptoms.ts';

type Found = Omit<Finding, 'check'>;

export function describeRules({ allow, deny }: Config['egress']): Found {
  return {
    state: 'ok',
    found: `public addresses are open to all webhooks, private ones to those of the root domain; also open: ${listed(allow)}; closed: ${listed(deny)}`,
  };
}

const listed = (ranges: readonly string[]): string =>
  ranges.length === 0 ? 'none' : ranges.join(', ');

const connectMs = 10_000;

/** Connects to the proxy, and sends it nothing. */
export async function inspectProxy({
  url,
  noProxy,
}: NonNullable<Config['egress']['proxy']>): Promise<Found> {
  const { protocol, hostname, port } = new URL(url);
  const isTls = protocol === 'https:';
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const at = { host, port: Number(port) || (isTls ? 443 : 80) };
  const socket: Socket = isTls ? connectTls({ ...at, rejectUnauthorized: false }) : connect(at);
  try {
    const signal = AbortSignal.timeout(connectMs);
    await once(socket, isTls ? 'secureConnect' : 'connect', { signal });
  } finally {
    socket.destroy();
  }
  const past = noProxy.length === 0 ? '' : `; bypassed for ${noProxy.join(', ')}`;
  return { state: 'ok', found: `the proxy ${at.host}:${at.port} accepts connections${past}` };
}

/**
 * Asks the egress guard about a receiver and connects to it; sends nothing.
 *
 * @param proxy the configured one.
 */
export async function inspectReceiver(
  url: URL,
  { guard, connector }: Egress,
  proxy: Config['egress']['proxy'],
): Promise<readonly Found[]> {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  const goesBy = proxy && !readNoProxy(proxy.noProxy)(host, port);
  if (goesBy && proxy.resolve === 'proxy') {
    const found = `the proxy resolves ${host} and decides; Hookline itself checks only addresses written in URLs`;
    return [{ state: 'ok', found }, await tryConnection(url, connector)];
  }
  const root = await judge(guard, { host, port }, rootReach);
  const tenant = await judge(guard, { host, port }, tenantReach);
  if (root.addresses === undefined) {
    return [{ state: 'fail', found: `${host}: ${root.said}`, hint: blockedHint }];
  }
  const open = root.addresses.map(({ address }) => address).join(', ');
  const allowed: Found = tenant.addresses
    ? { state: 'ok', found: `${host} is ${open}: allowed` }
    : {
        state: 'warn',
        found: `${host} is ${open}: allowed for webhooks of the root domain; for those of tenants: ${tenant.said}`,
        hint: 'An admin can open private ranges to a domain with the setting webhook.egress.private.ranges; the operator can open them to everybody with HOOKLINE_EGRESS_ALLOW.',
      };
  return [allowed, await tryConnection(url, connector)];
}

const blockedHint =
  'No webhook can deliver there. HOOKLINE_EGRESS_ALLOW opens a range, HOOKLINE_EGRESS_DENY closes one.';

/** Asks the guard for the addresses of a host; without them, `said` is why it refuses. @throws when the name cannot be resolved. */
async function judge(
  guard: EgressGuard,
  { host, port }: { host: string; port: number },
  reach: Reach,
): Promise<{ addresses?: readonly ResolvedAddress[]; said: string }> {
  try {
    return { addresses: await guard.resolve(host, port, reach), said: '' };
  } catch (error) {
    if (error instanceof EgressBlockedError) return { said: error.message };
    throw error;
  }
}

/** Connects with the code that deliveries use, as for a webhook of the root domain. */
async function tryConnection(url: URL, connector: OpenConnector): Promise<Found> {
  const { origin, protocol } = url;
  const route = createRoute({ origin, sslVerification: true, reach: rootReach });
  let phase: Phase = 'resolving';
  const watch = ({ kind }: ConnectionStep): void => {
    if (kind === 'resolved') phase = 'connecting';
    if (kind === 'reached') phase = 'securing';
  };
  try {
    const socket = await connector(route, watch)();
    socket.destroy();
    const secured = protocol === 'https:' ? ', and its certificate is valid' : '';
    return { state: 'ok', found: `${url.host} accepts connections${secured}` };
  } catch (error) {
    const { message, code } = describe(error);
    const { text } = diagnose({
      url: url.href,
      phase,
      timeoutMs: connectMs,
      success: '2xx',
      error: message,
      errorCode: code,
    });
    return { state: 'fail', found: text };
  }
}

function describe(error: unknown): { message: string; code: string } {
  if (!(error instanceof Error)) return { message: String(error), code: '' };
  const [first] = error instanceof AggregateError ? error.errors : [];
  if (first instanceof Error) return describe(first);
  return { message: error.message, code: 'code' in error ? String(error.code) : '' };
}
