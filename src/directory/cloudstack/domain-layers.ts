/** Sorts a flat list of domains into layers, parents before children; pure. */
import type { CloudDomain } from '../../store/directory/snapshot.ts';

export interface Layered {
  /** Domains without a parent first, then their children, and so on. */
  readonly layers: readonly (readonly CloudDomain[])[];
  /** Domains that are in no layer, because an ancestor is missing or they form a ring. */
  readonly adrift: readonly CloudDomain[];
}

/** If an id occurs twice, its last domain counts. */
export function layerDomains(domains: readonly CloudDomain[]): Layered {
  const byId = new Map(domains.map(domain => [domain.id, domain]));
  const below = Map.groupBy(byId.values(), ({ parentId }) => parentId);
  const layers: CloudDomain[][] = [];
  let layer = below.get(null) ?? [];
  while (layer.length > 0) {
    layers.push(layer);
    for (const { id } of layer) byId.delete(id);
    layer = layer.flatMap(({ id }) => below.get(id) ?? []);
  }
  return { layers, adrift: [...byId.values()] };
}
