/** Puts a flat list of domains into layers, tops first; pure. */
import type { CloudDomain } from '../store/directory/directory-snapshot.ts';

export interface Layered {
  readonly layers: readonly (readonly CloudDomain[])[];
  /** Domains that hang under none of the tops: their parents are missing, or they are a ring. */
  readonly adrift: readonly CloudDomain[];
}

/** Tops are the domains without a parent. Of an id that comes twice the last is taken. */
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
