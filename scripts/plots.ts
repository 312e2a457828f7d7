/**
 * Draws measured against modelled for docs/accuracy.md: `npm run docs:plots`. Without FILE… (measured blocks, as for
 * `npm run accuracy`) the two plots of blocks stay as they are.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ZEN1 } from '../emulator/timing/cores/zen1.js';
import { compare as compareBlocks } from './accuracy/comparison.js';
import { defaultBlockFiles, readMeasuredBlocks } from './accuracy/measured-blocks.js';
import { density } from './plots/density.js';
import { figures } from './plots/figures.js';
import { compare, experiments, readMeasurements } from './staircases/comparison.js';
import { MEASURED_MACHINE } from './staircases/measured-machine.js';

const rootDir = process.cwd();
const folder = join(rootDir, 'docs/plots');
mkdirSync(folder, { recursive: true });

const measurements = readMeasurements(rootDir);
const comparisons = experiments().map((experiment) =>
  compare({ rootDir, model: MEASURED_MACHINE }, measurements, experiment),
);
for (const [name, text] of figures(comparisons)) write(name, text);

const files = process.argv.length > 2 ? process.argv.slice(2) : defaultBlockFiles(rootDir);
for (const path of files) {
  const { mode, blocks } = compareBlocks(readMeasuredBlocks(path, null), ZEN1, 1);
  const shape = mode === 'loop' ? 'loops of copies' : 'straight lines of copies';
  const title = `${String(blocks.length)} basic blocks of real programs, ${shape}`;
  write(`blocks-${mode}.svg`, density(title, blocks));
}
if (files.length === 0)
  console.log('No measured blocks are at hand: their plots stay as they are.');

function write(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
  console.log(`docs/plots/${name}`);
}
