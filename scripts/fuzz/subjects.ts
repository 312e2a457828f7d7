/**
 * Processors that must agree: the plain core in whole runs, instruction by instruction, and translated at once and after a few
 * entries; the timed core in random cuts, interpreted and translated, which take the same cycles, too.
 */
import { readFileSync } from 'node:fs';
import { CPUID_TABLE } from '../../emulator/cpu/cpuid-table.js';
import { Processor } from '../../emulator/cpu/processor.js';
import type { ProcessorHost } from '../../emulator/cpu/processor-options.js';
import {
  FRAME_INFO,
  FRAME_INFO_BYTES,
  FRAME_REGIONS_LOST,
  FRAMES,
  TRANSLATION_FORCED,
} from '../../emulator/isa/state-layout.js';
import { createTimingModel } from '../../emulator/timing/models.js';
import { TimingEngine } from '../../emulator/timing/timing-engine.js';
import { DEFAULT_TRANSLATION, translatorWith } from '../../emulator/translator/translator.js';
import type { Random } from '../vectors/random.js';

/** A device in memory whose n-th access since the case began gives n: one too many shows. */
export class CountingDevice {
  accesses = 0;
}

export interface Subject {
  readonly name: string;
  readonly processor: Processor;
  readonly device: CountingDevice;
  /** Instructions of the next run. */
  readonly slice: (random: Random) => number;
  /** Cycles since power-on, under a timing model. */
  readonly cycles?: () => number;
}

/** RAM of the machine under test. Addresses beyond it read ones. */
export const RAM_BYTES = 16n << 20n;
/** Registers of the device, in place of RAM. */
export const DEVICE = 0x9_0000n;
const DEVICE_BYTES = 0x2000n;
/** ROM at the top of the first 4 GiB, as a guest may run into it. */
const ROM_BASE = 0xffff_0000n;
const RESIDENT_MAX_BYTES = 256 << 20;
const WHOLE = 1_000_000;
const CUT_MAX = 40;
/** Entries until a block is translated, when it has links to follow. */
const FEW_ENTRIES = 3;

/** Cases lie in the same frames: what one has overwritten must not keep the next from being translated. */
export function forgetLostRegions({ memory }: Processor): void {
  const record = (host: number): number => FRAME_INFO + (host >>> 12) * FRAME_INFO_BYTES;
  const end = record(memory.buffer.byteLength);
  for (let at = record(FRAMES); at < end; at += FRAME_INFO_BYTES)
    memory.setU32(at + FRAME_REGIONS_LOST, 0);
}

/** Ports answer by their number, the clock by what has retired: the same in every subject. */
function hostOf(processor: () => Processor, device: CountingDevice): ProcessorHost {
  return {
    deviceRead: () => BigInt(++device.accesses),
    deviceWrite: () => {
      device.accesses++;
    },
    portIn: (port, widthBytes) => (port * 0x0101_0101 + widthBytes) >>> 0,
    portOut: () => undefined,
    timeStamp: () => BigInt(processor().retired),
    trace: () => undefined,
  };
}

function prepare(
  name: string,
  slice: Subject['slice'],
  create: (host: ProcessorHost) => Processor,
): Subject {
  const made: { processor?: Processor } = {};
  const device = new CountingDevice();
  const host = hostOf(() => {
    if (made.processor === undefined) throw new Error('the processor is not there yet');
    return made.processor;
  }, device);
  const processor = create(host);
  made.processor = processor;
  processor.setCpuid(CPUID_TABLE);
  processor.setRamRanges([
    { base: 0n, end: DEVICE, rom: false },
    { base: DEVICE, end: DEVICE + DEVICE_BYTES, rom: false, device: true },
    { base: DEVICE + DEVICE_BYTES, end: RAM_BYTES, rom: false },
    { base: ROM_BASE, end: 1n << 32n, rom: true },
  ]);
  return { name, processor, device, slice };
}

/** `binaries`: the folder dist/emulator. */
export function createSubjects(binaries: URL): Subject[] {
  const common = { residentMaxBytes: RESIDENT_MAX_BYTES, traceCategories: new Set<string>() };
  const wasm = readFileSync(new URL('cpu/core.wasm', binaries));
  const plain = (host: ProcessorHost): Processor => Processor.create({ ...common, wasm, host });
  const translated = (thresholdEntries: number) => {
    const translator = translatorWith({ ...DEFAULT_TRANSLATION, thresholdEntries });
    return (host: ProcessorHost): Processor =>
      Processor.create({ ...common, wasm, host, translator });
  };
  const timed = (name: string, slice: Subject['slice'], thresholdEntries?: number): Subject => {
    const model = createTimingModel('zen1');
    if (model.kind !== 'engine') throw new Error('zen1 has an engine');
    const engine = new TimingEngine(
      readFileSync(new URL('timing/engine.wasm', binaries)),
      model.core,
    );
    const timedWasm = readFileSync(new URL('cpu/core-timed.wasm', binaries));
    const options = { ...common, wasm: timedWasm, timing: engine.attach };
    const translator =
      thresholdEntries === undefined
        ? {}
        : { translator: translatorWith({ ...DEFAULT_TRANSLATION, thresholdEntries }) };
    const subject = prepare(name, slice, (host) =>
      Processor.create({ ...options, ...translator, host }),
    );
    return { ...subject, cycles: () => engine.nowCycles };
  };
  const whole = (): number => WHOLE;
  const cut = (random: Random): number => random.between(1, CUT_MAX);
  return [
    prepare('whole runs', whole, plain),
    prepare('single instructions', () => 1, plain),
    prepare('translated at once, whole runs', whole, translated(TRANSLATION_FORCED)),
    prepare('translated after three entries, whole runs', whole, translated(FEW_ENTRIES)),
    prepare('translated after three entries, random cuts', cut, translated(FEW_ENTRIES)),
    timed('timed core, random cuts', cut),
    timed('timed core, translated after three entries, random cuts', cut, FEW_ENTRIES),
  ];
}
