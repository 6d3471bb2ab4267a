/** An event as filters see it. Costly facts are computed once, when the first filter needs them. */
import type { Envelope } from '../event/envelope.ts';
import { severityOf } from '../event/severity.ts';
import type { Severity } from '../event/severity.ts';
import { parseJson } from '../event/text/exact-json.ts';
import { UnansweredError } from '../expression/expression-value.ts';
import { Allowance } from './allowance.ts';

/** Maximum length of a body that expressions look into, so that reading it never holds up the intake. */
export const originalCharsMax = 65_536;

/** Created once, for the reason in `expression-value.ts`. */
const tooLong = new UnansweredError(
  `the original has more than ${originalCharsMax} characters, so that no expression looks into it`,
);

export class Subject {
  readonly envelope: Envelope;
  readonly #body: string | undefined;
  #severity: Severity | undefined;
  #original: unknown;
  #isRead = false;
  #allowance = new Allowance();

  /** @param body as it is recorded: CloudStack's own message, or any other cloud's envelope as JSON. */
  constructor(envelope: Envelope, body?: string) {
    this.envelope = envelope;
    this.#body = body;
  }

  /** What the expressions of all webhooks may still cost on this event. */
  get allowance(): Allowance {
    return this.#allowance;
  }

  /** Allows everything anew: whoever explains asks each webhook as if it were alone. */
  allowAnew(): void {
    this.#allowance = new Allowance();
  }

  get severity(): Severity {
    return (this.#severity ??= severityOf(this.envelope));
  }

  /**
   * Finds a fact by the name that expressions use. @throws {UnansweredError} when the original is too long to look
   * into.
   */
  fact(name: string): unknown {
    if (name === 'original') return this.#readOriginal();
    if (name === 'severity') return this.severity;
    return Object.hasOwn(this.envelope, name) ? Reflect.get(this.envelope, name) : undefined;
  }

  /** Parses the body; undefined when it is no JSON. */
  #readOriginal(): unknown {
    if (this.#isRead || this.#body === undefined) return this.#original;
    if (this.#body.length > originalCharsMax) throw tooLong;
    this.#isRead = true;
    try {
      this.#original = parseJson(this.#body);
    } catch {
      this.#original = undefined;
    }
    return this.#original;
  }
}
