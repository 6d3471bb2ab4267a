/** Whom an event concerns, by the rule of `store/event/tenant.ts`, found in the directory in memory. */
import { factNames } from '../event/envelope.ts';
import type { Envelope, FactName } from '../event/envelope.ts';
import type { Proven } from '../event/event.ts';
import type { EventTenant } from '../store/event/tenant.ts';
import type { Webhook } from '../webhook/webhook.ts';
import type { Tenants } from './tenants.ts';

type NamedOwner = Pick<Envelope, 'account' | 'project' | 'category'>;

/**
 * The account in the directory that an envelope names. CloudStack's events of a project name the account behind it, by an
 * id that no API gives, and the project beside it. Other clouds' project need not be the owner, so there it must not stand
 * in for the account.
 */
export function accountOwning(
  { account, project, category }: NamedOwner,
  { accountOf }: Pick<Tenants, 'accountOf'>,
): string | undefined {
  const owner = account === undefined ? undefined : accountOf(account);
  if (owner !== undefined || project === undefined || category === undefined) return owner;
  return accountOf(project);
}

const nobody: EventTenant = { by: 'nobody' };

export function tenantOf(
  named: NamedOwner,
  { provenUser, provenDomain }: Proven,
  tenants: Tenants,
): EventTenant {
  const owner = accountOwning(named, tenants);
  if (owner !== undefined) return placed('account', owner, tenants);
  const user = provenUser === undefined ? undefined : tenants.accountOf(provenUser);
  if (user !== undefined) return placed('user', user, tenants);
  if (provenDomain === undefined || !tenants.knowsDomain(provenDomain)) return nobody;
  return { by: 'domain', path: tenants.pathOf(provenDomain) };
}

function placed(by: 'account' | 'user', owner: string, { domainOf, pathOf }: Tenants): EventTenant {
  const domain = domainOf(owner);
  return { by, owner, path: domain === undefined ? [] : pathOf(domain) };
}

/**
 * Adds the domain of whom the event concerns, where its message names none, in its place among the facts. A loop takes a
 * quarter of the time that building it of entries does, and every event pays for it.
 */
export function withDomain(envelope: Envelope, tenant: EventTenant): Envelope;
export function withDomain(envelope: Envelope, tenant: EventTenant): object {
  if (envelope.domain !== undefined || tenant.by === 'nobody') return envelope;
  const filled: { -readonly [F in FactName]?: unknown } = {};
  for (const fact of factNames) {
    const value = fact === 'domain' ? tenant.path[0] : envelope[fact];
    if (value !== undefined) filled[fact] = value;
  }
  return filled;
}

/** Whether the webhook's scope covers an event of this tenant; undefined when the directory knows nobody whom it concerns. */
export function isCovered(
  { scope, accountId, domainId }: Pick<Webhook, 'scope' | 'accountId' | 'domainId'>,
  tenant: EventTenant,
): boolean | undefined {
  if (scope === 'Global') return true;
  if (tenant.by === 'nobody') return undefined;
  if (scope === 'Domain') return tenant.path.includes(domainId);
  return tenant.by !== 'domain' && tenant.owner === accountId;
}
