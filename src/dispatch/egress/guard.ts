/**
 * The egress guard: judges each address just before it is connected to, so that the address that was checked is the one
 * that is used, whatever the name resolves to a moment later.
 */
import { isIP } from 'node:net';

import { facesOf, isWithin, readAddress, requireRange } from '../../event/network/address.ts';
import {
  createEgressPolicy,
  type EgressRules,
  type Reach,
  type Rule,
  type RuleKind,
} from './egress-policy.ts';

export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/**
 * Resolves a name to all its addresses, in the order to try them; rejects with `ENOTFOUND` or the like.
 *
 * @param owner the account on whose behalf it is asked.
 */
export type Lookup = (hostname: string, owner?: string) => Promise<readonly ResolvedAddress[]>;

/** A service that Hookline itself depends on. No webhook reaches it, whatever is allowed. */
export interface ProtectedService {
  /** Completes the sentence "blocked by egress rule own service (…)". */
  readonly name: string;
  /** Host name or address. */
  readonly host: string;
  readonly port: number;
  /** The host is this service by its name alone: at its address there may be others. */
  readonly isName?: true;
}

/**
 * No address of the receiver may be connected to. The attempt failed, and may be repeated: the name or the rules may
 * change.
 */
export class EgressBlockedError extends Error {
  override readonly name = 'EgressBlockedError';
  readonly code = 'egress_blocked';

  constructor({ kind, what }: Rule) {
    super(`blocked by egress rule ${kind} (${what})`);
  }
}

export interface EgressGuardOptions extends EgressRules {
  readonly services: readonly ProtectedService[];
  readonly lookup: Lookup;
  readonly onBlocked: (kind: RuleKind) => void;
}

export interface EgressGuard {
  /** Requires that the host is not our own service by its name, wherever it may be. @throws {EgressBlockedError} */
  requireOther(this: void, host: string, port: number): void;
  /**
   * Resolves the host to those of its addresses that may be connected to, at least one.
   *
   * @param host a name, or an address without brackets.
   * @param owner the account whose webhook it is.
   * @throws {EgressBlockedError} when none may; what `lookup` rejects with.
   */
  resolve(
    host: string,
    port: number,
    reach: Reach,
    owner?: string,
  ): Promise<readonly ResolvedAddress[]>;
}

export function createEgressGuard(options: EgressGuardOptions): EgressGuard {
  const { services, ownAddresses, onBlocked } = options;
  const policy = createEgressPolicy(options);
  const lookup = shareLookups(options.lookup);

  async function addressesOf(host: string, owner?: string): Promise<readonly ResolvedAddress[]> {
    const family = isIP(host);
    return family === 0 ? lookup(host, owner) : [{ address: host, family }];
  }

  async function serviceAt(address: string, port: number): Promise<Rule | undefined> {
    for (const { name, host } of services.filter(
      service => service.port === port && !service.isName,
    )) {
      // While the host of our own service cannot be resolved, every address on its port may be it.
      const itself = await addressesOf(host).catch(() => [{ address, family: 0 }]);
      if (itself.some(at => isSameHost(at.address, address, ownAddresses))) {
        return { kind: 'own service', what: name };
      }
    }
    return undefined;
  }

  function blocked(rule: Rule): EgressBlockedError {
    onBlocked(rule.kind);
    return new EgressBlockedError(rule);
  }

  function requireOther(host: string, port: number): void {
    const named = services.find(
      one => one.isName && one.port === port && isSameName(one.host, host),
    );
    if (named) throw blocked({ kind: 'own service', what: named.name });
  }

  return {
    requireOther,
    async resolve(host, port, reach, owner) {
      requireOther(host, port);
      const found = await addressesOf(host, owner);
      const judged = await Promise.all(
        found.map(async candidate => ({
          candidate,
          rule:
            policy.blocks(candidate.address, reach) ?? (await serviceAt(candidate.address, port)),
        })),
      );
      const open = judged.filter(({ rule }) => rule === undefined);
      if (open.length > 0) return open.map(({ candidate }) => candidate);
      const rule = judged[0]?.rule;
      if (rule === undefined) throw new Error(`${host} has no address`);
      throw blocked(rule);
    },
  };
}

/** Whether two names are one; a name may end in a dot. */
function isSameName(a: string, b: string): boolean {
  const [one, other] = [a, b].map(name => name.toLowerCase().replace(/\.$/, ''));
  return one === other;
}

/** Shares look-ups: many connections to one name are opened at once. */
function shareLookups(lookup: Lookup): Lookup {
  const asked = new Map<string, Promise<readonly ResolvedAddress[]>>();
  return async (hostname, owner) => {
    const known = asked.get(hostname);
    if (known) return known;
    const answer = lookup(hostname, owner).finally(() => asked.delete(hostname));
    asked.set(hostname, answer);
    return answer;
  };
}

const thisHost = ['0.0.0.0/8', '127.0.0.0/8', '::/127'].map(requireRange);

/**
 * Whether two addresses are one host. All addresses of this machine are: a service that listens on every address is met
 * at each of them.
 */
function isSameHost(a: string, b: string, ownAddresses: () => readonly string[]): boolean {
  const [one, other] = [a, b].map(innermost);
  if (one === undefined || other === undefined) return false;
  if (one.toString() === other.toString()) return true;
  const own = ownAddresses();
  return [one, other].every(
    address => thisHost.some(range => isWithin(address, range)) || own.includes(address.toString()),
  );
}

function innermost(text: string) {
  const address = readAddress(text);
  return address && facesOf(address)[0];
}
