/** Says in words what becomes of a delivery that its receiver does not accept; pure. */
import type { SettingPlace } from '../store/setting.ts';
import type { SettingName, SettingValue } from './definition.ts';
import type { SettingIndex } from './resolve.ts';
import type { BackoffSchedule } from './schedule.ts';

interface RetryFacts {
  readonly tries: number;
  readonly backoff: BackoffSchedule;
  readonly outage: 'hold' | 'fail';
  readonly expireAfterSeconds: number;
}

/** @param chain places of the webhook's settings, nearest first. @param ownTries those of the webhook itself, if any. */
export function retryFacts(
  index: SettingIndex,
  chain: readonly SettingPlace[],
  ownTries: number | null,
): RetryFacts {
  const valueOf = (name: SettingName): SettingValue => index.effective(name, chain).value;
  const backoff = valueOf('webhook.delivery.backoff');
  if (typeof backoff !== 'object' || !('kind' in backoff)) {
    throw new RangeError('back-off is a schedule');
  }
  return {
    tries: ownTries ?? Number(valueOf('webhook.delivery.tries')),
    backoff,
    outage: valueOf('webhook.delivery.outage') === 'fail' ? 'fail' : 'hold',
    expireAfterSeconds: Number(valueOf('webhook.delivery.expire.after')),
  };
}

/** @example 'A delivery that the receiver refuses is tried up to 3 times, after waits of up to 5 s, …' */
export function describeRetry({ tries, backoff, outage, expireAfterSeconds }: RetryFacts): string {
  if (outage === 'fail') {
    return `Each delivery is attempted up to ${tries} times, one attempt after the other, whether the receiver refuses it or is down. An outage loses what comes meanwhile.`;
  }
  const refused =
    tries === 1
      ? 'A delivery that the receiver refuses is not tried again.'
      : `A delivery that the receiver refuses is tried up to ${tries} times, ${waits(backoff)}.`;
  return `${refused} While the receiver is down, deliveries wait and lose no try; an outage may last ${duration(expireAfterSeconds)} without loss.`;
}

function waits(backoff: BackoffSchedule): string {
  switch (backoff.kind) {
    case 'doubling':
      return `after waits of about ${duration(backoff.baseMs / 2_000)} at first, which double up to about ${duration(backoff.capMs / 2_000)}`;
    case 'steps':
      return `after ${backoff.stepsMs.map(ms => duration(ms / 1_000)).join(', ')}`;
  }
}

/** In the largest unit that states it exactly; a day is 24 hours. */
function duration(seconds: number): string {
  if (seconds > 86_400 && seconds % 86_400 === 0) return count(seconds / 86_400, 'day');
  if (seconds >= 3_600 && seconds % 3_600 === 0) return count(seconds / 3_600, 'hour');
  if (seconds >= 60 && seconds % 60 === 0) return count(seconds / 60, 'minute');
  return count(seconds, 'second');
}

const count = (number: number, unit: string): string =>
  `${number} ${unit}${number === 1 ? '' : 's'}`;
