/** The reference of the configuration, generated from the schema: a test holds the documents to it. */
import { defaultFiles } from '../file/config-file.ts';
import { configFileVariable, variableOf } from '../load/environment.ts';
import { schema } from '../schema.ts';
import { formatKeys } from '../source/format-keys.ts';
import { httpKeys } from '../source/http.ts';
import { expectedOf, isKey, listKeys } from '../value/key.ts';
import type { Key, Section } from '../value/key.ts';

export interface KeyDescription {
  readonly key: string;
  readonly variable: string;
  /** Null where there is none. */
  readonly default: unknown;
  readonly unit?: string;
  /** What a value must be: `a whole number from 0 to 65535`. */
  readonly expected: string;
  readonly doc: string;
  readonly sensitive: boolean;
}

/** Every key, in the order of the schema. */
export function describeConfig(): KeyDescription[] {
  return listKeys(schema).map(({ path, key }) => ({
    key: path,
    variable: variableOf(path, key),
    default: key.default ?? null,
    unit: key.unit,
    expected: expectedOf(key),
    doc: key.doc,
    sensitive: key.sensitive === true,
  }));
}

/** `docs/configuration.md`. */
export function renderReference(): string {
  const rows = describeConfig().map(
    ({ key, variable, default: value, unit, expected, doc }) =>
      `| \`${key}\` | \`${variable}\` | ${showDefault(value)} | ${unit ?? ''} | ${cell(`${doc} Takes ${expected}.`)} |`,
  );
  return `# Configuration

This page is generated from \`src/config/schema.ts\`; a test keeps the two alike.

A value comes from the environment, else from the file, else it is the default. The file is YAML or JSON: the one named
by \`--config\`, else by \`${configFileVariable}\`, else ${defaultFiles.map(path => `\`${path}\``).join(', ')} in the working
directory, when there is one. \`config/example.yaml\` shows every key. An empty variable counts as not set. Lists are separated by commas in
variables.

A key or a \`HOOKLINE_…\` variable that is not known, or a value that cannot be used, stops the start with exit code 2 and one line
for each problem. \`hookline config\` shows the effective values and where each came from, secrets masked.

| key | variable | default | unit | meaning |
|---|---|---|---|---|
${rows.join('\n')}

## Sources

\`amqp.url\` makes a source named \`rabbitmq\`, \`kafka.brokers\` one named \`kafka\`. More go into the list \`sources\`; each has a
\`name\` of its own (letters, digits, dots, dashes, underscores; for ever, because stored positions are kept under it), a \`kind\`
(\`rabbitmq\`, \`kafka\` or \`http\`), and the keys of \`amqp\` or \`kafka\` above. \`clouds.md\` has what each cloud needs:

\`\`\`yaml
sources:
  - name: zone-1
    kind: rabbitmq
    url: amqp://hookline:password@rabbitmq.zone-1:5672/
  - name: zone-2
    kind: kafka
    brokers: [kafka-1.zone-2:9092, kafka-2.zone-2:9092]
    topics: [cloudstack]
  - name: xen-orchestra
    kind: http
    format: xen-orchestra
    token: <what the sender proves itself with>
\`\`\`

A source of kind \`http\` is posted to at \`/v1/in/<name>\`. It has the keys of \`amqp\` that say how a message is read (\`format\`, …), and:

| key | default | unit | meaning |
|---|---|---|---|
${httpRows().join('\n')}
`;
}

/** The keys that the sections of the buses do not have. */
function httpRows(): string[] {
  const shared = new Set(listKeys(formatKeys).map(({ path }) => path));
  return listKeys(httpKeys)
    .filter(({ path }) => !shared.has(path))
    .map(
      ({ path, key }) =>
        `| \`${path}\` | ${showDefault(key.default ?? null)} | ${key.unit ?? ''} | ${cell(`${key.doc} Takes ${expectedOf(key)}.`)} |`,
    );
}

/** `config/example.yaml`: every key with its default, commented out. */
export function renderExample(): string {
  return `# Every key of Hookline's configuration with its default. Copy what you change to ${defaultFiles[0]}.
# Generated from src/config/schema.ts; a test keeps the two alike.
${renderSection(schema, '').join('\n')}
`;
}

function renderSection(section: Section, path: string): string[] {
  const indent = '  '.repeat(path.split('.').length - 1);
  return Object.entries(section).flatMap(([name, node]) =>
    isKey(node)
      ? [
          '',
          `${indent}# ${remark(path + name, node)}`,
          `${indent}# ${name}: ${JSON.stringify(node.default ?? null)}`,
        ]
      : ['', `${indent}# ${name}:`, ...renderSection(node, `${path}${name}.`)],
  );
}

const remark = (path: string, key: Key): string =>
  [
    key.doc,
    ...(key.unit === undefined ? [] : [`In ${key.unit}.`]),
    `(${variableOf(path, key)})`,
  ].join(' ');

function showDefault(value: unknown): string {
  if (value === null) return '–';
  if (Array.isArray(value)) return value.length === 0 ? '–' : `\`${value.join(',')}\``;
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

const cell = (text: string): string => text.replaceAll('|', '\\|');
