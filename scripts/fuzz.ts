/**
 * `npm run fuzz`: random code, tables, registers and events on processors that must agree, damaged images and maps for the
 * loaders. Each case follows from its seed, so a finding is repeated by `npm run fuzz -- --seed N --cases 1`.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { zooMap, zooNames } from '../emulator/memory/zoo.js';
import { formatDmesg } from '../emulator/memory/dmesg-format.js';
import { formatJsonMap } from '../emulator/memory/json-format.js';
import { makeCase, type FuzzCase } from './fuzz/cases.js';
import { disagreement, execute, type Ending } from './fuzz/execution.js';
import { tryDamagedImage, tryDamagedMap } from './fuzz/images.js';
import { createSubjects, type Subject } from './fuzz/subjects.js';
import { Random } from './vectors/random.js';

const USAGE = `npm run fuzz -- [options]
  --seed N      the first case (1)
  --cases N     how many; without it until --seconds have passed
  --seconds N   of the host's time (60)
Exit status: 0 nothing found, 1 a finding, 2 a bad option.
`;
const BINARIES = new URL('../emulator/', import.meta.url);
const KERNEL = new URL('../kernel/kernel.elf', import.meta.url);
const FINDINGS_MAX = 10;
/** Of a thousand cases so many are for the loaders. */
const LOADER_CASES = 0.05;

const { values: options } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    cases: { type: 'string' },
    seconds: { type: 'string', default: '60' },
    help: { type: 'boolean', default: false },
  },
});

if (options.help) process.stdout.write(USAGE);
else process.exitCode = main();

function main(): number {
  const first = whole('--seed', options.seed);
  const cases = options.cases === undefined ? Infinity : whole('--cases', options.cases);
  const seconds = options.cases === undefined ? whole('--seconds', options.seconds) : Infinity;
  if (Number.isNaN(first + cases + seconds)) return 2;
  const subjects = createSubjects(BINARIES);
  const loaders = loaderCases();
  const started = process.hrtime.bigint();
  const endings = new Map<string, number>();
  let findings = 0;
  let seed = first;
  for (; seed < first + cases && findings < FINDINGS_MAX; seed++) {
    if (Number(process.hrtime.bigint() - started) / 1e9 > seconds) break;
    const finding = loaders(seed) ?? processorFinding(subjects, makeCase(seed), endings);
    if (finding === null) continue;
    findings++;
    process.stdout.write(`seed ${seed}: ${finding}\n`);
  }
  const counts = [...endings].map(([reason, count]) => `${reason} ${count}`).join(', ');
  process.stdout.write(
    `${seed - first} cases from seed ${first} on, ${findings} findings; ends: ${counts}\n`,
  );
  return findings === 0 ? 0 : 1;
}

function whole(name: string, text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (Number.isNaN(value)) process.stderr.write(`fuzz: ${name} ${text}: not a number\n`);
  return value;
}

/** A finding of the loaders, or null; a few seeds are theirs. */
function loaderCases(): (seed: number) => string | null {
  const kernel = readFileSync(KERNEL);
  const maps = zooNames().map((name) => zooMap(name));
  const texts = [...maps.map((map) => formatDmesg(map)), ...maps.map((map) => formatJsonMap(map))];
  return (seed) => {
    const random = new Random(seed ^ 0x10ad);
    if (!random.chance(LOADER_CASES)) return null;
    return thrown(() => {
      if (random.chance(0.5)) tryDamagedImage(kernel, random);
      else tryDamagedMap(random.pick(texts), random);
    });
  };
}

function processorFinding(
  subjects: readonly Subject[],
  fuzzCase: FuzzCase,
  endings: Map<string, number>,
): string | null {
  const results: { readonly name: string; readonly ending: Ending }[] = [];
  const failure = thrown(() => {
    for (const subject of subjects)
      results.push({ name: subject.name, ending: execute(subject, fuzzCase) });
  });
  const { mode, level } = fuzzCase;
  if (failure !== null)
    return `${mode} mode, CPL ${level}, ${subjects[results.length]?.name}: ${failure}`;
  const [reference] = results;
  if (reference === undefined) return null;
  const { reason } = reference.ending;
  endings.set(reason, (endings.get(reason) ?? 0) + 1);
  const other = results[disagreement(results.map(({ ending }) => ending))];
  if (other === undefined) return null;
  return `${mode} mode, CPL ${level}: ${reference.name} ${JSON.stringify(reference.ending)}, ${other.name} ${JSON.stringify(other.ending)}`;
}

function thrown(action: () => void): string | null {
  try {
    action();
    return null;
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}
