/**
 * Runs guest programs on the zen1 core and prints their cycles beside those of silicon: `npm run accuracy:memory`.
 * `-- --quick`: without the long ones.
 */
import { parseArgs } from 'node:util';
import { commandLine, runTool } from './accuracy/command-line.js';
import { compare, experiments, readMeasurements } from './staircases/comparison.js';
import { MEASURED_MACHINE } from './staircases/measured-machine.js';

await runTool('staircases', () => {
  const { quick } = commandLine(
    () => parseArgs({ options: { quick: { type: 'boolean', default: false } } }).values,
  );
  const rootDir = process.cwd();
  const measurements = readMeasurements(rootDir);
  let within = 0;
  let withinSamples = 0;
  const chosen = experiments().filter((experiment) => !quick || experiment.quick);
  console.log(`${'cycles'.padEnd(28)}  measured  modelled     error  of the samples`);
  for (const experiment of chosen) {
    const { name, measured, modelled, error, errorOfSamples } = compare(
      { rootDir, model: MEASURED_MACHINE },
      measurements,
      experiment,
    );
    if (Math.abs(error) <= 0.1) within++;
    if (Math.abs(errorOfSamples) <= 0.1) withinSamples++;
    const columns = [measured, modelled].map((cycles) => cycles.toFixed(2));
    columns.push(...[error, errorOfSamples].map((part) => `${(part * 100).toFixed(1)} %`));
    console.log(`${name.padEnd(28)}${columns.map((column) => column.padStart(10)).join('')}`);
  }
  console.log(`within 10 % of the median: ${within} of ${chosen.length}`);
  console.log(`within 10 % of the samples' tenth to 75th percentile: ${withinSamples}`);
});
