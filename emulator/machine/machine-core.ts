/** Which core a machine's processor has, and what is attached to it: a timing engine or a profiler, a translator. */
import { assert } from '../base/assert.js';
import type { ProcessorOptions } from '../cpu/processor-options.js';
import type { MemoryMap, NodeRange } from '../memory/memory-map.js';
import type { CoreModel } from '../timing/core-model.js';
import { TimingEngine, type RemoteMemory } from '../timing/timing-engine.js';
import type { TimingModel } from '../timing/timing-model.js';
import {
  DEFAULT_TRANSLATION,
  translatorWith,
  type TranslatorOptions,
} from '../translator/translator.js';
import { nodeDistance, PROCESSOR_NODE } from './acpi-tables.js';
import type { Profiler } from './profiler.js';

/** The timed core, and engines by name of the core model: what a model of the kind `engine` needs. */
export interface TimedCore {
  readonly core: Uint8Array;
  readonly engines: Readonly<Record<string, Uint8Array>>;
  /** Whether the engine remembers the pipeline's steps (true): without that it is slower, and its cycles are the same. */
  readonly remembers?: boolean;
}

/** What of a machine's configuration decides it: MachineConfig says what these are. */
interface CoreConfig {
  readonly core: Uint8Array;
  readonly timed?: TimedCore;
  readonly memoryMap: MemoryMap;
  readonly timing: TimingModel;
  readonly translation?: TranslatorOptions | null;
  readonly profiler?: Profiler;
}

interface MachineCore {
  readonly engine: TimingEngine | null;
  readonly options: Pick<ProcessorOptions, 'wasm' | 'timing' | 'translator'>;
}

export function coreOf(config: CoreConfig): MachineCore {
  const { profiler, timing, translation = DEFAULT_TRANSLATION } = config;
  const translator = translation === null ? {} : { translator: translatorWith(translation) };
  if (timing.kind === 'engine') {
    const { engine, wasm } = engineOf(config, timing.core);
    return { engine, options: { wasm, timing: engine.attach, ...translator } };
  }
  const profiled = profiler === undefined ? {} : { timing: profiler.attach };
  return { engine: null, options: { wasm: config.core, ...profiled, ...translator } };
}

/** The timing engine of a model and the core that drives it. */
function engineOf(
  config: CoreConfig,
  core: CoreModel,
): { readonly engine: TimingEngine; readonly wasm: Uint8Array } {
  assert(config.timed !== undefined, `--cpu ${core.name} without the timed core and its engine`);
  const engine = config.timed.engines[core.name];
  assert(engine !== undefined, `no engine for --cpu ${core.name}`);
  const remote = remoteMemory(config.memoryMap.nodes ?? []);
  const { core: wasm, remembers = true } = config.timed;
  return { engine: new TimingEngine(engine, core, remote, { remembers }), wasm };
}

/** What is not the memory of the processor's node. */
function remoteMemory(nodes: readonly NodeRange[]): RemoteMemory[] {
  return nodes
    .filter(({ node }) => node !== PROCESSOR_NODE)
    .map(({ node, base, length }) => ({
      base,
      end: base + length,
      distance: nodeDistance(PROCESSOR_NODE, node),
    }));
}
