/** A run that goes on from a snapshot: the machine is the snapshot's, and only what watches over the run may be another's. */
import { ConfigurationError } from '../base/errors.js';
import { formatJsonMap } from '../memory/json-format.js';
import { loadBundles, type Artefacts } from './artefacts.js';
import type { LoadedImage } from './boot-files.js';
import { memoryOf } from './memmap-source.js';
import {
  loadRecordedFiles,
  mustBeSame,
  recordedOptions,
  type ReplayedConfig,
} from './recorded-run.js';
import {
  MACHINE_DEFAULTS,
  parseRunOptions,
  type MachineArguments,
  type RunOptions,
} from './run-options.js';
import { sha256 } from './sha256.js';
import type { Snapshot } from './snapshot-file.js';

/** Options that decide nothing of what the machine is. */
const ANOTHERS_OPTIONS = [
  'expect',
  'fail',
  'record',
  'parse',
  'roi',
  'until',
  'timeout',
  'max-cycles',
  'max-insns',
  'wall',
  'expect-exit',
  'keep-going',
  'on-triple-fault',
  'debug',
] as const;

/** What a state is a state of: cores, engine, ROM, and the program, whose chips it is the state of. @throws HostError */
export function buildHash({ core, timed, rom }: Artefacts, cpu: string): string {
  const engine = timed.engines[cpu] ?? new Uint8Array(0);
  return sha256(Buffer.concat([core, timed.core, engine, rom, ...loadBundles()]));
}

/** @throws ConfigurationError naming the first option that would make another machine */
export function refuseOtherMachine(args: MachineArguments, ram: string | undefined): void {
  const others = Object.keys(MACHINE_DEFAULTS).filter(
    (name) => !(ANOTHERS_OPTIONS as readonly string[]).includes(name),
  ) as (keyof MachineArguments)[];
  const given = others.find(
    (name) => JSON.stringify(args[name]) !== JSON.stringify(MACHINE_DEFAULTS[name]),
  );
  const option = ram === undefined ? given : 'ram';
  if (option === undefined) return;
  const can = ANOTHERS_OPTIONS.map((name) => `--${name}`).join(', ');
  throw new ConfigurationError(
    `--${option} cannot go with a snapshot, whose machine is there already; what can is what is shown and kept, and ${can}`,
  );
}

export interface ResumedRun {
  readonly loaded: LoadedImage;
  readonly options: RunOptions;
  readonly config: ReplayedConfig;
  readonly memory: ReturnType<typeof memoryOf>;
}

/** The machine of the snapshot, with the files as they were. @throws ConfigurationError, HostError where one is another now */
export function resumedMachine({ contents }: Snapshot): ResumedRun {
  const config = contents.config as unknown as ReplayedConfig;
  const loaded = loadRecordedFiles(contents, config);
  const options = recordedOptions({ outcome: { kind: 'moment-reached' } }, config, loaded);
  const memory = memoryOf(options);
  mustBeSame(`memory map ${config.memmap}`, sha256(formatJsonMap(memory.map)), config.memmapSha256);
  return { loaded, options, config, memory };
}

/** With the ends and patterns of `args`; a time limit that nobody has given begins here. */
export function withOwnEnds(
  machine: RunOptions,
  args: MachineArguments,
  loaded: LoadedImage,
  takenAtCycle: number,
): RunOptions {
  const own = Object.fromEntries(ANOTHERS_OPTIONS.map((name) => [name, args[name]]));
  const wanted = parseRunOptions({ ...MACHINE_DEFAULTS, ...own }, undefined, loaded);
  const isImplied = wanted.timeoutNs !== null && args.timeout === undefined;
  const sinceNs = isImplied ? Math.floor((takenAtCycle / machine.coreHz) * 1e9) : 0;
  return {
    ...machine,
    expects: wanted.expects,
    fails: wanted.fails,
    records: wanted.records,
    parse: wanted.parse,
    roi: wanted.roi,
    until: wanted.until,
    timeoutNs: wanted.timeoutNs === null ? null : wanted.timeoutNs + sinceNs,
    maxCycles: wanted.maxCycles,
    maxInstructions: wanted.maxInstructions,
    wallNs: wanted.wallNs,
    expectExit: wanted.expectExit,
    keepGoing: wanted.keepGoing,
    onTripleFault: wanted.onTripleFault,
    traceCategories: wanted.traceCategories,
  };
}
