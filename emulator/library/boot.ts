/** `boot`: a machine for a program, powered on and before its first instruction. */
import { loadArtefacts } from '../cli/artefacts.js';
import { loadBootFiles } from '../cli/boot-files.js';
import { memoryOf } from '../cli/memmap-source.js';
import { parseChecks } from '../cli/memory-checking.js';
import { openProfiler } from '../cli/run-profile.js';
import { parseRunOptions } from '../cli/run-options.js';
import { refuseSnapshot } from '../cli/run-start.js';
import type { MemoryCheckKind } from '../machine/memory-check.js';
import { machineArguments, type BootOptions } from './boot-options.js';
import { givenFlag, givenImage, givenText, givenTexts } from './given-values.js';
import { VirtualMachine } from './virtual-machine.js';

export interface MachineOptions extends BootOptions {
  /** Cycles are charged to functions (`cyclesIn`). The run is slower, its figures are the same. */
  readonly profile?: boolean;
  /** Accesses to memory are looked at, as by `s7x run --check` (`findings`). The run is slower, its figures are the same. */
  readonly check?: readonly MemoryCheckKind[];
}

/**
 * Powers a machine on; `serial.waitFor` or `run` runs it.
 * @param image a path, or undefined for the System 7X kernel that the package carries
 * @throws ConfigurationError for what cannot be booted or is no option, HostError for a file that cannot be read
 */
export async function boot(image?: string, options: MachineOptions = {}): Promise<VirtualMachine> {
  // A rejection, also for what is found out at once.
  await Promise.resolve();
  const path = givenImage(image);
  const ram = options.ram === undefined ? undefined : givenText(options.ram, 'ram');
  const profile = givenFlag(options.profile ?? false, 'profile');
  const check = givenTexts(options.check ?? [], 'check', ", such as ['uninit']");
  const args = machineArguments({ ...options }, ['ram', 'profile', 'check']);
  refuseSnapshot(path);
  const loaded = loadBootFiles({ image: path, ...args });
  const runOptions = parseRunOptions(args, ram, loaded);
  const { map } = memoryOf(runOptions);
  const artefacts = loadArtefacts();
  const profiling = profile ? openProfiler(loaded) : null;
  return new VirtualMachine({
    options: runOptions,
    loaded,
    map,
    artefacts: profiling === null ? artefacts : { ...artefacts, core: profiling.core },
    profiler: profiling?.profiler ?? null,
    check: parseChecks(check, map, loaded.image),
  });
}
