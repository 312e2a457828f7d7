/** Processors that must agree: the plain core in whole runs and instruction by instruction, and the timed core in random cuts. */
import { readFileSync } from 'node:fs';
import { CPUID_TABLE } from '../../emulator/cpu/cpuid-table.js';
import { Processor, type ProcessorHost } from '../../emulator/cpu/processor.js';
import { createTimingModel } from '../../emulator/timing/models.js';
import { TimingEngine } from '../../emulator/timing/timing-engine.js';
import type { Random } from '../vectors/random.js';

export interface Subject {
  readonly name: string;
  readonly processor: Processor;
  /** Instructions of the next run. */
  readonly slice: (random: Random) => number;
}

/** RAM of the machine under test. Addresses beyond it read ones. */
export const RAM_BYTES = 16n << 20n;
/** ROM at the top of the first 4 GiB, as a guest may run into it. */
const ROM_BASE = 0xffff_0000n;
const RESIDENT_MAX_BYTES = 256 << 20;
const WHOLE = 1_000_000;
const CUT_MAX = 40;

/** Ports answer by their number, the clock by what has retired: the same in every subject. */
function hostOf(processor: () => Processor): ProcessorHost {
  return {
    portIn: (port, widthBytes) => (port * 0x0101_0101 + widthBytes) >>> 0,
    portOut: () => undefined,
    timeStamp: () => BigInt(processor().retired),
    trace: () => undefined,
  };
}

function prepare(create: (host: ProcessorHost) => Processor): Processor {
  const made: { processor?: Processor } = {};
  const host = hostOf(() => {
    if (made.processor === undefined) throw new Error('the processor is not there yet');
    return made.processor;
  });
  const processor = create(host);
  made.processor = processor;
  processor.setCpuid(CPUID_TABLE);
  processor.setRamRanges([
    { base: 0n, end: RAM_BYTES, rom: false },
    { base: ROM_BASE, end: 1n << 32n, rom: true },
  ]);
  return processor;
}

/** `binaries`: the folder dist/emulator. */
export function createSubjects(binaries: URL): Subject[] {
  const common = { residentMaxBytes: RESIDENT_MAX_BYTES, traceCategories: new Set<string>() };
  const wasm = readFileSync(new URL('cpu/core.wasm', binaries));
  const plain = (): Processor => prepare((host) => Processor.create({ ...common, wasm, host }));
  const timed = prepare((host) => {
    const model = createTimingModel('zen1');
    if (model.kind !== 'engine') throw new Error('zen1 has an engine');
    const engine = new TimingEngine(
      readFileSync(new URL('timing/engine.wasm', binaries)),
      model.core,
    );
    const timedWasm = readFileSync(new URL('cpu/core-timed.wasm', binaries));
    return Processor.create({ ...common, wasm: timedWasm, timing: engine.attach, host });
  });
  return [
    { name: 'whole runs', processor: plain(), slice: () => WHOLE },
    { name: 'single instructions', processor: plain(), slice: () => 1 },
    {
      name: 'timed core, random cuts',
      processor: timed,
      slice: (random) => random.between(1, CUT_MAX),
    },
  ];
}
