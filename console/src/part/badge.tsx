/** A state in a word, in a colour that repeats what the word says. */
import type { VNode } from 'vue';

import type { Delivery, Source, Webhook } from '../client/api.ts';
import { text } from '../text/en.ts';

export type Tone = 'good' | 'warn' | 'bad' | 'plain';

export function Badge({ tone, label }: { readonly tone: Tone; readonly label: string }): VNode {
  return <span class={['badge', `badge-${tone}`]}>{label}</span>;
}

const healthTones = {
  ok: 'good',
  failing: 'warn',
  open: 'bad',
  paused: 'warn',
  disabled: 'plain',
} as const;

export function HealthBadge({ state }: { readonly state: Webhook['health']['state'] }): VNode {
  return <Badge tone={healthTones[state]} label={text.health[state]} />;
}

const enabledTones = { Enabled: 'good', Paused: 'warn', Disabled: 'plain' } as const;

export function EnabledBadge({ state }: { readonly state: Webhook['state'] }): VNode {
  return <Badge tone={enabledTones[state]} label={text.webhookState[state]} />;
}

const deliveryTones = {
  pending: 'warn',
  delivering: 'warn',
  delivered: 'good',
  failed: 'bad',
  cancelled: 'plain',
} as const;

export function DeliveryBadge({ state }: { readonly state: Delivery['state'] }): VNode {
  return <Badge tone={deliveryTones[state]} label={text.deliveryState[state]} />;
}

const sourceTones = { running: 'good', waiting: 'bad', paused: 'warn', stopped: 'bad' } as const;

export function SourceBadge({ state }: { readonly state: Source['state'] }): VNode {
  return <Badge tone={sourceTones[state]} label={text.sourceState[state]} />;
}
