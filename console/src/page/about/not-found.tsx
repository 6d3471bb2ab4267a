/** An address at which there is no page. */
import { defineComponent } from 'vue';
import { RouterLink } from 'vue-router';

import { PageHead } from '../../part/page-head.tsx';
import { text } from '../../text/en.ts';

export const NotFound = defineComponent(() => () => (
  <div class="stack">
    <PageHead title={text.notFound.title} about={text.notFound.about} />
    <p>
      <RouterLink to="/">{() => text.notFound.next}</RouterLink>
    </p>
  </div>
));
