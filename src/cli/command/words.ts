/** The words of a command: `user key delete <username> <id...>`. */

export interface CommandWords {
  /** Names of its group and of the command: `['user', 'key', 'delete']`. */
  readonly names: readonly string[];
  readonly arguments: readonly ArgumentWord[];
}

export interface ArgumentWord {
  /** `<id...>` */
  readonly written: string;
  /** `id` */
  readonly name: string;
}

export function parseWords(words: string): CommandWords {
  const all = words.split(' ');
  const names = all.filter(word => /^\w/.test(word));
  const written = all.slice(names.length);
  return {
    names,
    arguments: written.map(word => ({ written: word, name: word.replaceAll(/\W/g, '') })),
  };
}

/** Replaces `{name}` by the field of that name. @throws RangeError where there is none. */
export function fillTemplate(
  template: string,
  values: Readonly<Record<string, unknown>>,
  show: (value: unknown) => string,
): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new RangeError(`${template} has no value for ${name}`);
    return show(value);
  });
}

/** Names in braces. */
export const placeholdersOf = (template: string): readonly string[] =>
  [...template.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
