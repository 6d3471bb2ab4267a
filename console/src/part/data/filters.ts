/** Filters of a list, kept in the address: a filtered list can be linked to, and "back" goes back to it. */
import { computed } from 'vue';
import type { ComputedRef } from 'vue';
import { useRoute, useRouter } from 'vue-router';

export interface Filters<Name extends string> {
  /** A filter that is not set is ''. */
  readonly values: ComputedRef<Readonly<Record<Name, string>>>;
  readonly isFiltered: ComputedRef<boolean>;
  readonly set: (name: Name, value: string) => void;
  readonly clear: () => void;
}

export function useFilters<Name extends string>(names: readonly Name[]): Filters<Name>;
export function useFilters(names: readonly string[]): Filters<string> {
  const route = useRoute();
  const router = useRouter();
  const textOf = (name: string): string => {
    const value = route.query[name];
    return typeof value === 'string' ? value : '';
  };
  const values = computed(() => Object.fromEntries(names.map(name => [name, textOf(name)])));
  return {
    values,
    isFiltered: computed(() => names.some(name => values.value[name] !== '')),
    set: (name, value) => {
      const { [name]: _former, ...others } = route.query;
      void router.replace({ query: value === '' ? others : { ...others, [name]: value } });
    },
    clear: () => void router.replace({ query: {} }),
  };
}

/** One of the words, or undefined: for a query parameter of the API that takes no others. */
export function oneOf<Word extends string>(
  words: Readonly<Record<Word, unknown>>,
  value: string,
): Word | undefined {
  return isWord(words, value) ? value : undefined;
}

const isWord = <Word extends string>(
  words: Readonly<Record<Word, unknown>>,
  value: string,
): value is Word => Object.hasOwn(words, value);

/** A text filter; undefined when it is not set. */
export const textOf = (value: string): string | undefined => (value === '' ? undefined : value);

/** The instant that a control for local date and time names; undefined when it is not set. */
export const instantOf = (value: string): string | undefined =>
  value === '' ? undefined : new Date(value).toISOString();
