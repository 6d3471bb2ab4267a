/** Takes secrets out of what is kept for others to read; pure. */

/** Names whose text is a secret, and `headers`, which often carry one. */
const secretName = /secret|password|token|authorization|credential|sealed/i;
const hidden = '[hidden]';

/** The same object with every secret text replaced: that there was one can be seen, what it was cannot. */
export function withoutSecrets(value: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]: [string, unknown]) => [
      name,
      name === 'headers' ? hideTexts(inner) : clean(inner, secretName.test(name)),
    ]),
  );
}

function clean(value: unknown, isSecret: boolean): unknown {
  if (typeof value === 'string') return isSecret && value !== '' ? hidden : value;
  if (Array.isArray(value)) return value.map(item => clean(item, isSecret));
  if (typeof value !== 'object' || value === null) return value;
  return isSecret ? hideTexts(value) : withoutSecrets(value);
}

function hideTexts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(hideTexts);
  if (typeof value !== 'object' || value === null) return clean(value, true);
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]: [string, unknown]) => [name, hideTexts(inner)]),
  );
}
