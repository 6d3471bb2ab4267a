/**
 * What the broker's management API says of the source's queues: rules by which messages are dropped unread. AMQP shows the
 * arguments of a queue in part, and policies not at all, though a policy may be applied at any time.
 *
 * Source: RabbitMQ's guides on policies, TTL, queue length limits and poison messages; `GET /api/queues/vhost/name` of
 * its management plugin, whose policies are up to ten seconds old.
 */
import { Agent } from 'node:https';

import fetch from 'node-fetch';

import { trustEachGiven } from '../../event/network/trust.ts';
import { explain } from '../explain.ts';
import type { TlsOptions } from '../tls.ts';

export interface ManagementOptions {
  /** `http://host:15672` or `https://…`; without user and password, those of `url` are used. */
  readonly managementUrl?: string | undefined;
  /** The broker's URL, which names the virtual host. */
  readonly url: string;
  readonly tls?: TlsOptions | undefined;
}

/** Facts of a queue as the management API spells them. */
export interface QueueRules {
  readonly type?: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
  readonly policy?: string;
  readonly operator_policy?: string;
  readonly effective_policy_definition?: unknown;
}

const askMs = 5_000;
const answerBytesMax = 1024 * 1024;

/** Says by which rules the queues drop messages, in a sentence each; none without a management URL. */
export async function findDroppingRules(
  options: ManagementOptions,
  queues: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (options.managementUrl === undefined) return [];
  const { host } = new URL(options.managementUrl);
  try {
    const found = await Promise.all(
      queues.map(async queue => {
        const rules = await findRules(options, queue, signal);
        return rules === undefined ? [] : describeDropping(queue, rules);
      }),
    );
    return found.flat();
  } catch (error) {
    return [
      `the management API at ${host} does not tell which policies apply to ${queues.join(', ')}: ${explain(error)}`,
    ];
  }
}

async function findRules(
  { managementUrl = '', url, tls }: ManagementOptions,
  queue: string,
  signal: AbortSignal,
): Promise<QueueRules | undefined> {
  const { origin, pathname, username, password } = new URL(managementUrl);
  const broker = new URL(url);
  const user = username === '' ? broker : { username, password };
  const credentials = [user.username, user.password].map(decodeURIComponent).join(':');
  const vhost = broker.pathname.slice(1) || '%2F';
  const path = `${pathname.replace(/\/$/, '')}/api/queues/${encodeURIComponent(decodeURIComponent(vhost))}/${encodeURIComponent(queue)}`;
  const answer = await fetch(origin + path, {
    headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
    signal: AbortSignal.any([signal, AbortSignal.timeout(askMs)]),
    size: answerBytesMax,
    redirect: 'manual',
    agent:
      tls && origin.startsWith('https:') ? new Agent({ ...trustEachGiven, ...tls }) : undefined,
  });
  if (answer.status === 404) return undefined;
  if (answer.status === 401 || answer.status === 403) {
    throw new Error(
      `it answers ${answer.status}: the user needs the tag management (rabbitmqctl set_user_tags)`,
    );
  }
  if (!answer.ok) throw new Error(`it answers ${answer.status}`);
  const rules: QueueRules = Object(await answer.json());
  return rules;
}

/** Which messages each rule drops. */
const drops: Readonly<Record<string, (value: unknown) => string>> = {
  'message-ttl': ms => `messages that have waited for ${String(ms)} ms`,
  expires: ms => `everything it holds when nobody has consumed it for ${String(ms)} ms`,
  'max-length': count => `messages when it holds more than ${String(count)}`,
  'max-length-bytes': bytes => `messages when it holds more than ${String(bytes)} bytes`,
  'delivery-limit': count => `messages that were returned ${String(count)} times`,
};

/** Beyond this, no message is returned so often. */
const harmlessReturns = 1_000_000;

export function describeDropping(queue: string, rules: QueueRules): readonly string[] {
  const byPolicy: Record<string, unknown> = Object(rules.effective_policy_definition);
  const policies = [
    ...(rules.policy ? [`policy ${rules.policy}`] : []),
    ...(rules.operator_policy ? [`operator policy ${rules.operator_policy}`] : []),
  ].join(' and ');
  return Object.entries(drops).flatMap(([rule, what]) => {
    const limits = [
      { value: byPolicy[rule], by: `${policies || 'a policy'}, ${rule}` },
      { value: rules.arguments?.[`x-${rule}`], by: `argument x-${rule}` },
    ];
    return limits
      .filter(({ value }) => typeof value === 'number' && value >= 0)
      .filter(({ value }) => rule !== 'delivery-limit' || Number(value) < harmlessReturns)
      .map(({ value, by }) => `queue ${queue} drops ${what(value)} (${by})`);
  });
}
