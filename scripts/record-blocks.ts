/**
 * Measures blocks of code on this machine's own processor and prints them as `npm run accuracy` reads them; the method is in
 * record-blocks.c. `npm run record:blocks -- scripts/blocks/own-blocks.csv --output blocks.csv`
 */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ConfigurationError, HostError } from '../emulator/base/errors.js';
import { commandLine, runTool, wholeNumber } from './accuracy/command-line.js';
import { readBlockList, type ListedBlock } from './blocks/block-list.js';
import { COPIES_MAX } from './blocks/block-rows.js';
import { recordBlocks, type Measurement } from './blocks/recorder.js';

const USAGE = `npm run record:blocks -- [options] FILE
  FILE                 blocks, CSV: hex, and name, setup, text (scripts/blocks/own-blocks.csv)
  --loop N             in a loop of N copies, not a straight line
  --output FILE        write it there, not to standard output
Exit status: 0 done, 2 a bad option or a malformed file, 10 no gcc, or a file that cannot be read or written.
`;
const LOOP_REGISTER = 15;
const OPTIONS = {
  loop: { type: 'string' },
  output: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

await runTool('record-blocks', main);

function main(): void {
  const { values: options, positionals } = commandLine(() =>
    parseArgs({ options: OPTIONS, allowPositionals: true }),
  );
  if (options.help) {
    process.stdout.write(USAGE);
    return;
  }
  const [path] = positionals;
  if (path === undefined || positionals.length > 1) {
    throw new ConfigurationError('one file of blocks must be named');
  }
  const copies =
    options.loop === undefined ? null : wholeNumber('--loop', options.loop, 1, COPIES_MAX);
  const blocks = readBlockList(path);
  const rootDir = join(dirname(fileURLToPath(import.meta.url)), '../..');
  const { processor, measurements } = recordBlocks(rootDir, blocks, copies);
  const shape = copies === null ? 'straight lines of copies' : `loops of ${copies} copies`;
  const lines = [
    `# ${processor}: cycles of one copy in ${shape}; minima of two lengths' RDTSC ticks, in units of a dependent addition`,
    `name,hex,cycles,${copies === null ? '' : 'loop_reg,copies_per_loop,'}setup,text`,
    ...blocks.map((block, index) => lineOf(block, measurements[index], copies)),
  ];
  write(options.output, lines.join('\n') + '\n');
}

function write(path: string | undefined, text: string): void {
  if (path === undefined) {
    process.stdout.write(text);
    return;
  }
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new HostError(`${path}: cannot be written (${(error as Error).message})`);
  }
}

/** A block that could not be measured is a comment. */
function lineOf(block: ListedBlock, found: Measurement | undefined, copies: number | null): string {
  const { name, hex, setupText, text } = block;
  if (found?.kind !== 'cycles') return `# ${name} ${hex}: ${found?.reason ?? 'no answer'}`;
  const shape = copies === null ? [] : [LOOP_REGISTER, copies];
  return [name, hex, found.cycles, ...shape, setupText, text].join(',');
}
