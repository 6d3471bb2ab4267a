/** Selects the topics that a source listens to, out of those there are. */

/** One configured topic: a name, or a pattern that names any number of topics, present and future. */
export type TopicRule = { readonly name: string } | { readonly pattern: RegExp };

export interface TopicMatch {
  /** Names of the topics, sorted, each once. */
  readonly present: readonly string[];
  /** One line for each rule that no topic fits. */
  readonly missing: readonly string[];
}

/**
 * @param entry a topic's name, or a regular expression between slashes: `/^cloud-.*$/i`.
 * @throws SyntaxError when the expression is not one.
 */
export function parseTopic(entry: string): TopicRule {
  const [, source, flags] = /^\/(.+)\/([a-z]*)$/s.exec(entry) ?? [];
  if (source === undefined) return { name: entry };
  // With these a RegExp remembers where it stopped, and answers differently each time.
  return { pattern: new RegExp(source, flags?.replaceAll(/[gy]/g, '')) };
}

/** A pattern never takes Kafka's own topics, whose names begin with two underscores. */
export function matchTopics(rules: readonly TopicRule[], existing: readonly string[]): TopicMatch {
  const present = new Set<string>();
  const missing: string[] = [];
  for (const rule of rules) {
    const fitting = existing.filter(topic => fits(topic, rule));
    for (const topic of fitting) present.add(topic);
    if (fitting.length === 0) missing.push(describeMissing(rule));
  }
  return { present: [...present].toSorted(), missing };
}

function fits(topic: string, rule: TopicRule): boolean {
  if ('name' in rule) return topic === rule.name;
  return !topic.startsWith('__') && rule.pattern.test(topic);
}

/** Kafka does not list a topic that the user may not describe. */
function describeMissing(rule: TopicRule): string {
  const wanted = 'name' in rule ? `'${rule.name}'` : `matching ${String(rule.pattern)}`;
  return `no visible topic ${wanted}`;
}
