/** What `s7x run` begins with: power-on with an image, or a snapshot. */
import { ConfigurationError } from '../base/errors.js';
import type { Artefacts } from './artefacts.js';
import { loadBootFiles, type LoadedImage } from './boot-files.js';
import { memoryOf } from './memmap-source.js';
import { recordedInput, type ReplayedConfig } from './recorded-run.js';
import { buildHash, refuseOtherMachine, resumedMachine, withOwnEnds } from './resumed-run.js';
import { parseRunOptions, type MachineArguments, type RunOptions } from './run-options.js';
import { liesBefore, type Moment } from './moment.js';
import { formatCount } from './quantities.js';
import type { SerialInput } from './serial-input.js';
import { isSnapshot, readSnapshot, type Snapshot } from './snapshot-file.js';

export interface RunStart {
  readonly snapshot: Snapshot | null;
  readonly loaded: LoadedImage;
  readonly options: RunOptions;
  /** Of the run that the snapshot was taken of. */
  readonly config: ReplayedConfig | null;
  readonly memory: () => ReturnType<typeof memoryOf>;
}

interface StartArguments extends MachineArguments, Observers {
  readonly image?: string | undefined;
  readonly ram: string | undefined;
}

/** @throws ConfigurationError, HostError */
export function startOf(args: StartArguments, artefacts: Artefacts): RunStart {
  const { image } = args;
  if (image === undefined || !isSnapshot(image)) {
    const loaded = loadBootFiles(args);
    const options = parseRunOptions(args, args.ram, loaded);
    return { snapshot: null, loaded, options, config: null, memory: () => memoryOf(options) };
  }
  refuseOtherMachine(args, args.ram);
  const snapshot = readSnapshot(image, (cpu) => buildHash(artefacts, cpu));
  refuseSeen(args, snapshot);
  const { loaded, options: machine, config, memory } = resumedMachine(snapshot);
  const options = withOwnEnds(machine, args, loaded, snapshot.contents.taken.cycles);
  return { snapshot, loaded, options, config, memory: () => memory };
}

/** @throws ConfigurationError for one that came before the snapshot was taken */
export function refuseBefore(
  snapshot: Snapshot | null,
  option: string,
  moments: readonly Moment[],
  coreHz: number,
): void {
  if (snapshot === null) return;
  const { taken } = snapshot.contents;
  const before = moments.find((moment) => liesBefore(moment, taken, coreHz));
  if (before === undefined) return;
  const when = `${formatCount(taken.cycles)} cycles and ${formatCount(taken.instructions)} instructions after power-on`;
  throw new ConfigurationError(
    `${option} ${before.text}: lies before the snapshot ${snapshot.path}, which was taken ${when}`,
  );
}

/** @throws ConfigurationError */
export function refuseSnapshot(image: string | undefined): void {
  if (image === undefined || !isSnapshot(image)) return;
  throw new ConfigurationError(`${image}: a snapshot is one machine, which s7x run goes on with`);
}

/** What counts from power-on. */
interface Observers {
  readonly profile: boolean;
  readonly atlas: boolean;
  readonly coverage: boolean;
  readonly trace: readonly string[];
  readonly check: readonly string[];
}

function observer({ profile, atlas, coverage, trace, check }: Observers): string | null {
  if (profile) return '--profile';
  if (atlas) return '--atlas';
  if (coverage) return '--coverage';
  if (check.length > 0) return '--check';
  return trace.length > 0 ? '--trace' : null;
}

/** @throws ConfigurationError */
export function refuseSeen(observers: Observers, snapshot: Snapshot | null): void {
  const what = observer(observers);
  if (snapshot === null || what === null) return;
  throw new ConfigurationError(`${what} counts from power-on, which ${snapshot.path} lies behind`);
}

/** @throws ConfigurationError where what was seen or typed would not be in a snapshot */
export function refuseUnsaved(
  observers: Observers,
  input: SerialInput | null,
  gdb: object | null,
): void {
  const isLive = input !== null && input.sha256 === null;
  const what =
    observer(observers) ??
    (gdb !== null
      ? 'GDB'
      : isLive
        ? 'live input at COM1 (--input FILE and --no-input are none)'
        : null);
  if (what === null) return;
  throw new ConfigurationError(`--save-at cannot go with ${what}: a snapshot would lack it`);
}

/** What is typed goes on where it was. @throws ConfigurationError */
export function continuedInput(
  input: string | false | undefined,
  config: ReplayedConfig,
): SerialInput | null {
  if (input === undefined) return recordedInput(config);
  throw new ConfigurationError(
    `--input cannot go with this snapshot, in which ${config.input ?? ''} is being typed at COM1`,
  );
}
