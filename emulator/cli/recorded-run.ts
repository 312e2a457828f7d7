/** A run out of its run.json: the same files and options again, and whether what comes of it is the same. */
import { ConfigurationError, HostError } from '../base/errors.js';
import { bundledKernelPath } from './artefacts.js';
import { loadBootFiles, type LoadedImage } from './boot-files.js';
import type { ParseFormat } from './guest-tests/guest-tests.js';
import { optional, orNull } from './document-shape.js';
import { readHostFile, reasonOf } from './host-file.js';
import type { MagicSet } from './region-of-interest.js';
import { MACHINE_DEFAULTS, parseRunOptions, type RunOptions } from './run-options.js';
import type { RunRecord } from './run-record.js';
import { openSerialInput, type SerialInput } from './serial-input.js';
import { sha256 } from './sha256.js';

/** What a replay needs of the record's options. */
export const REPLAYED_CONFIG_SHAPE = {
  config: {
    ramBytes: /^\d+$/,
    memmap: '',
    memmapAdd: [''],
    memmapChaos: orNull(/^\d+$/),
    memmapSha256: '',
    numa: [''],
    cpu: '',
    coreHz: 0,
    fill: /^0x[0-9a-f]{16}$/,
    uart: /^(real|instant)$/,
    residentMaxBytes: 0,
    append: '',
    modules: [''],
    moduleSha256: [''],
    load: [''],
    loadSha256: [''],
    disk: orNull(''),
    diskSha256: orNull(''),
    symbols: optional(''),
    symbolsSha256: optional(/^[0-9a-f]{64}$/),
    entry: orNull(''),
    input: orNull(''),
    inputSha256: orNull(''),
    expect: [''],
    fail: [''],
    record: [''],
    parse: orNull(/^(ktap|tap|kvm-unit-tests|auto)$/),
    roi: optional(''),
    magic: optional(/^(gem5|bochs|firecracker)$/),
    until: [''],
    timeoutNs: orNull(0),
    maxCycles: orNull(0),
    maxInsns: orNull(0),
    expectExit: orNull(0),
    onTripleFault: /^(fail|reset)$/,
  },
};

/** Of `steps`, where a record has them. */
export const STEPS_SHAPE = [{ kind: /^(wait|send|delay)$/, text: '', ns: orNull(0) }];

/** Of `snapshot`, where a record has it. */
export const SNAPSHOT_SHAPE = orNull({ path: '', sha256: /^[0-9a-f]{64}$/ });

/** The same part of a record, typed. */
export interface ReplayedConfig {
  readonly ramBytes: string;
  readonly memmap: string;
  readonly memmapAdd: string[];
  readonly memmapChaos: string | null;
  readonly memmapSha256: string;
  readonly numa: readonly string[];
  readonly cpu: string;
  readonly coreHz: number;
  readonly fill: string;
  readonly uart: 'real' | 'instant';
  readonly residentMaxBytes: number;
  readonly append: string;
  readonly modules: string[];
  readonly moduleSha256: readonly string[];
  readonly load: string[];
  readonly loadSha256: readonly string[];
  readonly disk: string | null;
  readonly diskSha256: string | null;
  /** Of a run with `--symbols`. */
  readonly symbols?: string;
  readonly symbolsSha256?: string;
  readonly entry: string | null;
  readonly input: string | null;
  readonly inputSha256: string | null;
  readonly expect: string[];
  readonly fail: string[];
  readonly record: string[];
  readonly parse: ParseFormat | null;
  readonly roi?: string;
  readonly magic?: MagicSet;
  readonly until: string[];
  readonly timeoutNs: number | null;
  readonly maxCycles: number | null;
  readonly maxInsns: number | null;
  readonly expectExit: number | null;
  readonly keepGoing: boolean;
  readonly onTripleFault: 'fail' | 'reset';
}

/** Ends that came from the host: the replay ends behind as many instructions, by a limit. */
const ENDED_BY_HOST: ReadonlySet<string> = new Set(['wall-limit', 'interrupted', 'quit']);

export function endedByHost({ outcome }: { outcome: Pick<RunRecord['outcome'], 'kind'> }): boolean {
  return ENDED_BY_HOST.has(outcome.kind);
}

/** The files that the run had, by their paths. @throws HostError, ConfigurationError when one is another file now */
export function loadRecordedFiles(
  record: Pick<RunRecord, 'image'>,
  config: ReplayedConfig,
): LoadedImage {
  const { image } = record;
  const kind = image?.kind;
  const isRom = kind === 'firmware';
  const path = image === null || kind === 'flat' ? undefined : recordedImage(image);
  const loaded = loadBootFiles({
    image: isRom ? undefined : path,
    boot: isRom || kind === 'flat' ? undefined : kind,
    firmware: isRom ? path : undefined,
    initrd: undefined,
    module: config.modules,
    load: config.load,
    entry: config.entry ?? undefined,
    disk: config.disk ?? undefined,
    symbols: config.symbols,
  });
  if (image !== null) mustBeSame(image.path, loaded.sha256, image.sha256);
  config.modules.forEach((word, number) => {
    mustBeSame(word, loaded.moduleSha256[number], config.moduleSha256[number]);
  });
  config.load.forEach((word, number) => {
    mustBeSame(word, loaded.loadSha256[number], config.loadSha256[number]);
  });
  if (config.disk !== null) mustBeSame(config.disk, loaded.disk?.sha256, config.diskSha256);
  const { symbols } = config;
  if (symbols !== undefined) mustBeSame(symbols, loaded.symbolsSha256, config.symbolsSha256);
  return loaded;
}

/** The bundled kernel stands elsewhere on another host: it is told by its contents. */
function recordedImage(image: { readonly path: string; readonly sha256: string }): string {
  const bundled = bundledKernelPath();
  try {
    if (sha256(readHostFile(bundled)) === image.sha256) return bundled;
  } catch (error) {
    throw new HostError(`${bundled} cannot be read: ${reasonOf(error)}`);
  }
  return image.path;
}

/** @throws ConfigurationError when what is there now is not what the run had */
export function mustBeSame(
  what: string,
  now: string | null | undefined,
  then: string | null | undefined,
): void {
  if (now === then) return;
  throw new ConfigurationError(
    `${what}: not what the run had (SHA-256 ${then ?? 'unknown'}, now ${now ?? 'unknown'})`,
  );
}

/** The options that the run had; `record` is all of it, or of a snapshot, which nobody has ended. */
export function recordedOptions(
  record: {
    readonly outcome: Pick<RunRecord['outcome'], 'kind'>;
    readonly steps?: RunRecord['steps'];
    readonly stats?: Pick<RunRecord['stats'], 'instructions'>;
  },
  config: ReplayedConfig,
  loaded: LoadedImage,
): RunOptions {
  const options = parseRunOptions(
    {
      ...MACHINE_DEFAULTS,
      memmap: config.memmap,
      'memmap-add': config.memmapAdd,
      'memmap-chaos': config.memmapChaos ?? undefined,
      cpu: config.cpu,
      freq: String(config.coreHz),
      uart: config.uart,
      numa: config.numa.length === 0 ? undefined : config.numa.map((n) => `${n}B`).join(','),
      module: config.modules,
      load: config.load,
      entry: config.entry ?? undefined,
      disk: config.disk ?? undefined,
      symbols: config.symbols,
      append: config.append,
      expect: config.expect,
      fail: config.fail,
      record: config.record,
      parse: config.parse ?? undefined,
      roi: config.roi,
      magic: config.magic,
      until: config.until,
      'resident-max': `${config.residentMaxBytes}B`,
      'on-triple-fault': config.onTripleFault,
    },
    `${config.ramBytes}B`,
    loaded,
  );
  return {
    ...options,
    fillPattern: BigInt(config.fill),
    steps: record.steps ?? [],
    timeoutNs: config.timeoutNs,
    maxCycles: config.maxCycles,
    maxInstructions: endedByHost(record) ? (record.stats?.instructions ?? null) : config.maxInsns,
    expectExit: config.expectExit,
    keepGoing: config.keepGoing,
  };
}

/** What was typed at COM1. @throws ConfigurationError where it came while the machine ran */
export function recordedInput(config: ReplayedConfig): SerialInput | null {
  const { input, inputSha256, memmap } = config;
  if (input === null) return null;
  if (inputSha256 === null) {
    throw new ConfigurationError(
      'this run cannot be repeated: what was typed at COM1 while it ran is not kept (--input FILE is)',
    );
  }
  const opened = openSerialInput({
    input: input === 'stdin' ? '-' : input,
    serial: undefined,
    connection: null,
    mapFromStandardInput: memmap === '-',
  });
  mustBeSame(`--input ${input}`, opened?.sha256, inputSha256);
  return opened;
}

/** What of two runs that should be the same is not, as `cycles 12, then 11`; the first is now. */
export function differences(now: RunRecord, then: RunRecord): string[] {
  const byHost = endedByHost(then);
  const sameChecks = (now.checks === undefined) === (then.checks === undefined);
  const pairs: (readonly [string, unknown, unknown])[] = [
    ...(byHost
      ? []
      : ([
          ['outcome', now.outcome.kind, then.outcome.kind],
          ...(sameChecks ? [['exit status', now.outcome.code, then.outcome.code] as const] : []),
          ['expectations', now.expects, then.expects],
          ['recorded values', now.records, then.records],
          ['results of tests', now.parsed ?? null, then.parsed ?? null],
        ] as const)),
    ...figures(now.stats, then.stats),
    ['state hash', now.hash, then.hash],
  ];
  return pairs
    .map(([name, a, b]) => [name, JSON.stringify(a), JSON.stringify(b)] as const)
    .filter(([, a, b]) => a !== b)
    .map(([name, a, b]) => `${name} ${a}, then ${b}`);
}

function figures(now: object, then: object): (readonly [string, unknown, unknown])[] {
  const before: Readonly<Record<string, unknown>> = { ...then };
  return Object.entries(now).map(
    ([name, value]) => [name, value as unknown, before[name]] as const,
  );
}
