/** Findings about time limits of attempts that are longer than the operator's limit. */
import type { Config } from '../config/config.ts';
import { counted, type Finding } from '../event/finding.ts';

type Found = Omit<Finding, 'check'>;

export interface LongTimeouts {
  readonly webhooks: number;
  /** Where the setting is longer: `domain emea`, `the whole installation`. */
  readonly settings: readonly string[];
}

export function judgeTimeouts(
  { timeoutMs, timeoutMsMax }: Pick<Config['dispatch'], 'timeoutMs' | 'timeoutMsMax'>,
  { webhooks, settings }: LongTimeouts,
): Found {
  const limit = `dispatch.timeoutMsMax, ${timeoutMsMax} ms`;
  const longer = [
    ...(timeoutMs > timeoutMsMax ? [`dispatch.timeoutMs (${timeoutMs})`] : []),
    ...settings.map(where => `webhook.delivery.timeout of ${where}`),
    ...(webhooks > 0 ? [`timeoutMs of ${counted(webhooks, 'webhook')}`] : []),
  ];
  if (longer.length === 0)
    return { state: 'ok', found: `no attempt may take longer than ${timeoutMsMax} ms` };
  return {
    state: 'warn',
    found: `longer than ${limit}, and cut to it: ${longer.join(', ')}`,
    hint: 'Lower them, or raise dispatch.timeoutMsMax; an attempt that waits holds a place in the request pool.',
  };
}
