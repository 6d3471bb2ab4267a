import { describe, expect, it } from 'vitest';

import { createEffort } from '../../src/store/connection/effort.ts';

function startEffort(forgetMs?: number) {
  const now = { ms: 1_000 };
  const turns: (string | undefined)[] = [];
  const effort = createEffort({
    clock: () => now.ms,
    ...(forgetMs !== undefined && { forgetMs }),
    onTurn: error => void turns.push(error?.message),
  });
  return { effort, now, turns };
}

describe('what is done again and again', () => {
  it('is in trouble from a failure to the next success, and says each turn once', () => {
    const { effort, turns } = startEffort();
    effort.began();
    expect(effort.trouble()).toBeUndefined();
    effort.failed(new Error('disk full'));
    effort.failed(new Error('still full'));
    expect(effort.trouble()?.message).toBe('still full');
    effort.began();
    expect(effort.trouble()?.message).toBe('still full');
    effort.succeeded();
    expect(effort.trouble()).toBeUndefined();
    effort.succeeded();
    expect(turns).toEqual(['disk full', undefined]);
  });

  it('is in trouble when a try has no answer, counted from its beginning, until it is given up', () => {
    const { effort, now } = startEffort();
    effort.began();
    now.ms += 3_999;
    expect(effort.trouble()).toBeUndefined();
    effort.began();
    now.ms += 1;
    expect(effort.trouble()?.message).toBe('PostgreSQL has not answered for 4 s');
    effort.ended();
    expect(effort.trouble()).toBeUndefined();
  });

  it('is forgiven a failure that is not repeated, where it may be', () => {
    const { effort, now } = startEffort(100);
    effort.failed('no');
    now.ms += 99;
    expect(effort.trouble()?.message).toBe('no');
    now.ms += 1;
    expect(effort.trouble()).toBeUndefined();
  });
});
