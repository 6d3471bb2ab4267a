/** Headers of a request or a response. */
import type { VNode } from 'vue';

type Headers = Readonly<Record<string, string | readonly string[]>>;

export function Headers({
  label,
  headers,
}: {
  readonly label: string;
  readonly headers: Headers;
}): VNode {
  return (
    <div class="stack">
      <strong>{label}</strong>
      <dl class="facts mono">
        {Object.entries(headers).map(([name, value]) => [
          <dt>{name}</dt>,
          <dd>{typeof value === 'string' ? value : value.join(', ')}</dd>,
        ])}
      </dl>
    </div>
  );
}
