/** The heading of a page, what the page is about, and what can be done there. */
import type { VNode, VNodeChild } from 'vue';

interface Props {
  readonly title: string;
  readonly about?: string;
  readonly actions?: VNodeChild;
}

export function PageHead({ title, about, actions }: Props): VNode {
  return (
    <div class="page-head">
      <div>
        <h1 class="break">{title}</h1>
        {about === undefined ? null : <p class="muted">{about}</p>}
      </div>
      <div class="row">{[actions]}</div>
    </div>
  );
}
