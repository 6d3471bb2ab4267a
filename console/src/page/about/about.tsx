/** What this is: the version, how it is doing, and whose work is in the console. */
import { defineComponent } from 'vue';
import type { VNode } from 'vue';

import { baseUrl } from '../../client/client.ts';
import { client } from '../../client/client.ts';
import type { components } from '../../client/openapi.d.ts';
import { Badge } from '../../part/badge.tsx';
import { Facts } from '../../part/facts.tsx';
import { showOne, useOne } from '../../part/data/one.tsx';
import { PageHead } from '../../part/page-head.tsx';
import { text } from '../../text/en.ts';

type Readiness = components['schemas']['Readiness'];

interface About {
  readonly readiness: Readiness;
  readonly version: string;
}

const refreshMs = 10_000;

export const About = defineComponent(() => {
  const one = useOne<About>({ key: () => ['about'], refreshMs, load });
  return () => (
    <div class="stack">
      <PageHead title={text.about.title} about={text.about.about} />
      {[showOne(one, about => <Shown about={about} />)]}
      <ul>
        <li>
          <a href={new URL('docs/', baseUrl).href}>{text.about.docs}</a>
        </li>
        <li>
          <a href={new URL('third-party-notices.txt', baseUrl).href}>{text.about.notices}</a>
        </li>
      </ul>
    </div>
  );
});

/** A process that is not ready says so with 503 and the same body. */
async function load(signal: AbortSignal): Promise<About> {
  const { data, error } = await client.GET('/readyz', { signal });
  const answer: unknown = data ?? error;
  if (!isReadiness(answer)) throw new TypeError('no answer of Hookline');
  const document: unknown = await (
    await fetch(new URL('openapi.json', baseUrl), { signal })
  ).json();
  const info: unknown = Reflect.get(Object(document), 'info');
  return { readiness: answer, version: String(Reflect.get(Object(info), 'version')) };
}

const isReadiness = (answer: unknown): answer is Readiness =>
  typeof answer === 'object' && answer !== null && 'database' in answer && 'sources' in answer;

const tones = { ready: 'good', degraded: 'warn', 'not ready': 'bad' } as const;

function Shown({ about: { readiness, version } }: { readonly about: About }): VNode {
  const { facts } = text.about;
  const { status, database, notifications, directory } = readiness;
  return (
    <div class="card">
      <Facts
        facts={[
          [facts.version, version],
          [facts.status, <Badge tone={tones[status]} label={text.about.statuses[status]} />],
          [facts.database, text.about.databases[database]],
          [facts.notifications, text.about.notifications[notifications]],
          [
            facts.directory,
            directory && text.about.directory(directory.kind, directory.ageSeconds),
          ],
        ]}
      />
    </div>
  );
}
