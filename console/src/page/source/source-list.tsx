/** Where messages come from: what each source does, in words, how far behind it is, and holding it back. */
import { useQueryClient } from '@tanstack/vue-query';
import { defineComponent } from 'vue';
import type { VNode } from 'vue';

import type { Source } from '../../client/api.ts';
import { ask, client } from '../../client/client.ts';
import { act } from '../../part/answer/act.ts';
import { SourceBadge } from '../../part/badge.tsx';
import { Facts } from '../../part/facts.tsx';
import { EmptyNote } from '../../part/note.tsx';
import { showOne, useOne } from '../../part/data/one.tsx';
import { PageHead } from '../../part/page-head.tsx';
import { tell } from '../../part/answer/toast.tsx';
import { text } from '../../text/en.ts';

const refreshMs = 5_000;

export const SourceList = defineComponent(() => {
  const queryClient = useQueryClient();
  const one = useOne<readonly Source[]>({
    key: () => ['sources'],
    refreshMs,
    load: async signal => (await ask(client.GET('/v1/sources', { signal }))).items,
  });
  const switchTo = async ({ name, state }: Source): Promise<void> => {
    const params = { path: { name } };
    if (state === 'paused') {
      await ask(client.POST('/v1/sources/{name}/resume', { params }));
      tell(text.sources.resumed(name));
    } else {
      await ask(client.POST('/v1/sources/{name}/pause', { params }));
      tell(text.sources.paused(name));
    }
    await queryClient.invalidateQueries({ queryKey: ['sources'] });
  };
  return () => (
    <div class="stack">
      <PageHead title={text.sources.title} about={text.sources.about} />
      {[
        showOne(one, sources =>
          sources.length === 0 ? (
            <EmptyNote title={text.sources.empty.title} about={text.sources.empty.about} />
          ) : (
            <div class="sides">
              {sources.map(source => (
                <Card key={source.name} source={source} switchTo={switchTo} />
              ))}
            </div>
          ),
        ),
      ]}
    </div>
  );
});

interface CardProps {
  readonly source: Source;
  readonly switchTo: (source: Source) => Promise<void>;
}

function Card({ source, switchTo }: CardProps): VNode {
  const { name, kind, state, reason, lag, lost, warnings = [] } = source;
  const { facts } = text.sources;
  const isPaused = state === 'paused';
  return (
    <section class="card stack" aria-label={name}>
      <div class="row">
        <h2 class="break">{name}</h2>
        <SourceBadge state={state} />
        <button
          type="button"
          class="row-end"
          aria-label={isPaused ? text.sources.resumeOf(name) : text.sources.pauseOf(name)}
          onClick={act(async () => switchTo(source))}
        >
          {isPaused ? text.sources.resume : text.sources.pause}
        </button>
      </div>
      <p class="muted">{text.sources.states[state]}</p>
      <Facts
        facts={[
          [facts.kind, kind],
          [facts.reason, reason],
          [facts.lag, lag === undefined ? text.sources.unknown : text.number(lag)],
          [facts.lost, lost === undefined ? null : text.number(lost)],
        ]}
      />
      {warnings.map(warning => (
        <p class="note note-warn break">{warning}</p>
      ))}
    </section>
  );
}
