/** Who is there while Hookline crashes: two customers, a webhook for everything and one for what one of them does. */
import { actionMessage, type CloudMessage } from '../demo/cloudstack-message.ts';
import type { Dice } from '../demo/dice.ts';
import type { HooklineProcess } from './hookline.ts';

export interface Listener {
  /** Where it receives, and its webhook's name. */
  readonly path: string;
  readonly secret: string;
  readonly webhook: object;
  /** Whether Hookline owes it this, told without asking Hookline. */
  readonly wants: (message: CloudMessage) => boolean;
}

const domainOf = { anna: 'acme', gustav: 'globex' };

export const listeners: readonly Listener[] = [
  { path: '/all', secret: 'for all', webhook: { scope: 'Global' }, wants: () => true },
  {
    path: '/acme',
    secret: 'for acme',
    webhook: { scope: 'Domain', domainId: domainOf.anna },
    wants: ({ account }) => account === 'anna',
  },
];

/** @param receiver URL without a path. */
export async function moveIn(hookline: HooklineProcess, receiver: string): Promise<void> {
  for (const [name, domainId] of Object.entries(domainOf)) {
    await hookline.ask('POST', '/v1/domains', { id: domainId, name: domainId });
    await hookline.ask('POST', '/v1/accounts', { id: name, name, domainId, kind: 'user' });
  }
  for (const { path, secret, webhook } of listeners) {
    const fixed = { name: path, payloadUrl: receiver + path, secretKey: secret };
    await hookline.ask('POST', '/v1/webhooks', { ...webhook, ...fixed });
  }
}

/** No two bodies are alike: that is how what arrives is told apart without trusting any id. */
export function eventNumber(number: number, dice: Dice): CloudMessage {
  return actionMessage({
    at: new Date(),
    event: dice.pick(['VM.START', 'VM.STOP', 'VOLUME.ATTACH']),
    status: 'Completed',
    description: `event ${number}`,
    user: dice.uuid(),
    account: dice.pick(['anna', 'gustav']),
    entity: { kind: 'VirtualMachine', uuid: dice.uuid() },
  });
}
