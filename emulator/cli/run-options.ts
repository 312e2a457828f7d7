/** The options that describe one run: their grammar for yargs, and what they mean. */
import type { Argv, InferredOptionTypes } from 'yargs';
import { ConfigurationError, refusingAt } from '../base/errors.js';
import { parseSize } from '../base/size.js';
import { SplitMix64 } from '../base/split-mix.js';
import { NODES_MAX } from '../memory/memory-map.js';
import { isDiskette } from '../machine/boot/disk.js';
import { IMAGE_KINDS, type ImageKind } from '../machine/image.js';
import {
  DEFAULT_TRACE_CATEGORIES,
  TRACE_CATEGORIES,
  type TraceCategory,
} from '../machine/trace.js';
import {
  createTimingModel,
  DEFAULT_TIMING_MODEL,
  FUNCTIONAL_TIMING_MODEL,
} from '../timing/models.js';
import {
  parseModules,
  parsePlacement,
  type LoadedImage,
  type LoadSpec,
  type ModuleSpec,
} from './boot-files.js';
import { PARSE_FORMATS, type ParseFormat } from './guest-tests/guest-tests.js';
import { mayNeverCome, parseMoment, type Moment } from './moment.js';
import { MAGIC_SETS, parseRegion, type MagicSet, type RegionSpec } from './region-of-interest.js';
import { parseCount, parseDurationNs, parseFrequencyHz, parseSeed } from './quantities.js';
import type { TimestampKind } from './serial-output.js';
import { checkedRecords } from './serial-records.js';
import type { StepSpec } from './serial-steps.js';

/** An option with one value; `initial` is its default, and what it has when it is not given. */
function text<D extends string | undefined>(describe: string, initial: D, group?: string) {
  const common = { type: 'string', requiresArg: true, describe } as const;
  return { ...common, default: initial, ...(group === undefined ? {} : { group }) };
}

function list(describe: string) {
  const initial: string[] = [];
  return { type: 'string', array: true, requiresArg: true, default: initial, describe } as const;
}

/** Options of `run`, and of `sweep` for each of its rows. */
export const MACHINE_OPTIONS = {
  memmap: text(
    'memory map: pc, zoo:NAME, a file (JSON, dmesg, /sys/firmware/memmap), - for standard input',
    'pc',
  ),
  'memmap-add': list('add SIZE@ADDRESS:TYPE to the map (also nn@ss, nn$ss, nn#ss, nn!ss)'),
  'memmap-chaos': text(
    'SEED: the same memory, told as badly as firmware may: unsorted, overlapping, in many entries',
    undefined,
  ),
  cpu: text(`timing model (help lists them; default ${DEFAULT_TIMING_MODEL})`, undefined),
  functional: {
    type: 'boolean',
    default: false,
    describe: `no timing, fastest: --cpu ${FUNCTIONAL_TIMING_MODEL}`,
  },
  numa: text(
    'nodes of memory by their sizes, such as 4G,4G; without -m their sum is the RAM',
    undefined,
  ),
  freq: text('core clock in Hz, such as 3G', undefined),
  fill: text('what RAM holds at power-on: zero, a byte such as 0xcc, or junk:SEED', 'zero'),
  uart: {
    choices: ['real', 'instant'] as const,
    default: 'real' as const,
    requiresArg: true,
    describe: 'time of a character on the serial line',
  },
  'resident-max': text('host memory for touched guest memory', '2G'),
  boot: text(`boot protocol: ${IMAGE_KINDS.join(', ')}  [by the file's contents]`, undefined),
  firmware: text(
    'a ROM that takes the place of ours, such as SeaBIOS; no image goes with it',
    undefined,
  ),
  disk: text(
    'what the fixed disk holds (ATA, primary master), for a kernel or a ROM; writes go to a copy',
    undefined,
  ),
  symbols: text(
    "names of functions for an image without them: an ELF file, or nm's lines, such as System.map",
    undefined,
  ),
  append: text('command line of the kernel', ''),
  initrd: text('initial RAM disk of a Linux kernel; the first module of another', undefined),
  module: list('FILE or FILE=ARGUMENTS: a module that the kernel gets; repeatable'),
  load: list(
    'FILE@ADDRESS: bytes to put into memory, besides an image or instead of one; repeatable',
  ),
  entry: text('where to begin, in flat 32-bit protected mode  [the image says]', undefined),
  expect: list(
    'text or /regex/ that COM1 must show; repeatable, in order; the last one ends the run',
  ),
  fail: list('text, /regex/ or set (@generic, @linux, @rust) that COM1 must not show'),
  record: list(
    'NAME=/regex/: a value that COM1 shows, the first group or all of the last match in a line; repeatable',
  ),
  parse: {
    choices: PARSE_FORMATS,
    requiresArg: true,
    describe: 'take results of tests that the guest prints on COM1; one that fails is status 4',
  },
  roi: text(
    'figures of a function with all that it calls (sym:NAME, its address), or between moments (A..B)',
    undefined,
  ),
  magic: {
    choices: MAGIC_SETS,
    requiresArg: true,
    describe:
      "figures between marks of the guest's: gem5's M5 instructions, XCHG BX,BX, boot timer",
  },
  until: list(
    'a moment at which the run ends: 120ms, 1.2Gcyc, 5Minsn, sym:kmain#2, 0x1000f0, serial:/login:/, expect:2, end; repeatable',
  ),
  timeout: text(
    'guest time after which the run fails (10s when it waits for an --expect, --fail, --parse or --until)',
    undefined,
  ),
  'max-cycles': text('cycles after which the run fails', undefined),
  'max-insns': text('instructions after which the run fails', undefined),
  wall: text('host time after which the run fails: a safety net, not reproducible', undefined),
  'expect-exit': text('value the guest must write to port 0xf4; the status is then 0', undefined),
  'keep-going': {
    type: 'boolean',
    default: false,
    describe: 'go on after the last --expect until the guest ends',
  },
  'on-triple-fault': {
    choices: ['fail', 'reset'] as const,
    default: 'fail' as const,
    requiresArg: true,
    describe: 'what a shutdown of the processor does',
  },
  debug: { ...list(`categories to log: ${TRACE_CATEGORIES.join(',')}`), alias: 'd' },
} as const;

export type MachineArguments = InferredOptionTypes<typeof MACHINE_OPTIONS>;

/** What the options are when none is given. */
export const MACHINE_DEFAULTS: MachineArguments = {
  memmap: MACHINE_OPTIONS.memmap.default,
  'memmap-add': [],
  'memmap-chaos': undefined,
  cpu: undefined,
  functional: false,
  numa: undefined,
  freq: undefined,
  fill: MACHINE_OPTIONS.fill.default,
  uart: MACHINE_OPTIONS.uart.default,
  'resident-max': MACHINE_OPTIONS['resident-max'].default,
  boot: undefined,
  firmware: undefined,
  disk: undefined,
  symbols: undefined,
  append: MACHINE_OPTIONS.append.default,
  initrd: undefined,
  module: [],
  load: [],
  entry: undefined,
  expect: [],
  fail: [],
  record: [],
  parse: undefined,
  roi: undefined,
  magic: undefined,
  until: [],
  timeout: undefined,
  'max-cycles': undefined,
  'max-insns': undefined,
  wall: undefined,
  'expect-exit': undefined,
  'keep-going': false,
  'on-triple-fault': MACHINE_OPTIONS['on-triple-fault'].default,
  debug: [],
};

/** Everything that decides what a run does. Plain data: a worker gets it by message. */
export interface RunOptions {
  readonly imagePath: string;
  readonly imageSha256: string;
  readonly kind: ImageKind;
  /** The file has the size of a diskette, which a boot sector's image then is. */
  readonly isDiskette: boolean;
  /** Files that the kernel gets, in this order. */
  readonly modules: readonly ModuleSpec[];
  /** `--load`, and `--entry` or null. */
  readonly loads: readonly LoadSpec[];
  readonly entry: bigint | null;
  /** `--disk` or null. */
  readonly diskPath: string | null;
  /** `--symbols` or null. */
  readonly symbolsPath: string | null;
  readonly ramBytes: bigint;
  /** True when -m was given or defaulted and the map is `pc`; false when the map says where RAM is. */
  readonly memoryMapSpec: string;
  readonly memoryMapAdditions: readonly string[];
  /** `--memmap-chaos`, or null. */
  readonly memoryMapDisorder: bigint | null;
  /** `--numa`: bytes of each node, in order of address; empty when it was not given. */
  readonly numaNodeBytes: readonly bigint[];
  readonly cpu: string;
  readonly coreHz: number;
  readonly fillPattern: bigint;
  readonly uart: 'real' | 'instant';
  readonly residentMaxBytes: number;
  readonly commandLine: string;
  readonly expects: readonly string[];
  readonly fails: readonly string[];
  /** `--record`, as given. */
  readonly records: readonly string[];
  /** `--parse`, or null. */
  readonly parse: ParseFormat | null;
  /** `--roi` and `--magic`, or null; not both. */
  readonly roi: RegionSpec | null;
  readonly magic: MagicSet | null;
  /** Of a suite's case. */
  readonly steps: readonly StepSpec[];
  /** `--until`: the first of them ends the run. */
  readonly until: readonly Moment[];
  readonly timeoutNs: number | null;
  readonly maxCycles: number | null;
  readonly maxInstructions: number | null;
  readonly wallNs: number | null;
  readonly expectExit: number | null;
  readonly keepGoing: boolean;
  readonly onTripleFault: 'fail' | 'reset';
  readonly traceCategories: readonly TraceCategory[];
}

/** Adds the options to a command. */
export function withMachineOptions(argv: Argv): Argv<MachineArguments> {
  return argv.options(MACHINE_OPTIONS);
}

/** Guest time that a run with assertions gets when --timeout does not say. */
const DEFAULT_TIMEOUT = '10s';
const RESIDENT_MAX_BYTES = 3n << 30n;

function timingModelName(args: MachineArguments): string {
  if (!args.functional) return args.cpu ?? DEFAULT_TIMING_MODEL;
  if (args.cpu !== undefined && args.cpu !== FUNCTIONAL_TIMING_MODEL) {
    throw new ConfigurationError(
      `--functional is --cpu ${FUNCTIONAL_TIMING_MODEL}: it cannot go with --cpu ${args.cpu}`,
    );
  }
  return FUNCTIONAL_TIMING_MODEL;
}

/** Turns the words of the command line into a run. @throws ConfigurationError naming option and value */
export function parseRunOptions(
  args: MachineArguments,
  ramText: string | undefined,
  loaded: LoadedImage,
): RunOptions {
  const cpu = timingModelName(args);
  const numaNodeBytes = parseNuma(args.numa);
  const coreHz = parseCoreHz(args.freq, cpu);
  const until = args.until.map((word) => parseMoment(word, '--until', args.expect.length));
  const timeout = args.timeout ?? impliedTimeout(args, until);
  return {
    imagePath: loaded.image.path,
    imageSha256: loaded.sha256,
    kind: loaded.image.kind,
    isDiskette: isDiskette(loaded.image.file.byteLength),
    modules: parseModules(args.initrd, args.module),
    ...parsePlacement(args.load, args.entry),
    diskPath: args.disk ?? null,
    symbolsPath: args.symbols ?? null,
    ramBytes: ramText === undefined ? impliedRam(numaNodeBytes) : parseRam(ramText),
    memoryMapSpec: args.memmap,
    memoryMapAdditions: args['memmap-add'],
    memoryMapDisorder: parseSeed(args['memmap-chaos'], '--memmap-chaos'),
    cpu,
    coreHz,
    numaNodeBytes,
    fillPattern: parseFill(args.fill),
    uart: args.uart,
    residentMaxBytes: parseResidentMax(args['resident-max']),
    commandLine: args.append,
    expects: args.expect,
    fails: args.fail,
    records: checkedRecords(args.record),
    parse: args.parse ?? null,
    ...parseMarks(args.roi, args.magic, args.expect.length),
    steps: [],
    until,
    timeoutNs: timeout === undefined ? null : parseDurationNs(timeout, '--timeout'),
    maxCycles: optionalCount(args['max-cycles'], '--max-cycles'),
    maxInstructions: optionalCount(args['max-insns'], '--max-insns'),
    wallNs: args.wall === undefined ? null : parseDurationNs(args.wall, '--wall'),
    expectExit: args['expect-exit'] === undefined ? null : parseExitValue(args['expect-exit']),
    // The value that the guest is to write comes after the last match, and so may a moment.
    keepGoing: args['keep-going'] || args['expect-exit'] !== undefined || until.length > 0,
    onTripleFault: args['on-triple-fault'],
    traceCategories: parseCategories(args.debug),
  };
}

/** @throws ConfigurationError */
export function parseMarks(
  roi: string | undefined,
  magic: MagicSet | undefined,
  expects: number,
): Pick<RunOptions, 'roi' | 'magic'> {
  if (roi !== undefined && magic !== undefined) {
    throw new ConfigurationError(
      `--roi ${roi} cannot go with --magic ${magic}: both say where the region is`,
    );
  }
  return { roi: roi === undefined ? null : parseRegion(roi, expects), magic: magic ?? null };
}

/** A run that waits for something has an end, but for one that counts to its end anyway. */
function impliedTimeout(
  { expect, fail, parse }: MachineArguments,
  until: readonly Moment[],
): string | undefined {
  const counts = until.some((moment) => !mayNeverCome(moment));
  const asserts = expect.length > 0 || fail.length > 0 || parse !== undefined;
  const waits = asserts || until.length > 0;
  return waits && !counts ? DEFAULT_TIMEOUT : undefined;
}

/** What -m is without a word. */
export const DEFAULT_RAM = '128M';

function impliedRam(numaNodeBytes: readonly bigint[]): bigint {
  if (numaNodeBytes.length === 0) return parseRam(DEFAULT_RAM);
  return numaNodeBytes.reduce((sum, bytes) => sum + bytes, 0n);
}

function parseNuma(value: string | undefined): bigint[] {
  if (value === undefined) return [];
  const words = value.split(',');
  if (words.length > NODES_MAX) {
    throw new ConfigurationError(`--numa: ${words.length} nodes; there are at most ${NODES_MAX}`);
  }
  return refusingAt(`--numa ${value}`, () => words.map(parseSize));
}

function parseCoreHz(value: string | undefined, cpu: string): number {
  if (value === undefined) return createTimingModel(cpu).coreHz;
  const hz = parseFrequencyHz(value, '--freq');
  return refusingAt(`--freq ${value}`, () => createTimingModel(cpu, hz).coreHz);
}

function parseRam(ramText: string): bigint {
  return refusingAt(`--ram ${ramText}`, () => parseSize(ramText));
}

function parseResidentMax(value: string): number {
  const bytes = refusingAt(`--resident-max ${value}`, () => parseSize(value));
  if (bytes < 1n << 20n || bytes > RESIDENT_MAX_BYTES) {
    throw new ConfigurationError(`--resident-max ${value}: must be between 1M and 3G`);
  }
  return Number(bytes);
}

function optionalCount(value: string | undefined, option: string): number | null {
  return value === undefined ? null : parseCount(value, option);
}

function parseExitValue(value: string): number {
  const number = /^(0x[0-9a-f]+|\d+)$/i.test(value) ? Number(value) : Number.NaN;
  if (!(number >= 0 && number <= 0xffff_ffff)) {
    throw new ConfigurationError(`--expect-exit ${value}: not a 32-bit value such as 0x10`);
  }
  return number;
}

export function parseCategories(given: readonly string[]): TraceCategory[] {
  const words = categoryWords(given);
  for (const word of words) {
    if (!(TRACE_CATEGORIES as readonly string[]).includes(word)) {
      throw new ConfigurationError(
        `--debug ${word}: no such category (there are: ${TRACE_CATEGORIES.join(', ')})`,
      );
    }
  }
  return TRACE_CATEGORIES.filter(
    (category) => words.includes(category) || DEFAULT_TRACE_CATEGORIES.includes(category),
  );
}

/** Whether `-d` names the category, which may be logged without it. */
export function namesCategory(given: readonly string[], category: TraceCategory): boolean {
  return categoryWords(given).includes(category);
}

function categoryWords(given: readonly string[]): string[] {
  return given.flatMap((word) => word.split(',')).filter((word) => word !== '');
}

/** The eight bytes that RAM repeats at power-on. */
function parseFill(value: string): bigint {
  if (value === 'zero') return 0n;
  const junk = /^junk:(\d+)$/.exec(value);
  // Eight bytes without structure.
  if (junk !== null) return new SplitMix64(BigInt(junk[1] ?? '0')).next();
  const byte = /^(0x[0-9a-f]{1,2}|\d{1,3})$/i.test(value) ? Number(value) : Number.NaN;
  if (!(byte >= 0 && byte <= 0xff)) {
    throw new ConfigurationError(
      `--fill ${value}: there is zero, a byte such as 0xcc, and junk:SEED`,
    );
  }
  return BigInt(byte) * 0x0101_0101_0101_0101n;
}

/** `--timestamps` and its value. @throws ConfigurationError for an unknown kind */
export function parseTimestamps(value: string | undefined): TimestampKind | null {
  if (value === undefined) return null;
  if (value === '' || value === 'time') return 'time';
  if (value === 'cycles' || value === 'delta') return value;
  throw new ConfigurationError(`--timestamps ${value}: there is cycles, time and delta`);
}
