/** Ten minutes of `npm run fuzz`, from a seed that the output names. */
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

const SECONDS = 540;

it(`finds nothing in ${SECONDS} seconds`, () => {
  const seed = String(Date.now() % 1_000_000_000);
  const output = execFileSync(
    process.execPath,
    ['dist/scripts/fuzz.js', '--seed', seed, '--seconds', String(SECONDS)],
    { encoding: 'utf8' },
  );
  expect(output, `seed ${seed}`).toContain(' 0 findings');
});
