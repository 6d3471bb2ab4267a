/** A webhook in memory, as matching and dispatch see it. */
import type { FilterValues } from './filter/filter-fields.ts';
import type { FieldKnownTo, WebhookOwner, WebhookValues } from './values.ts';

/** A condition on events; texts are compared case-sensitively. How several combine: `match/conditions.ts`. */
export interface WebhookFilter extends Pick<FilterValues, 'mode' | 'matchType' | 'value'> {
  /** Absent means `EventType`, which is all that CloudStack knows. */
  readonly type?: FilterValues['type'];
}

/** An immutable snapshot of a webhook's rows, less the fields that people alone read. */
export interface Webhook extends Pick<WebhookValues, FieldKnownTo<'engine'> | keyof WebhookOwner> {
  readonly id: string;
  /** The owner is gone from the cloud: the webhook counts as Disabled, whatever it is set to. */
  readonly ownerGone?: true;
  /** Since when it is in its state, milliseconds since 1970. */
  readonly stateSinceMs?: number;
  /** When it was last disabled, milliseconds since 1970: what was owed before is cancelled. Absent where it never was. */
  readonly disabledAtMs?: number;
  readonly filters: readonly WebhookFilter[];
  /** The secrets its deliveries are signed with: the current one, then those it replaced, the newest first. */
  readonly secrets: readonly WebhookSecret[];
}

export interface WebhookSecret {
  /** AES-256-GCM under the operator's key; opened only to sign. */
  readonly sealed: Uint8Array;
  /** Milliseconds since 1970, for a secret that was replaced; the current one has none. */
  readonly expiresAtMs?: number;
}

/** Builds the webhook of values that are not saved yet, for test deliveries. */
export const toDispatchWebhook = (
  values: WebhookValues,
  { id, secrets }: Pick<Webhook, 'id' | 'secrets'>,
): Webhook => ({ ...values, id, secrets, filters: [] });
