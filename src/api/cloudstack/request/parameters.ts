/**
 * The parameters of a request to CloudStack's API, of its query and of its form; pure and total.
 *
 * If a name is given twice, the query's last value counts, before the form's first: as in CloudStack, so that the
 * value that is signed is the value that is used.
 *
 * Source: apache/cloudstack, ApiServlet.utf8Fixup, ApiServer.checkCharacterInkParams.
 */
import { CommandError, errorCodes, invalidParameter } from './command-error.ts';

export type Parameters = ReadonlyMap<string, string>;

/** Ten times as many as any command has. */
const parametersMax = 500;

/** Parameters as they were sent, before anything is decoded. */
export interface EncodedParameters {
  readonly query: readonly EncodedPair[];
  readonly form: readonly EncodedPair[];
}

interface EncodedPair {
  readonly name: string;
  readonly value: string;
}

/**
 * Splits a request into its parameters, without decoding them.
 *
 * @param query what follows `?`. @param form the body.
 * @throws {CommandError} for too many of them.
 */
export function splitParameters(query: string, form: string): EncodedParameters {
  const ofQuery = pairsOf(query, parametersMax);
  return { query: ofQuery, form: pairsOf(form, parametersMax - ofQuery.length) };
}

/** Finds a value by a name in lower case, as far as it was sent without any encoding, as names and credentials are. */
export function findPlain({ query, form }: EncodedParameters, name: string): string | undefined {
  const isIt = (pair: EncodedPair): boolean => pair.name.toLowerCase() === name;
  return (query.findLast(isIt) ?? form.find(isIt))?.value;
}

/** @throws {CommandError} for parameters that are not percent-encoded UTF-8. */
export function decodeParameters({ query, form }: EncodedParameters): Parameters {
  const parameters = new Map<string, string>();
  for (const { name, value } of form) {
    const known = decode(name);
    if (!parameters.has(known)) parameters.set(known, decode(value));
  }
  for (const { name, value } of query) parameters.set(decode(name), decode(value));
  return parameters;
}

/** The parameters by lower-case name: CloudStack ignores the case of names, except of `command` and `response`. */
export function foldNames(parameters: Parameters): Parameters {
  const folded = new Map<string, string>();
  for (const [name, value] of parameters) {
    const known = name.toLowerCase();
    if (folded.has(known)) throw invalidParameter(`Parameter ${known} is given more than once`);
    refuseControls(name, value);
    folded.set(known, value);
  }
  return folded;
}

function pairsOf(text: string, countMax: number): readonly EncodedPair[] {
  const pairs: EncodedPair[] = [];
  for (let start = 0; start < text.length;) {
    const next = text.indexOf('&', start);
    const end = next === -1 ? text.length : next;
    if (end > start) {
      if (pairs.length >= countMax) throw malformed(`more than ${parametersMax} parameters`);
      pairs.push(splitPair(text.slice(start, end)));
    }
    start = end + 1;
  }
  return pairs;
}

function splitPair(pair: string): EncodedPair {
  const end = pair.indexOf('=');
  return end === -1
    ? { name: pair, value: '' }
    : { name: pair.slice(0, end), value: pair.slice(end + 1) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw malformed(`${text.slice(0, 100)} is not percent-encoded UTF-8`);
  }
}

const malformed = (reason: string): CommandError =>
  new CommandError(errorCodes.malformedParameter, `Malformed parameters: ${reason}`);

/** Control characters other than line feed and carriage return. */
const control = /[\p{Cc}--[\n\r\x80-\x9f]]/v;

function refuseControls(name: string, value: string): void {
  if (!control.test(value)) return;
  throw invalidParameter(
    `Received value containing illegal ASCII non-printable characters for parameter ${name}`,
  );
}
