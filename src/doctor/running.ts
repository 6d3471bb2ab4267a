/** What the Hookline that runs here has counted, from its metrics. */
import fetch from 'node-fetch';

import { counted, type Finding } from '../event/finding.ts';

const askMs = 3_000;

/** Findings about bindings that the running process had to make again; none where no process answers. */
export async function inspectRestored(
  url: string,
  source: string,
): Promise<readonly Omit<Finding, 'check'>[]> {
  const count = await readCount(url, `hookline_source_bindings_restored_total{source="${source}"}`);
  if (count === 0) return [];
  return [
    {
      state: 'warn',
      found: `${counted(count, 'binding')} had been missing and ${count === 1 ? 'was' : 'were'} made again since Hookline started`,
      hint: 'What was sent to the exchange meanwhile is lost; the log says when and why (source.binding_restored). A durable exchange keeps its bindings, and queues of the cloud itself (queues) keep what it sends.',
    },
  ];
}

async function readCount(url: string, sample: string): Promise<number> {
  try {
    const answer = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(askMs) });
    const line = (await answer.text()).split('\n').find(one => one.startsWith(`${sample} `));
    return Number(line?.slice(sample.length) ?? 0) || 0;
  } catch {
    // Nothing answers: the check of the port says so.
    return 0;
  }
}
