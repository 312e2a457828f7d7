/**
 * The benchmark of the kernel's allocators against twins: other allocators in the same dialect, compiled by the same
 * compiler, on the emulated processor. Cycles are those of the `zen1` model, instructions those of `unit`.
 * `npm run bench:kernel` prints the tables and writes them, with plots, into docs/.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildBenchKernel } from './build-bench.js';
import { ALONE, CONTENDERS } from './kernel-bench/contenders.js';
import { kernelDocument } from './kernel-bench/document.js';
import { FrameScores, scoreRuns } from './kernel-bench/frame-scores.js';
import { HeapFigures, heapRuns } from './kernel-bench/heap-figures.js';
import { keepOutcomes, keptOutcomes } from './kernel-bench/kept-outcomes.js';
import { PageFigures, pageRuns, RAM_SIZES, type Ram } from './kernel-bench/page-figures.js';
import { isSameRun, runKernels, type Outcome, type Run } from './kernel-bench/run-kernels.js';

const USAGE = `npm run bench:kernel -- [options]
  --quick      an eighth of the work on small machines; prints, and writes nothing
  --jobs N     machines at a time (the processors)
  --out DIR    where kernel-bench.md and plots/ go (docs)
  --keep FILE  keep what was measured, after each machine; what the file has already is not measured again
  --from FILE  measure nothing: write the documents from what was kept
`;
const QUICK_SIZES: readonly Ram[] = ['8M', '128M'];

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    jobs: { type: 'string', default: String(availableParallelism()) },
    out: { type: 'string' },
    keep: { type: 'string' },
    from: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const rootDir = join(dirname(fileURLToPath(import.meta.url)), '../..');
const sizes = options.quick ? QUICK_SIZES : RAM_SIZES;
const [scoreRam, largeScoreRam] = options.quick ? ['64M', '128M'] : ['1G', '4G'];

if (options.help) process.stdout.write(USAGE);
else writeDocuments(options.from === undefined ? await measure() : keptOutcomes(options.from));

async function measure(): Promise<Outcome[]> {
  const jobs = Number(options.jobs);
  if (!(jobs >= 1))
    throw new Error(`--jobs ${options.jobs}: a positive number is wanted\n${USAGE}`);
  const { keep } = options;
  const outcomes = keep === undefined ? [] : keptOutcomes(keep);
  const runs = allRuns().filter((run) => !outcomes.some((kept) => isSameRun(run, kept.run)));
  for (const contender of [...CONTENDERS, ALONE]) await buildBenchKernel(rootDir, contender);
  const folder = mkdtempSync(join(tmpdir(), 's7x-bench-kernel-'));
  try {
    await runKernels(rootDir, folder, runs, jobs, (outcome, words) => {
      outcomes.push(outcome);
      if (keep !== undefined) keepOutcomes(keep, outcomes);
      progress(words);
    });
    return outcomes;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The heaps first: they take longest. */
function allRuns(): Run[] {
  const words = options.quick ? 'bench-quick' : '';
  const alone = { contender: ALONE, ram: options.quick ? '2G' : '64G', counter: 'zen1' } as const;
  return [
    ...heapRuns(options.quick ? '64M' : '1G', words),
    ...scoreRuns(scoreRam, largeScoreRam),
    { ...alone, words: `bench ${words}`.trim() },
    ...pageRuns(sizes, words),
  ];
}

function writeDocuments(outcomes: readonly Outcome[]): void {
  const wanted = allRuns();
  const missing = wanted.filter((run) => !outcomes.some((kept) => isSameRun(run, kept.run)));
  const { text, plots } = kernelDocument({
    pages: new PageFigures(outcomes),
    heaps: new HeapFigures(outcomes),
    scores: new FrameScores(outcomes, scoreRam, largeScoreRam),
    alone: outcomes.find(({ run }) => run.contender === ALONE)?.lines ?? [],
    sizes,
    machines: { wanted: wanted.length, missing: missing.length },
  });
  process.stdout.write(text);
  const outDir = options.out ?? (options.quick ? null : join(rootDir, 'docs'));
  if (outDir === null) return;
  mkdirSync(join(outDir, 'plots'), { recursive: true });
  writeFileSync(join(outDir, 'kernel-bench.md'), text);
  for (const { name, svg } of plots) writeFileSync(join(outDir, 'plots', name), svg);
}

function progress(text: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${text}` : `${text}\n`);
}
