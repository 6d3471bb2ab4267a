import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { layerDomains } from '../../src/directory/cloudstack/domain-layers.ts';

const anyDomains = fc.uniqueArray(
  fc.record({
    id: fc.nat(20).map(String),
    name: fc.constant('n'),
    parentId: fc.option(fc.nat(22).map(String)),
  }),
  { selector: ({ id }) => id },
);

describe('layers of domains', () => {
  it('hold each domain once, under a parent of the layer before, or as adrift under none', () => {
    fc.assert(
      fc.property(anyDomains, domains => {
        const { layers, adrift } = layerDomains(domains);
        const placed = layers.flat();
        expect([...placed, ...adrift].map(({ id }) => id).toSorted()).toEqual(
          domains.map(({ id }) => id).toSorted(),
        );
        for (const [depth, layer] of layers.entries()) {
          const above = new Set(layers[depth - 1]?.map(({ id }) => id));
          for (const { parentId } of layer) {
            expect(parentId === null ? depth === 0 : above.has(parentId)).toBe(true);
          }
        }
        const ids = new Set(placed.map(({ id }) => id));
        expect(adrift.some(({ parentId }) => parentId === null || ids.has(parentId))).toBe(false);
      }),
    );
  });
});
