/** Chance that can be repeated: the seed is told, and HOOKLINE_TEST_SEED sets it. */
export function rollSeed(): number {
  const given = process.env['HOOKLINE_TEST_SEED'] ?? '';
  const seed = given === '' ? Math.floor(Math.random() * 2 ** 31) : Number(given);
  process.stdout.write(`seed: HOOKLINE_TEST_SEED=${seed} makes the same choices again\n`);
  return seed;
}
