/** Boots bench kernels on the emulator, some at a time, and collects the lines that they print. */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseBenchLines, type BenchLine } from '../bench/kernel-lines.js';
import { benchKernelPath, type Contender } from './contenders.js';

/** What the time-stamp counter counts: cycles of the Zen 1 model, or, with `unit`, instructions. */
export type Counter = 'zen1' | 'unit';

export interface Run {
  readonly contender: Contender;
  /** As `s7x run -m` takes it. */
  readonly ram: string;
  readonly counter: Counter;
  /** The kernel's command line. */
  readonly words: string;
}

export interface Outcome {
  readonly run: Run;
  readonly lines: readonly BenchLine[];
}

const MAIN = 'dist/bundle/s7x.js';
/** xv6's list writes to every page of a GiB. */
const RESIDENT_MAX = '3G';

/**
 * Runs all, `jobs` at a time, in the given order, and tells `ended` of each.
 * @throws when a kernel does not switch the machine off
 */
export async function runKernels(
  rootDir: string,
  folder: string,
  runs: readonly Run[],
  jobs: number,
  ended: (outcome: Outcome, words: string) => void,
): Promise<void> {
  let done = 0;
  let next = 0;
  const startedAt = performance.now();
  const worker = async (): Promise<void> => {
    for (;;) {
      const index = next++;
      const run = runs[index];
      if (run === undefined) return;
      const lines = await boot(rootDir, join(folder, String(index)), run);
      done++;
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
      ended({ run, lines }, `${done} of ${runs.length}, ${seconds} s: ${describe(run)}`);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, jobs) }, worker));
}

/** Whether both are the same boot. */
export function isSameRun(one: Run, other: Run): boolean {
  return describe(one) === describe(other);
}

function describe({ contender, ram, counter, words }: Run): string {
  return `${contender.name}, ${ram}, ${counter}, ${words}`;
}

function boot(rootDir: string, folder: string, run: Run): Promise<BenchLine[]> {
  mkdirSync(folder, { recursive: true });
  const words = run.counter === 'unit' ? `${run.words} bench-counts` : run.words;
  const args = [
    ...[join(rootDir, MAIN), 'run', join(rootDir, benchKernelPath(run.contender))],
    ...['-m', run.ram, '--cpu', run.counter, '--append', words, '--uart', 'instant'],
    ...['--resident-max', RESIDENT_MAX, '-o', folder, '--quiet'],
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let complaints = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
    child.on('error', reject);
    child.on('close', (status) => {
      if (status === 0 && output.includes('[nk_bench] end')) resolve(parseBenchLines(output));
      else {
        const last = (output + complaints).slice(-1500);
        reject(new Error(`${describe(run)}: ended with status ${status}\n${last}`));
      }
    });
  });
}
