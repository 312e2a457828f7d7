/** `sweep`: one kernel on many machines, in worker threads. */
import { ConfigurationError } from '../base/errors.js';
import { loadBootFiles } from '../cli/boot-files.js';
import { hostMapInput } from '../cli/memmap-source.js';
import type { RunRecord } from '../cli/run-record.js';
import { refuseSnapshot } from '../cli/run-start.js';
import { expandedValues, planVariations } from '../cli/sweep-plan.js';
import { defaultJobs, runRows, StopFlag } from '../cli/sweep-pool.js';
import { machineArguments, optionName, type BootOptions } from './boot-options.js';
import { givenImage, givenText, givenTexts } from './given-values.js';

export interface SweepOptions extends BootOptions {
  /** A range of RAM sizes, such as `8M..1T` or `8M,3G`. */
  readonly ram?: string;
  /** Values of other options by their names here, such as `{ memmap: ['pc', 'zoo:*'] }`: every combination is a row. */
  readonly vary?: Readonly<Record<string, readonly string[]>>;
  /** Texts that COM1 has to show, in this order; a row then ends at the last. */
  readonly expect?: readonly string[];
  /** Texts and sets that COM1 must not show. */
  readonly fail?: readonly string[];
  /** Values that COM1 shows: `NAME=/regex/`. */
  readonly record?: readonly string[];
  /** Machines at a time. */
  readonly jobs?: number;
}

/** Of SweepOptions, what is no option of a machine. */
const OWN_OPTIONS = ['ram', 'vary', 'expect', 'fail', 'record', 'jobs'];

export interface SweepRun {
  /** What tells the row from the others: `ram`, and what varies. */
  readonly key: Readonly<Record<string, string>>;
  readonly passed: boolean;
  /** What `s7x run` would write into run.json; null of a machine that could not be run. */
  readonly record: RunRecord | null;
  /** Why it did not pass, or could not be run. */
  readonly note: string;
}

/**
 * Runs a machine for each size and value, in the order of the values.
 * @throws ConfigurationError for what cannot be booted or is no option, HostError for a file that cannot be read
 */
export async function sweep(image: string | undefined, options: SweepOptions): Promise<SweepRun[]> {
  const { vary, expect, fail, record, jobs } = options;
  const path = givenImage(image);
  const ram = options.ram === undefined ? undefined : givenText(options.ram, 'ram', "'8M..1T'");
  const args = {
    ...machineArguments({ ...options }, OWN_OPTIONS),
    expect: [...givenTexts(expect ?? [], 'expect')],
    fail: [...givenTexts(fail ?? [], 'fail')],
    record: [...givenTexts(record ?? [], 'record', ', such as NAME=/regex/')],
  };
  if (jobs !== undefined && !(Number.isInteger(jobs) && jobs > 0)) {
    throw new ConfigurationError(`jobs ${jobs}: a whole number from 1 on`);
  }
  refuseSnapshot(path);
  const loaded = loadBootFiles({ image: path, ...args });
  const variations = Object.entries(vary ?? {}).map(([name, values]) => {
    const option = optionName(name);
    const words = givenTexts(values, `vary ${name}`);
    return { option, values: expandedValues(option, words, `vary ${name}`) };
  });
  const rows = planVariations(args, ram, variations, loaded, hostMapInput);
  const requests = rows.map((row) => ({ ...row, folder: null, functions: [] }));
  const runs: SweepRun[] = [];
  await runRows(requests, jobs ?? defaultJobs(), new StopFlag(), (place, reply) => {
    const key = rows[place]?.key ?? {};
    const { record: got, error } = reply;
    if (error !== null) runs[place] = { key, passed: false, record: null, note: error.message };
    else {
      const { code, detail } = got.outcome;
      runs[place] = { key, passed: code === 0, record: got, note: code === 0 ? '' : detail };
    }
  });
  return runs;
}
