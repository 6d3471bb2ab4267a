/** A CloudStack that is not there: tenants, and what its bus says while they use it. */
import { actionMessage, alertMessage, type CloudMessage } from './cloudstack-message.ts';
import { createDice, type Dice } from './dice.ts';
import { type Owner, type Step, vmLife } from './vm-life.ts';

export interface CloudDomain {
  readonly id: string;
  readonly name: string;
  /** Absent under ROOT. */
  readonly parentId?: string;
}

export interface CloudAccount {
  readonly id: string;
  readonly name: string;
  readonly domainId: string;
  readonly kind: 'user' | 'project';
}

export interface Cloud {
  /** Parents first. */
  readonly domains: readonly CloudDomain[];
  readonly accounts: readonly [CloudAccount, ...CloudAccount[]];
  /** What the bus carries next. About one resource, in the order it happened. */
  next(at: Date): CloudMessage;
}

/** Machines whose lives are told at the same time. */
const storiesAtOnce = 6;

/** @param seed The same one gives the same tenants and the same messages. */
export function createCloud(seed: number): Cloud {
  const dice = createDice(seed);
  const { domains, accounts } = createTenants(dice);
  const zone = dice.uuid();
  const users = new Map(accounts.map(({ id }) => [id, dice.uuid()]));
  const beginStory = (): Iterator<Step> => {
    const { id } = dice.pick(accounts);
    const owner: Owner = { account: id, user: users.get(id) ?? id, zone };
    const die = dice.roll(10);
    if (die === 0) return memoryRunsLow(zone, dice.uuid());
    return die < 3 ? logIn(owner, dice) : vmLife(owner, dice);
  };
  const stories = Array.from({ length: storiesAtOnce }, beginStory);
  const next = (at: Date): CloudMessage => {
    const turn = dice.roll(storiesAtOnce);
    const step = stories[turn]?.next();
    if (step !== undefined && step.done !== true) return step.value(at);
    stories[turn] = beginStory();
    return next(at);
  };
  return { domains, accounts, next };
}

function createTenants(dice: Dice): Pick<Cloud, 'domains' | 'accounts'> {
  const domain = (name: string, parent?: CloudDomain): CloudDomain => ({
    id: dice.uuid(),
    name,
    ...(parent ? { parentId: parent.id } : {}),
  });
  const account = (name: string, { id }: CloudDomain, kind: CloudAccount['kind'] = 'user') => ({
    id: dice.uuid(),
    name,
    domainId: id,
    kind,
  });
  const acme = domain('acme');
  const emea = domain('emea', acme);
  const globex = domain('globex');
  return {
    domains: [acme, emea, globex],
    accounts: [
      account('anna', acme),
      account('ben', emea),
      account('webshop', emea, 'project'),
      account('gustav', globex),
    ],
  };
}

function* logIn({ account, user }: Owner, dice: Dice): Generator<Step> {
  const facts = { account, user, event: 'USER.LOGIN', status: 'Completed' } as const;
  const address = `10.0.${dice.roll(8)}.${1 + dice.roll(250)}`;
  const description = `user has logged in from IP Address ${address}`;
  yield at => actionMessage({ ...facts, at, description });
}

function* memoryRunsLow(zone: string, pod: string): Generator<Step> {
  const subject = 'System Alert: Low Available Memory in cluster c1 pod p1 of availability zone z1';
  const text = 'System memory is low, total: 32768 MB, used: 29491 MB (90%)';
  yield at => alertMessage({ at, event: 'ALERT.MEMORY', subject, text, zone, pod });
}
