/**
 * The benchmark of the kernel's allocators against twins: other allocators in the same dialect, compiled by the same
 * compiler, on the emulated processor. Cycles are those of the `zen1` model, instructions those of `unit`.
 * `npm run bench:kernel` prints the tables and writes them, with plots, into docs/.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildBenchKernel } from './build-bench.js';
import { CONTENDERS } from './kernel-bench/contenders.js';
import { INTRODUCTION, pageAppendix, pageChapter } from './kernel-bench/document.js';
import { heapChapter, heapRuns } from './kernel-bench/heap-tables.js';
import { PageFigures, pageRuns, RAM_SIZES, type Ram } from './kernel-bench/page-figures.js';
import { runKernels } from './kernel-bench/run-kernels.js';

const USAGE = `npm run bench:kernel -- [options]
  --quick      an eighth of the work on small machines; prints, and writes nothing
  --jobs N     machines at a time (the processors)
  --out DIR    where kernel-bench.md goes (docs)
`;
const QUICK_SIZES: readonly Ram[] = ['8M', '128M'];

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    jobs: { type: 'string', default: String(availableParallelism()) },
    out: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (options.help) process.stdout.write(USAGE);
else await bench();

async function bench(): Promise<void> {
  const rootDir = join(dirname(fileURLToPath(import.meta.url)), '../..');
  const jobs = Number(options.jobs);
  if (!(jobs >= 1))
    throw new Error(`--jobs ${options.jobs}: a positive number is wanted\n${USAGE}`);
  for (const contender of CONTENDERS) await buildBenchKernel(rootDir, contender);
  const folder = mkdtempSync(join(tmpdir(), 's7x-bench-kernel-'));
  try {
    const sizes = options.quick ? QUICK_SIZES : RAM_SIZES;
    const words = options.quick ? 'bench-quick' : '';
    const heapRam = options.quick ? '64M' : '1G';
    const runs = [...pageRuns(sizes, words), ...heapRuns(heapRam, words)];
    const outcomes = await runKernels(rootDir, folder, runs, jobs, progress);
    const figures = new PageFigures(outcomes);
    const chapters = [
      INTRODUCTION,
      pageChapter(figures, sizes),
      heapChapter(outcomes),
      pageAppendix(figures, sizes),
    ];
    const text = `${chapters.join('\n\n')}\n`;
    process.stdout.write(text);
    const outDir = options.out ?? (options.quick ? null : join(rootDir, 'docs'));
    if (outDir !== null) writeFileSync(join(outDir, 'kernel-bench.md'), text);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function progress(text: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${text}` : `${text}\n`);
}
