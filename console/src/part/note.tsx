/** What is said in place of, or above, what a page shows: that it loads, that there is nothing yet, what went wrong. */
import type { VNode, VNodeChild } from 'vue';

import { ApiError } from '../client/client.ts';
import { text } from '../text/en.ts';

export function Loading(): VNode {
  return (
    <p class="muted" role="status">
      {text.common.loading}
    </p>
  );
}

interface Empty {
  readonly title: string;
  readonly about: string;
  readonly next?: VNodeChild;
}

/** There is nothing, why that may be, and what to do next. */
export function EmptyNote({ title, about, next }: Empty): VNode {
  return (
    <div class="card empty">
      <h2>{title}</h2>
      <p>{about}</p>
      {[next]}
    </div>
  );
}

/** What went wrong and what to do about it. */
export function ErrorNote({
  error,
  retry,
}: {
  readonly error: unknown;
  readonly retry?: () => void;
}): VNode {
  const { title, detail, code, faults } = describeError(error);
  return (
    <div class="note note-bad" role="alert">
      <strong>{title}</strong>
      <span class="break">{detail}</span>
      {faults.length > 0 ? (
        <ul>
          {faults.map(fault => (
            <li class="break">{fault}</li>
          ))}
        </ul>
      ) : null}
      {retry ? (
        <span>
          <button type="button" class="button-small" onClick={retry}>
            {text.common.retry}
          </button>
        </span>
      ) : null}
      {code === '' ? null : <code class="hint">{code}</code>}
    </div>
  );
}

interface Described {
  readonly title: string;
  readonly detail: string;
  readonly code: string;
  readonly faults: readonly string[];
}

export function describeError(error: unknown): Described {
  if (!(error instanceof ApiError)) return { ...text.errors.unreachable, code: '', faults: [] };
  const { title, detail, code, errors = [] } = error.problem;
  const faults = errors.map(({ path, message, line, column }) =>
    text.errors.fault(path, message, line === undefined ? undefined : `${line}:${column ?? 1}`),
  );
  return { title, detail: detail === '' ? text.errors.noDetail : detail, code, faults };
}
