/** Makes the configuration of the OpenID provider of its keys: those that belong together must be there. */
import { resolve } from 'node:path';

import type { OidcClientAuth, RawOidc } from './oidc-schema.ts';
import { reportUnknown, type Report } from '../load/problem.ts';
import { isRecord } from '../load/prune.ts';
import { readPem } from '../value/tls.ts';

export interface OidcConfig {
  readonly issuer: string;
  readonly clientId: string;
  /** Absent: a public client. */
  readonly clientSecret?: string;
  readonly clientAuth: OidcClientAuth;
  readonly redirectUrl: string;
  /** Where the provider leads people after they have logged out there. */
  readonly homeUrl: string;
  readonly label: string;
  readonly scopes: readonly string[];
  readonly usernameClaim: string;
  readonly accountClaim?: string;
  readonly rules: readonly OidcRule[];
  readonly userInfo: boolean;
  readonly sessionMs: number;
  readonly trustMs: number;
  readonly clockToleranceMs: number;
  readonly timeoutMs: number;
  /** PEM text. */
  readonly ca?: string;
}

export interface OidcRule {
  readonly claim: string;
  readonly value: string;
  readonly role: OidcRole;
  /** Id of an account. */
  readonly account?: string;
}

const oidcRoles = ['Admin', 'DomainAdmin', 'User'] as const;
export type OidcRole = (typeof oidcRoles)[number];

interface Deps {
  /** Of `http.publicUrl`. */
  readonly publicUrl: string | null;
  readonly cwd: string;
}

/** Undefined when none is configured, or when a problem with it was reported. */
export function buildOidc(
  raw: RawOidc,
  { publicUrl, cwd }: Deps,
  report: Report,
): OidcConfig | undefined {
  const { issuer, clientId, clientSecret, redirectUrl, accountClaim, caFile, roleClaim, ...rest } =
    raw;
  const before = report.problems.length;
  const refuse = refuser(report);
  if (issuer === null) {
    const given = clientId ?? clientSecret ?? redirectUrl ?? raw.rules[0];
    if (given !== undefined && given !== null)
      refuse('issuer', null, 'an issuer, because other keys of oidc are set');
    return undefined;
  }
  refuseInsecure(issuer, refuse);
  if (clientId === null) refuse('clientId', null, 'what Hookline is called at the provider');
  const base = publicUrl?.replace(/\/+$/, '');
  const redirect = redirectUrl ?? (base === undefined ? null : `${base}/v1/oidc/callback`);
  if (redirect === null)
    refuse('redirectUrl', null, 'a URL of /v1/oidc/callback here, or http.publicUrl');
  if (!raw.scopes.includes('openid')) refuse('scopes', raw.scopes, 'openid among them');
  const rules = readRules(raw.rules, roleClaim, report);
  const ca = caFile === null ? undefined : readPem('oidc.caFile', resolve(cwd, caFile), report);
  if (report.problems.length > before || clientId === null || redirect === null) return undefined;
  return {
    ...rest,
    issuer,
    clientId,
    redirectUrl: redirect,
    homeUrl: `${base ?? new URL(redirect).origin}/`,
    rules,
    ...(clientSecret !== null && { clientSecret }),
    ...(accountClaim !== null && { accountClaim }),
    ...(ca !== undefined && { ca }),
  };
}

type Refuse = (name: string, value: unknown, expected: string) => void;

const refuser =
  ({ problems, origin }: Report): Refuse =>
  (name, value, expected) => {
    const path = `oidc.${name}`;
    problems.push(`${path} (${origin(path)}): ${JSON.stringify(value)}: expected ${expected}`);
  };

/** Who can read the way to the provider can log in as anybody. This machine alone is trusted without TLS. */
function refuseInsecure(issuer: string, refuse: Refuse): void {
  const { protocol, hostname } = new URL(issuer);
  const isHere = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
  if (protocol === 'http:' && !isHere) refuse('issuer', issuer, 'a URL that starts with https://');
}

function readRules(items: readonly unknown[], roleClaim: string, report: Report): OidcRule[] {
  const refuse = refuser(report);
  if (items.length === 0)
    refuse('rules', items, 'at least one rule, or nobody could log in: {"value": …, "role": …}');
  return items.flatMap((item, index) => readRule(item, { index, roleClaim }, report) ?? []);
}

const ruleKeys = ['value', 'role', 'account', 'claim'];

function readRule(
  item: unknown,
  { index, roleClaim }: { index: number; roleClaim: string },
  report: Report,
): OidcRule | undefined {
  const refuse = refuser(report);
  const path = `rules[${index}]`;
  if (!isRecord(item)) {
    refuse(path, item, `a rule with ${ruleKeys.join(', ')}`);
    return undefined;
  }
  for (const name of Object.keys(item).filter(key => !ruleKeys.includes(key)))
    reportUnknown(report, `oidc.${path}.${name}`, ruleKeys);
  const { value, role: given, account, claim = roleClaim } = item;
  const role = oidcRoles.find(known => known === given);
  if (!isText(value)) refuse(`${path}.value`, value, 'text that the claim may have');
  if (!role) refuse(`${path}.role`, given, `one of ${oidcRoles.join(', ')}`);
  if (account !== undefined && !isText(account)) refuse(`${path}.account`, account, 'an id');
  if (!isText(claim)) refuse(`${path}.claim`, claim, 'the name of a claim');
  if (!isText(value) || !role || !isText(claim)) return undefined;
  return { claim, value, role, ...(isText(account) && { account }) };
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
