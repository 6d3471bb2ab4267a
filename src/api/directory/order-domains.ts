/** Puts the domains of an import into an order in which they can be written, parents first; pure. */
import type { FieldError } from '../http/problem.ts';

export interface ImportedDomain {
  readonly id: string;
  readonly name: string;
  readonly parentId?: string | null;
}

export interface OrderedDomains {
  readonly domains: readonly ImportedDomain[];
  /** Reasons why there is no order: ids listed twice, and cycles. */
  readonly errors: readonly FieldError[];
}

/** Orders parents before their children. A parent that is not among the items is assumed to exist already. */
export function orderDomains(items: readonly ImportedDomain[]): OrderedDomains {
  const byId = new Map<string, ImportedDomain>();
  const errors: FieldError[] = [];
  for (const [index, item] of items.entries()) {
    if (byId.has(item.id))
      errors.push({ path: `/items/${index}/id`, message: `${item.id} is listed twice` });
    byId.set(item.id, item);
  }
  const placed = new Set<string>();
  const domains: ImportedDomain[] = [];
  for (const item of byId.values()) {
    const line = ancestry(item, byId, placed);
    if (line === undefined) {
      errors.push({ path: '/items', message: `${item.id} would be its own ancestor` });
      continue;
    }
    for (const one of line) {
      placed.add(one.id);
      domains.push(one);
    }
  }
  return { domains, errors };
}

/** The item and its ancestors that are not placed yet, topmost first; undefined for a cycle. */
function ancestry(
  item: ImportedDomain,
  byId: ReadonlyMap<string, ImportedDomain>,
  placed: ReadonlySet<string>,
): ImportedDomain[] | undefined {
  const line: ImportedDomain[] = [];
  const seen = new Set<string>();
  let one: ImportedDomain | undefined = item;
  while (one && !placed.has(one.id)) {
    if (seen.has(one.id)) return undefined;
    seen.add(one.id);
    line.push(one);
    one = typeof one.parentId === 'string' ? byId.get(one.parentId) : undefined;
  }
  return line.toReversed();
}
