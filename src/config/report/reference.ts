/** The reference of the configuration, generated from the schema; a test keeps the documents equal to it. */
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
  /** Default value; null when there is none. */
  readonly default: unknown;
  readonly unit?: string;
  /** Description of valid values, such as `a whole number from 0 to 65535`. */
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

/** Renders `docs/configuration.md`. */
export function renderReference(): string {
  const rows = describeConfig().map(
    ({ key, variable, default: value, unit, expected, doc }) =>
      `| \`${key}\` | \`${variable}\` | ${showDefault(value)} | ${unit ?? ''} | ${cell(`${doc} Takes ${expected}.`)} |`,
  );
  return `# Configuration

This page is generated from \`src/config/schema.ts\`; a test keeps the two in step.

A value is taken from the environment, else from the file, else it is the default. The file is YAML or JSON: the one named
by \`--config\`, else by \`${configFileVariable}\`, else ${defaultFiles.map(path => `\`${path}\``).join(', ')} in the working
directory, if there is one. \`config/example.yaml\` shows every key. An empty variable counts as unset. In variables, the items of a list
are separated by commas.

An unknown key or \`HOOKLINE_…\` variable, or an invalid value, prevents the start: the exit code is 2, and there is one line for
each problem. \`hookline config\` shows the effective values and where each came from, with secrets masked.

| key | variable | default | unit | meaning |
|---|---|---|---|---|
${rows.join('\n')}

## Sources

Setting \`amqp.url\` creates a source named \`rabbitmq\`, setting \`kafka.brokers\` one named \`kafka\`. Further sources go into the list
\`sources\`. Each has a unique \`name\` (letters, digits, dots, dashes, underscores; it must never change, because stored positions are
kept under it), a \`kind\` (\`rabbitmq\`, \`kafka\` or \`http\`), and the keys of \`amqp\` or \`kafka\` above. \`clouds.md\` says what each
cloud needs:

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
    token: <shared with the sender>
\`\`\`

Senders post to a source of kind \`http\` at \`/v1/in/<name>\`. It has the keys of \`amqp\` about reading messages (\`format\`, …), and:

| key | default | unit | meaning |
|---|---|---|---|
${httpRows().join('\n')}
`;
}

/** Rows for the keys of an HTTP source that a bus does not have. */
function httpRows(): string[] {
  const shared = new Set(listKeys(formatKeys).map(({ path }) => path));
  return listKeys(httpKeys)
    .filter(({ path }) => !shared.has(path))
    .map(
      ({ path, key }) =>
        `| \`${path}\` | ${showDefault(key.default ?? null)} | ${key.unit ?? ''} | ${cell(`${key.doc} Takes ${expectedOf(key)}.`)} |`,
    );
}

/** Renders `config/example.yaml`: every key with its default, commented out. */
export function renderExample(): string {
  return `# Every key of Hookline's configuration with its default. Copy the keys you change to ${defaultFiles[0]}.
# Generated from src/config/schema.ts; a test keeps the two in step.
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
