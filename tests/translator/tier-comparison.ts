/** One program on several machines whose execution tiers differ: all must end in the same state. */
import type { AttachTiming, AttachTranslator } from '../../emulator/cpu/core-module.js';
import type { ProcessorHost } from '../../emulator/cpu/processor-options.js';
import type { GeneralRegister } from '../../emulator/cpu/register-slots.js';
import { ExitReason, TRANSLATION_FORCED } from '../../emulator/isa/state-layout.js';
import { translatorWith, type Translator } from '../../emulator/translator/translator.js';
import { GuestMachine, type Bits } from '../instructions/guest-machine.js';

const OPTIONS = { regionsMax: 1000, bytesMax: 16 << 20 };

/** A machine of its own translator. */
export class TierMachine {
  readonly machine: GuestMachine;
  /** Null: it has none. */
  translator: Translator | null = null;
  /** Places for regions in the core's table that were ever made, those in use included. */
  places = (): number => 0;

  /** `thresholdEntries`: null for the interpreter alone. */
  constructor(
    thresholdEntries: number | null,
    options: Partial<typeof OPTIONS> = {},
    bits: Bits = 64,
    host: Partial<ProcessorHost> = {},
    timing: AttachTiming | null = null,
  ) {
    const attach: AttachTranslator = (...core) => {
      this.translator = translatorWith({
        ...OPTIONS,
        ...options,
        thresholdEntries: thresholdEntries ?? 0,
      })(...core);
      this.places = () => core[2].length;
      return this.translator;
    };
    this.machine = new GuestMachine(
      bits,
      'hlt',
      host,
      timing,
      thresholdEntries === null ? null : attach,
    );
  }

  /** Places a program at `address` and sets registers. */
  load(
    address: bigint,
    code: Uint8Array,
    registers: Partial<Record<GeneralRegister, bigint>>,
  ): void {
    const { processor } = this.machine;
    processor.write(address, code);
    processor.rip = address;
    if (this.machine.bits === 16) {
      processor.setSegment('cs', { ...processor.segment('cs'), base: address });
      processor.rip = 0n;
    }
    processor.rflags = 2n;
    this.machine.setRegisters(registers);
  }

  /** Runs up to HLT in runs of `slice` instructions; what the guest could see, the count of instructions and the blocks entered. */
  finish(slice: number, instructionsMax: number): string {
    const { processor } = this.machine;
    const first = processor.retired;
    let reason: ExitReason = ExitReason.Budget;
    const goesOn = [ExitReason.Budget, ExitReason.Pause, ExitReason.Io];
    while (goesOn.includes(reason) && processor.retired - first < instructionsMax) {
      reason = processor.run(Math.min(slice, instructionsMax - (processor.retired - first)));
    }
    const { tlbMisses, pageFaults } = processor.stats();
    return [
      ExitReason[reason],
      processor.retired - first,
      processor.rip.toString(16),
      processor.rflags.toString(16),
      processor.hash('').toString(16),
      tlbMisses,
      pageFaults,
    ].join(' ');
  }
}

/** The tiers to compare with the interpreter: threshold of the translator, and instructions of one run. */
export const TRANSLATING: readonly (readonly [thresholdEntries: number, slice: number])[] = [
  [TRANSLATION_FORCED, 1_000_000],
  [TRANSLATION_FORCED, 1],
  [TRANSLATION_FORCED, 7],
  [2, 1_000_000],
  [3, 13],
  [5, 101],
];
