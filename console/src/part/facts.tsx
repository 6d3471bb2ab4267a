/** What is known of a thing: names and values. A value that is absent leaves its name out. */
import type { VNode, VNodeChild } from 'vue';

export type Fact = readonly [name: string, value: VNodeChild];

export function Facts({ facts }: { readonly facts: readonly Fact[] }): VNode {
  return (
    <dl class="facts">
      {facts
        .filter(([, value]) => value !== undefined && value !== null && value !== '')
        .map(([name, value]) => [<dt>{name}</dt>, <dd>{[value]}</dd>])}
    </dl>
  );
}
