/** What can be done to the chosen webhooks. One after another, so that a refusal names its webhook. */
import { useQueryClient } from '@tanstack/vue-query';
import { defineComponent, ref } from 'vue';

import type { Webhook } from '../../client/api.ts';
import { ask, client, done } from '../../client/client.ts';
import { act } from '../../part/answer/act.ts';
import { confirm } from '../../part/answer/confirm.tsx';
import { describeError } from '../../part/note.tsx';
import { tell, tellRefusal } from '../../part/answer/toast.tsx';
import { text } from '../../text/en.ts';

interface BulkAct {
  readonly words: (typeof text.webhooks.bulk.acts)[keyof typeof text.webhooks.bulk.acts];
  readonly change: (id: string) => Promise<unknown>;
  /** What people have to know before; absent where nothing is destroyed. */
  readonly warning?: string;
  readonly isDanger?: boolean;
}

const pathOf = (id: string) => ({ params: { path: { id } } });

const switchTo =
  (state: Webhook['state']) =>
  async (id: string): Promise<Webhook> =>
    ask(client.PATCH('/v1/webhooks/{id}', { ...pathOf(id), body: { state } }));

const { acts } = text.webhooks.bulk;

const bulkActs: readonly BulkAct[] = [
  { words: acts.enable, change: switchTo('Enabled') },
  { words: acts.pause, change: switchTo('Paused') },
  { words: acts.disable, change: switchTo('Disabled'), warning: text.webhooks.disableAbout },
  {
    words: acts.delete,
    change: async id => done(client.DELETE('/v1/webhooks/{id}', pathOf(id))),
    warning: text.webhooks.deleteAbout,
    isDanger: true,
  },
];

interface Props {
  readonly webhooks: readonly Webhook[];
  readonly settled: () => void;
}

export const BulkBar = defineComponent(
  (props: Props) => {
    const queryClient = useQueryClient();
    const left = ref(0);
    const run = async ({ words, change, warning }: BulkAct): Promise<void> => {
      const { webhooks } = props;
      if (warning !== undefined && !(await isSure(webhooks, words, warning))) return;
      left.value = webhooks.length;
      const refusals = await inTurn(webhooks, change, () => (left.value -= 1));
      // First: whoever reads that it is done may choose others, and those have to stay chosen.
      if (refusals.length === 0) props.settled();
      const made = webhooks.length - refusals.length;
      if (made > 0) tell(words.done(made));
      for (const { name, error } of refusals) tellRefusal(name, describeError(error).detail);
      await queryClient.invalidateQueries({ queryKey: ['webhooks'] });
    };
    return () => {
      const isBusy = left.value > 0;
      const status = isBusy
        ? text.webhooks.bulk.left(left.value)
        : text.table.chosen(props.webhooks.length);
      return (
        <div class="card row" role="group" aria-label={text.webhooks.bulk.label}>
          <strong role="status">{status}</strong>
          {bulkActs.map(bulkAct => (
            <button
              type="button"
              class={bulkAct.isDanger ? 'button-danger' : ''}
              disabled={isBusy}
              onClick={act(async () => run(bulkAct))}
            >
              {bulkAct.words.button}
            </button>
          ))}
        </div>
      );
    };
  },
  { props: ['webhooks', 'settled'] },
);

async function isSure(
  webhooks: readonly Webhook[],
  { verb }: BulkAct['words'],
  about: string,
): Promise<boolean> {
  const sentence = verb(webhooks.length);
  const names = webhooks.map(({ name }) => name);
  return confirm({ title: text.common.question(sentence), about, names, act: sentence });
}

interface Refusal {
  readonly name: string;
  readonly error: unknown;
}

async function inTurn(
  webhooks: readonly Webhook[],
  change: (id: string) => Promise<unknown>,
  ended: () => void,
): Promise<readonly Refusal[]> {
  const refusals: Refusal[] = [];
  for (const { id, name } of webhooks) {
    try {
      await change(id);
    } catch (error) {
      refusals.push({ name, error });
    }
    ended();
  }
  return refusals;
}
