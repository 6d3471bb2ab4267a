/** The webhooks of the demo: who wants what, and what each of them has got so far. */
import { randomBytes } from 'node:crypto';

import { hasValidSignature, type ReceivedRequest } from '../service/receiver.ts';
import type { Cloud } from './cloud.ts';
import type { CloudMessage } from './cloudstack-message.ts';

export interface Listener {
  readonly name: string;
  readonly secret: string;
  /** What `POST /v1/webhooks` is given, without the URL. */
  readonly webhook: object;
  /** Whether Hookline owes it this message, told without asking Hookline. */
  readonly wants: (message: CloudMessage) => boolean;
}

/** An admin who wants everything, a customer who wants what happens in its domains, a developer who wants machines. */
export function createListeners({ domains, accounts }: Cloud): readonly Listener[] {
  const acme = domains.find(({ name }) => name === 'acme');
  const ben = accounts.find(({ name }) => name === 'ben');
  if (!acme || !ben) throw new RangeError('the cloud of the demo has a domain acme and a user ben');
  const below = domains.filter(({ id, parentId }) => id === acme.id || parentId === acme.id);
  const inAcme = new Set(
    accounts.filter(({ domainId }) => below.some(({ id }) => id === domainId)).map(({ id }) => id),
  );
  const wantsMachines = { mode: 'Include', matchType: 'Prefix', value: 'VM.' };
  return [
    {
      name: 'operations',
      secret: newSecret(),
      webhook: { scope: 'Global', categories: ['*'] },
      wants: () => true,
    },
    {
      name: 'acme',
      secret: newSecret(),
      webhook: { scope: 'Domain', domainId: acme.id },
      wants: message => isAction(message) && inAcme.has(message.account ?? ''),
    },
    {
      name: 'ben',
      secret: newSecret(),
      webhook: { scope: 'Local', accountId: ben.id, filters: [wantsMachines] },
      wants: message =>
        isAction(message) &&
        message.account === ben.id &&
        message.routingKey.includes('.ActionEvent.VM-'),
    },
  ];
}

function isAction({ category }: CloudMessage): boolean {
  return category === 'ActionEvent';
}

function newSecret(): string {
  return randomBytes(18).toString('base64url');
}

/** Counts what was published against what came. */
export class Tally {
  readonly #listeners: ReadonlyMap<string, Listener>;
  readonly #ids = new Map<string, Set<string>>();
  readonly #owed = new Map<string, number>();
  #received = 0;
  #published = 0;
  #unverified = 0;

  constructor(listeners: readonly Listener[]) {
    this.#listeners = new Map(listeners.map(listener => [`/${listener.name}`, listener]));
    for (const path of this.#listeners.keys()) {
      this.#ids.set(path, new Set());
      this.#owed.set(path, 0);
    }
  }

  publish(message: CloudMessage): void {
    this.#published += 1;
    for (const [path, { wants }] of this.#listeners) {
      if (wants(message)) this.#owed.set(path, (this.#owed.get(path) ?? 0) + 1);
    }
  }

  /** Whether the request is from Hookline: addressed to a listener and signed with its secret. */
  receive(request: ReceivedRequest): boolean {
    const listener = this.#listeners.get(request.path);
    const id = request.headers['webhook-id'];
    const isGenuine = listener !== undefined && hasValidSignature(request, listener.secret);
    if (!isGenuine) this.#unverified += 1;
    if (typeof id === 'string') this.#ids.get(request.path)?.add(id);
    this.#received += 1;
    return isGenuine;
  }

  get events(): number {
    return this.#published;
  }

  /** Requests with a signature that is missing or wrong. */
  get unverified(): number {
    return this.#unverified;
  }

  /** Owed to all listeners together. */
  get owed(): number {
    return sum(this.#owed.values());
  }

  /** Different ones, to all listeners together. */
  get delivered(): number {
    return sum([...this.#ids.values()].map(({ size }) => size));
  }

  /** Owed and not delivered. A listener that got what it was not owed makes up for nothing. */
  get lost(): number {
    return sum([...this.#owed].map(([path, owed]) => Math.max(0, owed - this.#deliveredTo(path))));
  }

  /** Delivered and not owed. */
  get astray(): number {
    return sum([...this.#owed].map(([path, owed]) => Math.max(0, this.#deliveredTo(path) - owed)));
  }

  get duplicated(): number {
    return this.#received - this.delivered;
  }

  #deliveredTo(path: string): number {
    return this.#ids.get(path)?.size ?? 0;
  }
}

function sum(numbers: Iterable<number>): number {
  return [...numbers].reduce((total, number) => total + number, 0);
}
