/**
 * The benchmark: guest programs on this emulator, QEMU's translator and Bochs, and boots of the kernel.
 * `npm run bench -- --help` says what can be chosen; docs/benchmarks.md how the figures are taken.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ConfigurationError } from '../emulator/base/errors.js';
import { commandLine, runTool } from './accuracy/command-line.js';
import { findBochs } from './bench/bochs.js';
import { UNTIMED, compareBuilds, type Contender } from './bench/build-comparison.js';
import { compiledLoops, loopNames } from './bench/compiled-loops.js';
import type { AbsentEmulator, Emulator } from './bench/emulator.js';
import type { Place } from './bench/guest-run.js';
import { checkInstructionCount } from './bench/instruction-check.js';
import { measureBoots } from './bench/kernel-boot.js';
import { measureLinux, missingForLinux } from './bench/linux-boot.js';
import { findQemu } from './bench/qemu.js';
import {
  absentLines,
  bootTable,
  type ComparisonRow,
  comparisonTable,
  instructionTable,
  speedTable,
  startUpTable,
  timingTable,
  wholeRunTable,
} from './bench/report.js';
import { SINGLE_INSTRUCTIONS } from './bench/single-instructions.js';
import { measureSpeeds } from './bench/speed.js';
import { system7x } from './bench/system7x.js';
import { measureWholeRuns } from './bench/whole-runs.js';
import { WORKLOADS, type Workload } from './bench/workloads.js';

const USAGE = `npm run bench -- [options]
  --rounds N           rounds, of which the median counts (5)
  --seconds N          CPU time of the guest's work in a long run (1)
  --workload NAME      only this workload; repeatable: ${WORKLOADS.map(({ name }) => name).join(' ')}
  --emulator NAME      only this one; repeatable: s7x qemu bochs
  --part NAME          only this part: speed (guest programs on every emulator), tiers (the same on ours, translated and
                       interpreted), timing (the same with each timing model), boot (boots of the kernel),
                       qemu (speed without Bochs, and whole runs), linux (a boot of Debian's Linux on ours and QEMU, where its
                       packages linux-image-amd64 and busybox-static are installed), instructions (single ones on ours and QEMU;
                       --workload TEXT: those whose text has it), compiled (loops of C on every emulator, then with each timing model)
  --against FOLDER     compare with the build in another copy of the project, and nothing else; with --part compiled the loops of C
  --cpu NAME           the timing model of that comparison (unit)
  --bochs PROGRAM      which Bochs (bochs)
  --bochs-display LIB  its display library (term)
`;

const OURS_AND_QEMU = ['s7x', 'qemu'];
const TIMING_MODELS = ['unit', 'zen1', 'skylake'];

const parseOptions = () =>
  parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '1' },
      workload: { type: 'string', multiple: true, default: [] },
      emulator: { type: 'string', multiple: true, default: ['s7x', 'qemu', 'bochs'] },
      part: { type: 'string' },
      against: { type: 'string' },
      cpu: { type: 'string', default: 'unit' },
      bochs: { type: 'string', default: 'bochs' },
      'bochs-display': { type: 'string', default: 'term' },
      help: { type: 'boolean', default: false },
    },
  }).values;
const PARTS = ['speed', 'tiers', 'timing', 'boot', 'qemu', 'linux', 'instructions', 'compiled'];

let options: ReturnType<typeof parseOptions>;

await runTool('bench', async () => {
  options = commandLine(parseOptions);
  if (options.help) process.stdout.write(USAGE);
  else await bench();
});

async function bench(): Promise<void> {
  const rounds = positive('--rounds', options.rounds);
  const { part, against } = options;
  if (part !== undefined && !PARTS.includes(part)) {
    throw new ConfigurationError(`--part ${part}: there is ${PARTS.join(', ')}`);
  }
  if (against !== undefined && !existsSync(join(against, 'dist/emulator/cli/artefacts.js'))) {
    throw new ConfigurationError(`--against ${against}: no build of this project is there`);
  }
  const place: Place = {
    rootDir: join(dirname(fileURLToPath(import.meta.url)), '../..'),
    folder: mkdtempSync(join(tmpdir(), 's7x-bench-')),
  };
  try {
    print(`Host: ${cpus().length} × ${cpus()[0]?.model}, load ${loadavg()[0]?.toFixed(1)}.`);
    if (options.against !== undefined) {
      await benchAgainst(place, resolve(options.against));
      return;
    }
    const takes = (part: string): boolean => (options.part ?? part) === part;
    if (takes('speed')) benchSpeed(place, rounds, options.emulator);
    if (options.part === 'qemu') await benchQemu(place, rounds);
    if (options.part === 'linux') benchLinux(place, rounds);
    if (options.part === 'instructions') benchInstructions(place, rounds);
    if (options.part === 'compiled') await benchCompiled(place, rounds);
    if (takes('tiers')) await benchTiers(place);
    if (takes('timing')) await benchTiming(place);
    if (takes('boot')) print(bootTable(measureBoots(place, rounds, progress)));
  } finally {
    rmSync(place.folder, { recursive: true, force: true });
  }
}

/** This emulator and QEMU's translator, and nothing else. */
async function benchQemu(place: Place, rounds: number): Promise<void> {
  const emulators = oursAndQemu(place);
  const rows = await measureWholeRuns(place, emulators, rounds, progress);
  print(wholeRunTable(emulators, rows));
  benchSpeed(place, rounds, OURS_AND_QEMU);
}

function benchLinux(place: Place, rounds: number): void {
  const missing = missingForLinux();
  if (missing !== null) throw new ConfigurationError(`--part linux: ${missing}`);
  const emulators = oursAndQemu(place);
  print(wholeRunTable(emulators, [measureLinux(place, emulators, rounds, progress)]));
}

function benchInstructions(place: Place, rounds: number): void {
  const emulators = oursAndQemu(place);
  const { workload: texts } = options;
  const workloads = SINGLE_INSTRUCTIONS.filter(
    ({ title }) => texts.length === 0 || texts.some((text) => title.includes(text)),
  );
  if (workloads.length === 0)
    throw new ConfigurationError(`no instruction has '${texts.join("' or '")}' in it`);
  const runSeconds = positive('--seconds', options.seconds);
  const rows = measureSpeeds({ place, emulators, workloads, rounds, runSeconds, progress });
  print(instructionTable(emulators, rows));
}

/** Code of a compiler: on every emulator, and on ours with each timing model. */
async function benchCompiled(place: Place, rounds: number): Promise<void> {
  progress('compiled loops: instructions retired');
  const workloads = chosenLoops(place);
  compareEmulators(place, rounds, options.emulator, workloads);
  await benchTiming(place, workloads);
}

/** Those of the two that are there, with their versions printed. */
function oursAndQemu(place: Place): readonly Emulator[] {
  const emulators = OURS_AND_QEMU.map((name) => findEmulator(place, name)).filter(
    (emulator): emulator is Emulator => !('absent' in emulator),
  );
  print(emulators.map(({ name, version }) => `${name}: ${version}`).join(', '));
  return emulators;
}

function benchSpeed(place: Place, rounds: number, names: readonly string[]): void {
  const workloads = chosenWorkloads();
  if (names.includes('s7x')) {
    for (const workload of workloads) {
      progress(`${workload.name}: instructions retired`);
      checkInstructionCount(place, workload);
    }
  }
  compareEmulators(place, rounds, names, workloads);
}

function compareEmulators(
  place: Place,
  rounds: number,
  names: readonly string[],
  workloads: readonly Workload[],
): void {
  const found = names.map((name) => findEmulator(place, name));
  const emulators = found.filter((emulator): emulator is Emulator => !('absent' in emulator));
  const absent = found.filter((emulator): emulator is AbsentEmulator => 'absent' in emulator);
  const runSeconds = positive('--seconds', options.seconds);
  const rows = measureSpeeds({ place, emulators, workloads, rounds, runSeconds, progress });
  if (absent.length > 0) print(absentLines(absent));
  print('Million guest instructions per second of CPU time:');
  print(speedTable(emulators, rows));
  print(startUpTable(emulators, rows));
}

async function benchAgainst(place: Place, otherDir: string): Promise<void> {
  const { cpu, part } = options;
  const contenders = [place.rootDir, otherDir].map((rootDir) => ({
    rootDir,
    cpu,
    interprets: false,
  }));
  const workloads = part === 'compiled' ? chosenLoops(place) : chosenWorkloads();
  print('Million guest instructions per second, undisturbed:');
  print(comparisonTable(['this build', otherDir], await compareContenders(contenders, workloads)));
}

async function benchTiers({ rootDir }: Place): Promise<void> {
  const contenders = [false, true].map((interprets) => ({ rootDir, cpu: 'unit', interprets }));
  print('Million guest instructions per second, undisturbed:');
  print(comparisonTable(['translated', 'interpreted'], await compareContenders(contenders)));
}

/** Each model interpreted, and the engines' translated: what `unit` gains by that is the tiers' table. */
async function benchTiming(
  { rootDir }: Place,
  // With an engine one copy takes longer than a slice.
  workloads: readonly Workload[] = chosenWorkloads().filter(({ kind }) => kind !== 'string'),
): Promise<void> {
  const tiers = TIMING_MODELS.flatMap((cpu) =>
    (cpu === UNTIMED ? [true] : [true, false]).map((interprets) => ({ rootDir, cpu, interprets })),
  );
  const titles = tiers.map(({ cpu, interprets }) =>
    interprets ? `${cpu}, interpreted` : `${cpu}, translated`,
  );
  print('Million guest instructions per second, undisturbed, by timing model:');
  print(timingTable(titles, await compareContenders(tiers, workloads)));
}

async function compareContenders(
  contenders: readonly Contender[],
  workloads = chosenWorkloads(),
): Promise<ComparisonRow[]> {
  const rows = [];
  for (const workload of workloads) {
    progress(`${workload.name}: ${contenders.map(({ cpu }) => cpu).join(', ')}`);
    const seconds = positive('--seconds', options.seconds);
    rows.push({ workload, speeds: await compareBuilds(contenders, workload, seconds) });
  }
  return rows;
}

function findEmulator(place: Place, name: string): Emulator | AbsentEmulator {
  switch (name) {
    case 's7x':
      return system7x(place.rootDir);
    case 'qemu':
      return findQemu();
    case 'bochs':
      return findBochs({ program: options.bochs, display: options['bochs-display'] });
    default:
      throw new ConfigurationError(`--emulator ${name}: there is s7x, qemu, bochs`);
  }
}

function chosenWorkloads(): readonly Workload[] {
  return chosenOf(WORKLOADS);
}

function chosenLoops(place: Place): readonly Workload[] {
  return compiledLoops(place, chosenOf(loopNames(place)));
}

/** Those that --workload names. */
function chosenOf<Named extends { readonly name: string }>(
  all: readonly Named[],
): readonly Named[] {
  if (options.workload.length === 0) return all;
  return options.workload.map((name) => {
    const found = all.find((candidate) => candidate.name === name);
    if (found === undefined) {
      const names = all.map((each) => each.name).join(', ');
      throw new ConfigurationError(`--workload ${name}: there is ${names}`);
    }
    return found;
  });
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new ConfigurationError(`${option} ${text}: a positive number is wanted`);
  return value;
}

function print(text: string): void {
  process.stdout.write(`${text}\n\n`);
}

function progress(text: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${text}` : `${text}\n`);
}
