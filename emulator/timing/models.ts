import { ConfigurationError } from '../base/errors.js';
import { requireClock } from '../clock/clock-domains.js';
import type { CoreModel } from './core-model.js';
import { SKYLAKE } from './cores/skylake.js';
import { ZEN1 } from './cores/zen1.js';
import { cyclesOfNs, type TimingModel } from './timing-model.js';
import { UNIT_MODEL_DEFAULT_HZ, unitModel } from './unit-model.js';

interface TimingModelEntry {
  readonly name: string;
  readonly defaultHz: number;
  readonly create: (coreHz: number) => TimingModel;
}

/** The models that the timing engine runs; the build makes an engine for each. */
export const CORE_MODELS: readonly CoreModel[] = [ZEN1, SKYLAKE];

/** The models that `--cpu` accepts. The first is the default. */
const TIMING_MODELS: readonly TimingModelEntry[] = [
  ...CORE_MODELS.map(coreEntry),
  { name: 'unit', defaultHz: UNIT_MODEL_DEFAULT_HZ, create: unitModel },
];

export const DEFAULT_TIMING_MODEL = 'zen1';

/** The model that `--functional` chooses: the fastest. */
export const FUNCTIONAL_TIMING_MODEL = 'unit';

function coreEntry(core: CoreModel): TimingModelEntry {
  return {
    name: core.name,
    defaultHz: core.coreHz,
    create: (coreHz) => ({
      kind: 'engine',
      name: core.name,
      counts: `${core.processor}: pipeline, ports, caches, TLBs, branch prediction`,
      coreHz,
      core,
      cyclesOfPortAccess: (timeNs) => cyclesOfNs(timeNs, coreHz),
    }),
  };
}

/** One line for each model: name, default frequency, what it counts. */
export function describeTimingModels(): string[] {
  return TIMING_MODELS.map(({ name, defaultHz, create }) => {
    const model = create(defaultHz);
    return `${name.padEnd(10)} ${(defaultHz / 1e9).toFixed(2)} GHz  ${model.counts}`;
  });
}

/**
 * The timing model of that name, at `coreHz` or its own default frequency.
 * @throws ConfigurationError for a name that is not in the list, and a frequency that no clock has
 */
export function createTimingModel(name: string, coreHz?: number): TimingModel {
  const entry = TIMING_MODELS.find((candidate) => candidate.name === name);
  if (entry === undefined) {
    const known = TIMING_MODELS.map((candidate) => candidate.name).join(', ');
    throw new ConfigurationError(`--cpu ${name}: no such timing model (there is: ${known})`);
  }
  if (coreHz !== undefined) requireClock(coreHz);
  return entry.create(coreHz ?? entry.defaultHz);
}
