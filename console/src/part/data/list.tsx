/** A list of the API, page after page: what is loaded of it, and the states in between. */
import { keepPreviousData, useInfiniteQuery } from '@tanstack/vue-query';
import { computed } from 'vue';
import type { ComputedRef, VNode, VNodeChild } from 'vue';

import { text } from '../../text/en.ts';
import { ErrorNote, Loading } from '../note.tsx';

export interface ListPage<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

export interface List<Item> {
  readonly items: ComputedRef<readonly Item[]>;
  readonly error: ComputedRef<unknown>;
  readonly isLoaded: ComputedRef<boolean>;
  readonly hasMore: ComputedRef<boolean>;
  readonly isLoadingMore: ComputedRef<boolean>;
  readonly loadMore: () => void;
  readonly reload: () => void;
}

interface Options<Item> {
  /** What the list depends on: its name, and its filters as they are now. */
  readonly key: () => readonly unknown[];
  readonly load: (cursor: string | undefined, signal: AbortSignal) => Promise<ListPage<Item>>;
  readonly refreshMs?: number;
}

export function useList<Item>({ key, load, refreshMs }: Options<Item>): List<Item> {
  const first: string | undefined = undefined;
  const query = useInfiniteQuery({
    queryKey: computed(key),
    queryFn: async ({
      pageParam,
      signal,
    }: {
      pageParam: string | undefined;
      signal: AbortSignal;
    }) => load(pageParam, signal),
    initialPageParam: first,
    getNextPageParam: (page: ListPage<Item>) => page.nextCursor ?? undefined,
    placeholderData: keepPreviousData,
    ...(refreshMs !== undefined && { refetchInterval: refreshMs }),
  });
  return {
    items: computed(() => query.data.value?.pages.flatMap(page => page.items) ?? []),
    error: computed(() => query.error.value),
    isLoaded: computed(() => query.data.value !== undefined),
    hasMore: computed(() => query.hasNextPage.value),
    isLoadingMore: computed(() => query.isFetchingNextPage.value),
    loadMore: () => void query.fetchNextPage(),
    reload: () => void query.refetch(),
  };
}

interface Props<Item> {
  readonly list: List<Item>;
  readonly empty: () => VNodeChild;
  readonly table: (items: readonly Item[]) => VNodeChild;
}

export function ListBody<Item>({ list, empty, table }: Props<Item>): VNode {
  const { items, error, isLoaded, hasMore, isLoadingMore, loadMore, reload } = list;
  return (
    <div class="stack">
      {error.value ? <ErrorNote error={error.value} retry={reload} /> : null}
      {isLoaded.value || error.value ? null : <Loading />}
      {isLoaded.value && items.value.length === 0 ? empty() : null}
      {items.value.length > 0 ? table(items.value) : null}
      {hasMore.value ? (
        <div class="row">
          <button type="button" disabled={isLoadingMore.value} onClick={loadMore}>
            {isLoadingMore.value ? text.common.loading : text.table.more}
          </button>
          <span class="hint">{text.table.shown(items.value.length)}</span>
        </div>
      ) : null}
    </div>
  );
}
