/** What `boot` and `sweep` take: the options of `s7x run` by their long names in camel case, and what they mean. */
import { ConfigurationError } from '../base/errors.js';
import { MACHINE_DEFAULTS, MACHINE_OPTIONS, type MachineArguments } from '../cli/run-options.js';
import { didYouMean } from '../memory/nearest-name.js';
import { givenFlag, givenText, givenTexts } from './given-values.js';

/** The words of docs/cli.md: sizes such as `8M`, durations of guest time such as `120ms`, counts such as `5M`. */
export interface BootOptions {
  /** RAM of the map `pc`; `128M` where nothing says otherwise. */
  readonly ram?: string;
  /** Firmware memory map: `pc`, `zoo:NAME` or a file. */
  readonly memmap?: string;
  /** `SIZE@ADDRESS:TYPE`. */
  readonly memmapAdd?: readonly string[];
  /** A seed: the same memory, told as badly as firmware may. */
  readonly memmapChaos?: string;
  readonly numa?: string;
  /** Timing model; `zen1` where nothing says otherwise. */
  readonly cpu?: string;
  /** No timing, fastest. */
  readonly functional?: boolean;
  readonly freq?: string;
  readonly fill?: string;
  readonly uart?: 'real' | 'instant';
  readonly residentMax?: string;
  /** Boot protocol, where the file's contents do not say. */
  readonly boot?: string;
  readonly firmware?: string;
  readonly disk?: string;
  readonly symbols?: string;
  readonly append?: string;
  readonly initrd?: string;
  readonly module?: readonly string[];
  readonly load?: readonly string[];
  readonly entry?: string;
  /** Guest time after which the run is over; `10s` where nothing says otherwise. */
  readonly timeout?: string;
  readonly maxCycles?: string;
  readonly maxInsns?: string;
  readonly onTripleFault?: 'fail' | 'reset';
}

/** Guest time of a run that does not say. */
const DEFAULT_TIMEOUT = '10s';

/** The command line's names. */
const NAMES: Readonly<Record<Exclude<keyof BootOptions, 'ram'>, keyof MachineArguments>> = {
  memmap: 'memmap',
  memmapAdd: 'memmap-add',
  memmapChaos: 'memmap-chaos',
  numa: 'numa',
  cpu: 'cpu',
  functional: 'functional',
  freq: 'freq',
  fill: 'fill',
  uart: 'uart',
  residentMax: 'resident-max',
  boot: 'boot',
  firmware: 'firmware',
  disk: 'disk',
  symbols: 'symbols',
  append: 'append',
  initrd: 'initrd',
  module: 'module',
  load: 'load',
  entry: 'entry',
  timeout: 'timeout',
  maxCycles: 'max-cycles',
  maxInsns: 'max-insns',
  onTripleFault: 'on-triple-fault',
};

/** The option's name on the command line. @throws ConfigurationError for a name that there is not */
export function optionName(name: string): string {
  if (name === 'ram') return name;
  const found = Object.entries(NAMES).find(([key]) => key === name)?.[1];
  if (found !== undefined) return found;
  throw new ConfigurationError(
    `there is no option ${name}${didYouMean(name, ['ram', ...Object.keys(NAMES)])}`,
  );
}

/**
 * The arguments of `run` for `options`; what is undefined is left to the default.
 * @param others keys of `options` that the caller knows itself
 * @throws ConfigurationError for a key that there is not, or a value of another type
 */
export function machineArguments(
  options: Readonly<Record<string, unknown>>,
  others: readonly string[],
): MachineArguments {
  const given = Object.entries(options).flatMap(([key, value]) => {
    if (others.includes(key)) return [];
    const name = optionName(key) as keyof MachineArguments;
    return value === undefined ? [] : [[name, checked(key, name, value)]];
  });
  const args: MachineArguments = {
    ...MACHINE_DEFAULTS,
    timeout: DEFAULT_TIMEOUT,
    ...(Object.fromEntries(given) as Partial<MachineArguments>),
  };
  if (args.memmap === '-') throw new ConfigurationError('memmap -: a program names a file');
  return args;
}

/** Of the type that the command line's option has. @throws ConfigurationError */
function checked(key: string, name: keyof MachineArguments, value: unknown): unknown {
  const option: { readonly type?: string; readonly array?: true; readonly choices?: unknown } =
    MACHINE_OPTIONS[name];
  if (option.array === true) return givenTexts(value, key);
  if (option.type === 'boolean') return givenFlag(value, key);
  const text = givenText(value, key);
  if (Array.isArray(option.choices) && !option.choices.includes(text)) {
    throw new ConfigurationError(`${key} ${text}: there is ${option.choices.join(' and ')}`);
  }
  return text;
}
