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
  const chosen = experiments().filter((experiment) => !quick || experiment.quick);
  console.log(`${'cycles'.padEnd(28)}  measured  modelled     error`);
  for (const experiment of chosen) {
    const { name, measured, modelled, error } = compare(
      { rootDir, model: MEASURED_MACHINE },
      measurements,
      experiment,
    );
    if (Math.abs(error) <= 0.1) within++;
    const columns = [measured.toFixed(2), modelled.toFixed(2), `${(error * 100).toFixed(1)} %`];
    console.log(`${name.padEnd(28)}${columns.map((column) => column.padStart(10)).join('')}`);
  }
  console.log(`within 10 %: ${within} of ${chosen.length}`);
});
