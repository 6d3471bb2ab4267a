/** Decides which roles may specify which scope. */
import type { Scope } from './words.ts';

/** Roles that may specify each scope, as in CloudStack. */
const roles = {
  Global: ['Admin'],
  Domain: ['Admin', 'DomainAdmin'],
  Local: ['Admin', 'DomainAdmin', 'User'],
} as const satisfies Record<Scope, readonly string[]>;

export function maySpecify(role: (typeof roles)['Local'][number], scope: Scope): boolean {
  const allowed: readonly string[] = roles[scope];
  return allowed.includes(role);
}
