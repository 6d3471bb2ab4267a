/** Decides whether and how a webhook's receiver is asked before the webhook gets events. */
import type { Validation } from '../format/format.ts';
import type { Formats } from '../format/formats.ts';
import { fieldsKnownTo } from './values.ts';
import type { WebhookChange, WebhookValues } from './values.ts';

/** The webhook's own validation, or else its format's. */
export function validationOf(
  formats: Formats,
  { validation, format }: Pick<WebhookValues, 'validation' | 'format'>,
): Validation {
  return validation ?? formats.get(format)?.validation ?? 'none';
}

const shownToReceiver = fieldsKnownTo('receiver');

/** A receiver that has agreed is asked again when the webhook gets events again, or when a change shows in its requests. */
export function isToBeAsked(
  current: Pick<WebhookValues, 'state'>,
  { state = current.state, ...change }: WebhookChange,
  isSecretChanged: boolean,
): boolean {
  if (state === 'Disabled') return false;
  return (
    current.state === 'Disabled' ||
    isSecretChanged ||
    shownToReceiver.some(name => change[name] !== undefined)
  );
}
