/** A vitest file as yours could be: the System 7X kernel on a few machines. docs/library.md says what there is. */
import { boot, sweep } from 'system7x';
import { expect, test } from 'vitest';
import 'system7x/vitest';

/** Vitest's own limit, in milliseconds of the host: only a guard, as the machines' times are their own. */
const PATIENCE_MS = 120_000;

test.each(['8M', '4G', '1T'])('boots in %s', async (ram) => {
  using machine = await boot(undefined, { ram, cpu: 'unit' });
  const { groups } = await machine.serial.waitFor(/usable RAM: (?<pages>\d+) pages/);
  expect(Number(groups['pages'])).toBeGreaterThan(1900);
  await machine.serial.waitFor('tests passed', { within: '2s' });
  await machine.run();
  expect(machine).toHaveEnded('power-off');
  expect(machine).toHaveTouchedLessThan('16M');
}, PATIENCE_MS);

test('kheap_init costs the same in every heap of its size', async () => {
  const cycles = [];
  for (const ram of ['64G', '1T']) {
    using machine = await boot(undefined, { ram, append: 'quiet', profile: true });
    await machine.run();
    cycles.push(machine.cyclesIn('kheap_init'));
  }
  expect(Math.max(...cycles)).toBeLessThan(2_000_000);
}, PATIENCE_MS);

test('real machines', async () => {
  const rows = await sweep(undefined, {
    cpu: 'unit',
    append: 'quiet',
    vary: { memmap: ['zoo:dell-*'] },
  });
  expect(rows.filter(({ passed }) => !passed)).toEqual([]);
}, PATIENCE_MS);
