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

/**
 * @param query what follows `?`. @param form the body.
 * @throws {CommandError} for parameters that are not percent-encoded UTF-8, or too many.
 */
export function parseParameters(query: string, form: string): Parameters {
  const parameters = new Map<string, string>();
  for (const [name, value] of pairsOf(form)) {
    if (!parameters.has(name)) parameters.set(name, value);
  }
  for (const [name, value] of pairsOf(query)) parameters.set(name, value);
  if (parameters.size > parametersMax) throw malformed(`more than ${parametersMax} parameters`);
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

function* pairsOf(text: string): Generator<readonly [name: string, value: string]> {
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const end = pair.indexOf('=');
    const name = decode(end === -1 ? pair : pair.slice(0, end));
    yield [name, end === -1 ? '' : decode(pair.slice(end + 1))];
  }
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
