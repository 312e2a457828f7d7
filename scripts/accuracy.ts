/**
 * How close a core model comes to silicon: measured blocks through the decoder, the timed core and the model.
 * `npm run accuracy -- --help` says what can be chosen; docs/accuracy.md, "Time", has the figures.
 */
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ConfigurationError, HostError } from '../emulator/base/errors.js';
import type { CoreModel, ParameterName } from '../emulator/timing/core-model.js';
import { Parameter } from '../emulator/timing/engine-layout.js';
import { parametersOutOfBounds } from '../emulator/timing/parameter-bounds.js';
import { createTimingModel, DEFAULT_TIMING_MODEL } from '../emulator/timing/models.js';
import { ablationLines } from './accuracy/ablation.js';
import { withParameters } from './accuracy/block-runner.js';
import { commandLine, runTool, wholeNumber } from './accuracy/command-line.js';
import { compare, mapeWithUncovered, type Comparison } from './accuracy/comparison.js';
import { defaultBlockFiles, readMeasuredBlocks } from './accuracy/measured-blocks.js';
import { reportLines } from './accuracy/report.js';
import { agreement } from './accuracy/statistics.js';
import { COPIES_MAX } from './blocks/block-rows.js';

const USAGE = `npm run accuracy -- [options] [FILE…]
  FILE                 measured blocks, CSV: hex, cycles (../shared/zen1/blocks-*.csv)
  --cpu NAME           the core model (${DEFAULT_TIMING_MODEL})
  --loop N             where the file does not say: a loop of N copies, not a straight line
  --worst N            list the N blocks with the largest errors
  --sample N           every Nth block only (1)
  --set NAME=VALUE     another value of a parameter; repeatable
  --ablation           a table of what each detail is worth
  --json               the figures and all blocks as JSON
Exit status: 0 done, 2 a bad option or a malformed file, 10 a file that cannot be read.
`;
const OPTIONS = {
  cpu: { type: 'string', default: DEFAULT_TIMING_MODEL },
  loop: { type: 'string' },
  worst: { type: 'string', default: '0' },
  sample: { type: 'string', default: '1' },
  set: { type: 'string', multiple: true, default: [] as string[] },
  ablation: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

await runTool('accuracy', main);

function main(): void {
  const { values: options, positionals } = commandLine(() =>
    parseArgs({ options: OPTIONS, allowPositionals: true }),
  );
  if (options.help) {
    process.stdout.write(USAGE);
    return;
  }
  const model = withParameters(modelOf(options.cpu), overridesOf(options.set));
  const [excess] = parametersOutOfBounds(model.parameters);
  if (excess !== undefined) throw new ConfigurationError(`--set: ${excess}`);
  const sample = wholeNumber('--sample', options.sample, 1);
  const worst = wholeNumber('--worst', options.worst, 0);
  const copies =
    options.loop === undefined ? null : wholeNumber('--loop', options.loop, 1, COPIES_MAX);
  const paths = positionals.length > 0 ? positionals : defaultFiles();
  const files = paths.map((path) => readMeasuredBlocks(path, copies));
  if (options.ablation) {
    process.stdout.write(ablationLines(files, model, sample).join('\n') + '\n');
    return;
  }
  const comparisons = files.map((file) => compare(file, model, sample));
  const text = options.json
    ? JSON.stringify(comparisons.map(asJson), null, 1)
    : comparisons.map((found) => reportLines(found, worst).join('\n')).join('\n\n');
  process.stdout.write(text + '\n');
}

function modelOf(name: string): CoreModel {
  const model = createTimingModel(name);
  if (model.kind === 'engine') return model.core;
  throw new ConfigurationError(`--cpu ${name}: a model that counts instructions, not cycles`);
}

function overridesOf(assignments: readonly string[]): Map<ParameterName, number> {
  return new Map(
    assignments.map((assignment) => {
      const [name = '', value = ''] = assignment.split('=');
      if (!(name in Parameter) || name === 'Count' || !/[A-Za-z]/.test(name)) {
        throw new ConfigurationError(`--set ${assignment}: no parameter is called '${name}'`);
      }
      return [name as ParameterName, wholeNumber(`--set ${name}`, value, 0)];
    }),
  );
}

function defaultFiles(): string[] {
  const rootDir = join(dirname(fileURLToPath(import.meta.url)), '../..');
  const paths = defaultBlockFiles(rootDir);
  if (paths.length > 0) return paths.map((path) => relative(process.cwd(), path));
  throw new HostError(
    '../shared/zen1: no blocks-*.csv there; name a file, for example tests/timing/zen1-micro-blocks.csv',
  );
}

function asJson(comparison: Comparison): unknown {
  const { path, mode, blocks, uncovered, uncoveredBlocks } = comparison;
  const found = blocks.length === 0 ? null : agreement(blocks);
  return {
    path,
    mode,
    agreement: found,
    mapeWithUncovered: found === null ? 1 : mapeWithUncovered(found.mape, comparison),
    uncovered: Object.fromEntries(uncovered),
    uncoveredBlocks,
    blocks,
  };
}
