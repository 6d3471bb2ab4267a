/** Builds the OpenID provider's configuration from its keys, and refuses it where one that another needs is missing. */
import { readPem } from '../file/pem.ts';
import { refuse, refuseUnknown } from '../load/problem.ts';
import type { Report } from '../load/problem.ts';
import { isRecord } from '../value/key.ts';
import type { ValueOf } from '../value/key.ts';
import type { oidcKeys } from './oidc-keys.ts';

type OidcValues = ValueOf<typeof oidcKeys>;

export interface OidcConfig extends Omit<OidcValues, 'roleClaim' | 'caFile'> {
  readonly issuer: string;
  readonly clientId: string;
  readonly redirectUrl: string;
  /** Page that the provider sends people to after they logged out there. */
  readonly homeUrl: string;
  readonly rules: readonly OidcRule[];
  /** PEM text of the authorities to trust; absent: the system's. */
  readonly ca?: string;
}

export interface OidcRule {
  readonly claim: string;
  readonly value: string;
  readonly role: OidcRole;
  /** ID of the account that the person belongs to. */
  readonly account?: string;
}

const oidcRoles = ['Admin', 'DomainAdmin', 'User'] as const;
export type OidcRole = (typeof oidcRoles)[number];

interface Deps {
  /** Value of the key `http.publicUrl`. */
  readonly publicUrl: string | undefined;
  readonly cwd: string;
}

/** @returns undefined when no provider is configured, or when a problem with it was reported. */
export function buildOidc(
  { caFile, roleClaim, ...values }: OidcValues,
  { publicUrl, cwd }: Deps,
  report: Report,
): OidcConfig | undefined {
  const { issuer, clientId, clientSecret, redirectUrl, scopes } = values;
  const before = report.problems.length;
  if (issuer === undefined) {
    const given = clientId ?? clientSecret ?? redirectUrl ?? values.rules[0];
    if (given !== undefined && given !== null)
      refuseKey(report, 'issuer', null, 'an issuer, because other keys of oidc are set');
    return undefined;
  }
  refuseInsecure(issuer, report);
  if (clientId === undefined)
    refuseKey(report, 'clientId', null, 'what Hookline is called at the provider');
  const base = publicUrl?.replace(/\/+$/, '');
  const redirect = redirectUrl ?? (base === undefined ? undefined : `${base}/v1/oidc/callback`);
  if (redirect === undefined)
    refuseKey(report, 'redirectUrl', null, 'a URL of /v1/oidc/callback here, or http.publicUrl');
  if (!scopes.includes('openid')) refuseKey(report, 'scopes', scopes, 'openid among them');
  const rules = readRules(values.rules, roleClaim, report);
  const ca = readPem(caFile, 'oidc.caFile', cwd, report);
  if (report.problems.length > before || clientId === undefined || redirect === undefined)
    return undefined;
  return {
    ...values,
    issuer,
    clientId,
    redirectUrl: redirect,
    homeUrl: `${base ?? new URL(redirect).origin}/`,
    rules,
    ca,
  };
}

/** Refuses an issuer without TLS, unless it is on this machine: whoever reads that traffic can log in as anybody. */
function refuseInsecure(issuer: string, report: Report): void {
  const { protocol, hostname } = new URL(issuer);
  const isHere = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
  if (protocol === 'http:' && !isHere)
    refuseKey(report, 'issuer', issuer, 'a URL that starts with https://');
}

function readRules(items: readonly unknown[], roleClaim: string, report: Report): OidcRule[] {
  if (items.length === 0)
    refuseKey(
      report,
      'rules',
      items,
      'at least one rule, or nobody could log in: {"value": …, "role": …}',
    );
  return items.flatMap((item, index) => readRule(item, { index, roleClaim }, report) ?? []);
}

const ruleKeys = ['value', 'role', 'account', 'claim'];

function readRule(
  item: unknown,
  { index, roleClaim }: { index: number; roleClaim: string },
  report: Report,
): OidcRule | undefined {
  const path = `rules[${index}]`;
  if (!isRecord(item)) {
    refuseKey(report, path, item, `a rule with ${ruleKeys.join(', ')}`);
    return undefined;
  }
  for (const name of Object.keys(item).filter(key => !ruleKeys.includes(key)))
    refuseUnknown(report, `oidc.${path}.${name}`, ruleKeys);
  const { value, role: given, account, claim = roleClaim } = item;
  const role = oidcRoles.find(known => known === given);
  if (!isText(value)) refuseKey(report, `${path}.value`, value, 'text that the claim may have');
  if (!role) refuseKey(report, `${path}.role`, given, `one of ${oidcRoles.join(', ')}`);
  if (account !== undefined && !isText(account))
    refuseKey(report, `${path}.account`, account, 'an id');
  if (!isText(claim)) refuseKey(report, `${path}.claim`, claim, 'the name of a claim');
  if (!isText(value) || !role || !isText(claim)) return undefined;
  return { claim, value, role, account: isText(account) ? account : undefined };
}

function refuseKey(report: Report, name: string, value: unknown, expected: string): void {
  refuse(report, `oidc.${name}`, `${JSON.stringify(value)}: expected ${expected}`);
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
