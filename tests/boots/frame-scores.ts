/**
 * Test 90 of the memory manager's list: how whole memory stays. The rounds are the kernel's own (kernel/src/bench/
 * frame-scores.ts, boot argument `bench-scores`): at 50, 75 and 90 % in use, 100 times 10 % of the pages in use, chosen
 * at random, are freed and as many allocated. The bound is arithmetic: free / 512 frames would be ideal.
 */
import { expect } from 'vitest';
import { parseSize } from '../../emulator/base/size.js';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { parseBenchLines } from '../../scripts/bench/kernel-lines.js';
import { bundledKernel, TestMachine } from '../guests/test-machine.js';

const FRAME_PAGES = 512;
const SHARE_MIN = 0.99;
/** Frames in which what is reserved lies, or the border between used and free: no order of allocation makes them whole. */
const BORDERS = 2;
const ROUNDS = 100;

/** Demands that on a PC of that size 99 % of the frames that can be free are, whatever the load. */
export function expectWholeFrames(size: string): void {
  const host = new TestMachine(bundledKernel(), {
    memoryMap: pcMap(parseSize(size)).map,
    commandLine: 'quiet bench-scores',
    uartMode: 'instant',
  });
  expect(host.run()).toMatchObject({ kind: 'power-off' });
  const rows = parseBenchLines(host.serial)
    .filter(({ op, fields }) => op === 'frame_score' && fields['round'] === ROUNDS)
    .map(({ fields }) => fields);
  expect(rows.map(({ permille }) => permille)).toEqual([500, 750, 900]);
  for (const { permille, free = 0, whole = 0 } of rows) {
    const ideal = Math.floor(free / FRAME_PAGES) - BORDERS;
    expect([permille, free, whole, whole >= SHARE_MIN * ideal]).toEqual([
      permille,
      free,
      whole,
      true,
    ]);
  }
}
