/** Steps that the expressions of all webhooks may take together on one event, because recording waits for them. */

/** Maximum number of steps of one account's expressions: a millisecond or two. */
const accountStepsMax = 25_000;
/** Maximum number of steps of all accounts' expressions. */
const eventStepsMax = 100_000;

export class Allowance {
  #left = eventStepsMax;
  readonly #spent = new Map<string, number>();

  leftFor(accountId: string): number {
    return Math.min(this.#left, accountStepsMax - (this.#spent.get(accountId) ?? 0));
  }

  spend(accountId: string, steps: number): void {
    this.#left -= steps;
    this.#spent.set(accountId, (this.#spent.get(accountId) ?? 0) + steps);
  }
}
