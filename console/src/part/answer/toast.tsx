/** Short messages that what was asked for is done, or not. They are read out, and leave by themselves if all is well. */
import { reactive } from 'vue';
import type { VNode } from 'vue';

import { text } from '../../text/en.ts';
import { describeError } from '../note.tsx';

interface Toast {
  readonly id: number;
  readonly tone: 'good' | 'warn' | 'bad';
  readonly words: string;
}

const toasts = reactive<Toast[]>([]);
const shownMs = 6_000;
let last = 0;

export function tell(words: string): void {
  const id = add('good', words);
  setTimeout(() => remove(id), shownMs);
}

/** What was done, and yet will not do what its author expects: the API's own sentences. */
export function tellWarnings(warnings: readonly string[]): void {
  for (const warning of warnings) add('warn', warning);
}

export function tellError(error: unknown): void {
  const { title, detail, faults } = describeError(error);
  add('bad', [`${title}. ${detail}`, ...faults].join(' '));
}

/** That one of several was refused. */
export function tellRefusal(name: string, why: string): void {
  add('bad', `${name}: ${why}`);
}

function add(tone: Toast['tone'], words: string): number {
  last += 1;
  toasts.push({ id: last, tone, words });
  return last;
}

function remove(id: number): void {
  const index = toasts.findIndex(toast => toast.id === id);
  if (index >= 0) toasts.splice(index, 1);
}

export function Toasts(): VNode {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.map(({ id, tone, words }) => (
        <div key={id} class={['note', `note-${tone}`]}>
          <span class="break">{words}</span>
          <span>
            <button type="button" class="button-small" onClick={() => remove(id)}>
              {text.common.dismiss}
            </button>
          </span>
        </div>
      ))}
    </div>
  );
}
