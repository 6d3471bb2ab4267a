/** Asks before something is destroyed, and names what that is. */
import { shallowRef } from 'vue';
import type { VNode } from 'vue';

import { text } from '../../text/en.ts';
import { Dialog } from './dialog.tsx';

export interface Question {
  readonly title: string;
  readonly about: string;
  /** Names of what would be destroyed. */
  readonly names: readonly string[];
  /** The verb on the button. */
  readonly act: string;
}

const asked = shallowRef<{
  readonly question: Question;
  readonly answer: (isYes: boolean) => void;
}>();
const namesShown = 10;

/** Whether the person says yes. */
export async function confirm(question: Question): Promise<boolean> {
  return new Promise(resolve => {
    asked.value = {
      question,
      answer: isYes => {
        asked.value = undefined;
        resolve(isYes);
      },
    };
  });
}

export function Confirm(): VNode | null {
  if (!asked.value) return null;
  const { question, answer } = asked.value;
  const { title, about, names, act } = question;
  const more = names.length - namesShown;
  return (
    <Dialog
      title={title}
      about={about}
      close={() => answer(false)}
      content={() => [
        <ul class="break">
          {names.slice(0, namesShown).map(name => (
            <li>
              <strong>{name}</strong>
            </li>
          ))}
          {more > 0 ? <li>{text.common.andMore(more)}</li> : null}
        </ul>,
        <div class="row">
          <button type="button" class="row-end" onClick={() => answer(false)}>
            {text.common.cancel}
          </button>
          <button type="button" class="button-danger" onClick={() => answer(true)}>
            {act}
          </button>
        </div>,
      ]}
    />
  );
}
