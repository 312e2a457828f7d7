import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Place } from './guest-run.js';
import { measure } from './measured-process.js';
import { median } from './statistics.js';
import { runCommand } from './system7x.js';

export interface Boot {
  readonly ram: string;
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  /** Peak resident set of the whole process. */
  readonly peakResidentBytes: number;
}

export const BOOT_SIZES = ['8M', '8G', '4P'] as const;
/** The bundled kernel must boot as fast in this. */
export const BOOT_LIMITS = { wallRatio: 1.5, wallSeconds: 2, peakResidentBytes: 200 << 20 };

/** At its end the process tells the high-water mark of its own address space (proc(5), VmHWM). */
const REPORT_PEAK = `
import { isMainThread } from 'node:worker_threads';
import { readFileSync, writeFileSync } from 'node:fs';
if (isMainThread) process.on('exit', () =>
  writeFileSync(process.env.PEAK_FILE, readFileSync('/proc/self/status', 'utf8')));
`;

/** Boots the bundled kernel in each size of RAM, in turn within each round. Medians, in the order of BOOT_SIZES. */
export function measureBoots(
  place: Place,
  rounds: number,
  progress: (text: string) => void,
): Boot[] {
  const samples = BOOT_SIZES.map((): Boot[] => []);
  for (let round = 1; round <= rounds; round += 1) {
    for (const [index, ram] of BOOT_SIZES.entries()) {
      progress(`round ${round} of ${rounds}: kernel in ${ram}`);
      samples[index]?.push(boot(place, ram));
    }
  }
  return samples.map((boots, index) => ({
    ram: BOOT_SIZES[index] ?? '',
    wallSeconds: median(boots.map(({ wallSeconds }) => wallSeconds)),
    cpuSeconds: median(boots.map(({ cpuSeconds }) => cpuSeconds)),
    peakResidentBytes: median(boots.map(({ peakResidentBytes }) => peakResidentBytes)),
  }));
}

function boot({ rootDir, folder }: Place, ram: string): Boot {
  const runFolder = join(folder, 'boot');
  mkdirSync(runFolder, { recursive: true });
  const peakFile = join(runFolder, 'status.txt');
  const command = runCommand(rootDir, runFolder, ['-m', ram]);
  const { wallSeconds, cpuSeconds, status, output } = measure(
    {
      ...command,
      args: [
        '--import',
        `data:text/javascript,${encodeURIComponent(REPORT_PEAK)}`,
        ...command.args,
      ],
      environment: { PEAK_FILE: peakFile },
    },
    join(runFolder, 'output.txt'),
  );
  if (status !== 0) {
    throw new Error(`the kernel in ${ram} ended with status ${status}:\n${output.slice(-1000)}`);
  }
  const kib = Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(peakFile, 'utf8'))?.[1]);
  return { ram, wallSeconds, cpuSeconds, peakResidentBytes: kib * 1024 };
}
