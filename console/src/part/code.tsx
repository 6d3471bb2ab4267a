/** Text as it is, such as a body, and a button that copies it. */
import type { VNode } from 'vue';

import { text } from '../text/en.ts';
import { act } from './answer/act.ts';
import { tell } from './answer/toast.tsx';

interface Props {
  readonly label: string;
  readonly value: string;
}

export function Code({ label, value }: Props): VNode {
  return (
    <div class="stack">
      <div class="row">
        <strong>{label}</strong>
        <CopyButton label={text.common.copy} value={value} name={label} />
      </div>
      <pre class="code" tabindex={0} role="region" aria-label={label}>
        {value}
      </pre>
    </div>
  );
}

interface CopyProps {
  readonly label: string;
  readonly value: string;
  /** What is copied, for screen readers. */
  readonly name: string;
}

export function CopyButton({ label, value, name }: CopyProps): VNode {
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(value);
    tell(text.common.copied(name));
  };
  return (
    <button
      type="button"
      class="button-small row-end"
      aria-label={`${label}: ${name}`}
      onClick={act(copy)}
    >
      {label}
    </button>
  );
}

/** JSON with indentation; any other text as it is. */
export function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), undefined, 2);
  } catch {
    return body;
  }
}
