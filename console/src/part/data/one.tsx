/** One thing of the API, and the states before there is it. */
import { useQuery } from '@tanstack/vue-query';
import { computed } from 'vue';
import type { ComputedRef, VNodeChild } from 'vue';

import { ErrorNote, Loading } from '../note.tsx';

export interface One<Item> {
  readonly data: ComputedRef<Item | undefined>;
  readonly error: ComputedRef<unknown>;
  readonly reload: () => void;
}

interface Options<Item> {
  readonly key: () => readonly unknown[];
  readonly load: (signal: AbortSignal) => Promise<Item>;
  readonly refreshMs?: number;
}

export function useOne<Item>({ key, load, refreshMs }: Options<Item>): One<Item> {
  const query = useQuery({
    queryKey: computed(key),
    queryFn: async ({ signal }: { signal: AbortSignal }) => load(signal),
    ...(refreshMs !== undefined && { refetchInterval: refreshMs }),
  });
  return {
    data: computed(() => query.data.value),
    error: computed(() => query.error.value),
    reload: () => void query.refetch(),
  };
}

/** What to show of it. */
export function showOne<Item>(one: One<Item>, show: (item: Item) => VNodeChild): VNodeChild {
  if (one.data.value !== undefined) return show(one.data.value);
  if (one.error.value) return <ErrorNote error={one.error.value} retry={one.reload} />;
  return <Loading />;
}
