/** Maps a provider's claims to a username, a role and an account; pure. */
import type { Role } from '../../store/schema/access-words.ts';

export type Claims = Readonly<Record<string, unknown>>;

export interface ClaimRules {
  readonly usernameClaim: string;
  /** Claim with the account, for rules that name none. */
  readonly accountClaim?: string;
  /** The first rule that applies counts. */
  readonly rules: readonly ClaimRule[];
}

export interface ClaimRule {
  readonly claim: string;
  /** The rule applies when the claim is this text or a list that contains it. */
  readonly value: string;
  readonly role: Role;
  /** Id of the account. */
  readonly account?: string;
}

export type MappedClaims =
  | {
      readonly kind: 'person';
      readonly role: Role;
      /** Absent for an Admin only. */
      readonly account?: NamedAccount;
    }
  | UnmappedClaims;

export interface UnmappedClaims {
  readonly kind: 'refused';
  readonly claim: string;
  /** For people. */
  readonly reason: string;
}

export interface NamedAccount {
  /** Id or name, not looked up yet. */
  readonly text: string;
  /** The claim or the rule that names it, for people. */
  readonly namedBy: string;
}

/** Longer names would not be readable in lists and logs. */
const usernameLengthMax = 255;

/** Maps claims to a role and an account. */
export function mapClaims(claims: Claims, options: ClaimRules): MappedClaims {
  const rule = options.rules.find(({ claim, value }) => valuesOf(claims, claim).includes(value));
  if (!rule) return refuseUnmapped(claims, options.rules);
  const { accountClaim } = options;
  const { role } = rule;
  const account = accountOf(claims, rule, accountClaim);
  if (account) return { kind: 'person', role, account };
  if (role === 'Admin') return { kind: 'person', role };
  if (accountClaim === undefined)
    return refused(
      rule.claim,
      `${role} needs an account, and neither a claim nor a rule names one.`,
    );
  return refused(
    accountClaim,
    `The claim ${accountClaim} is missing, and ${role} needs an account.`,
  );
}

/** The username that a person gets at the first login and keeps. */
export function readUsername(
  claims: Claims,
  { usernameClaim }: Pick<ClaimRules, 'usernameClaim'>,
): { readonly kind: 'name'; readonly username: string } | UnmappedClaims {
  const username = valuesOf(claims, usernameClaim)[0];
  if (username !== undefined && isUsername(username)) return { kind: 'name', username };
  const why = username === undefined ? 'is missing' : 'cannot be a user name here';
  return refused(usernameClaim, `The claim ${usernameClaim} ${why}.`);
}

function accountOf(
  claims: Claims,
  { value, account }: ClaimRule,
  accountClaim: string | undefined,
): NamedAccount | undefined {
  if (account !== undefined) return { text: account, namedBy: `the rule for ${value}` };
  const text = accountClaim === undefined ? undefined : valuesOf(claims, accountClaim)[0];
  return text === undefined ? undefined : { text, namedBy: `the claim ${accountClaim}` };
}

function refuseUnmapped(claims: Claims, rules: readonly ClaimRule[]): UnmappedClaims {
  const names = [...new Set(rules.map(({ claim }) => claim))];
  const missing = names.filter(name => valuesOf(claims, name).length === 0);
  return missing.length === names.length
    ? refused(names.join(', '), `The claim ${names.join(' or ')} is missing.`)
    : refused(names.join(', '), `The claim ${names.join(' or ')} has no value that gives a role.`);
}

const refused = (claim: string, reason: string): UnmappedClaims => ({
  kind: 'refused',
  claim,
  reason,
});

/** The texts of a claim. A claim with that exact name takes precedence over one inside an object. */
export function valuesOf(claims: Claims, name: string): readonly string[] {
  const value = Object.hasOwn(claims, name) ? claims[name] : descend(claims, name.split('.'));
  return [value].flat().flatMap(item => {
    if (typeof item === 'string') return item === '' ? [] : [item];
    return typeof item === 'number' || typeof item === 'boolean' ? [String(item)] : [];
  });
}

function descend(node: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, name) => (isObject(inner) && Object.hasOwn(inner, name) ? inner[name] : undefined),
    node,
  );
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The rule for usernames of the API. */
const isUsername = (text: string): boolean =>
  text.length <= usernameLengthMax && /^[^\0\s/][^\0/]*$/.test(text);
