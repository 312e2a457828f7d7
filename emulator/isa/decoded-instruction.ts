/**
 * What the decoder hands to whoever describes a block for another purpose than executing it: the timing model.
 * The processor knows only this interface, the timing model only these facts.
 */

/** One decoded instruction. Register operands are numbers 0 to 15, addresses of slots are as in isa/uop.ts. */
export interface DecodedInstruction {
  /** Number of its form (`formByNumber`); 0: an undefined opcode, which raises #UD. */
  readonly formNumber: number;
  /** 16, 32 or 64, or 0 where the form does not depend on it. */
  readonly operandSize: number;
  /** Length in bytes, prefixes included. */
  readonly length: number;
  readonly lock: boolean;
  /** 0 none, 1 F3, 2 F2. */
  readonly repeat: number;
  readonly rexPresent: boolean;
  /** ModRM.reg, ModRM.rm, the register of the opcode byte, VEX.vvvv: extended by REX or VEX. */
  readonly reg: number;
  readonly rm: number;
  readonly opcodeRegister: number;
  readonly vvvv: number;
  /** Register in bits 7-4 of the immediate; vector that is the index of the memory operand. */
  readonly is4: number;
  readonly vectorIndex: number;
  /** The r/m operand lies in memory. */
  readonly inMemory: boolean;
  /** Addresses of the slots of base and index register (that of SLOT_ZERO: none), log2 of the index's factor. */
  readonly base: number;
  readonly index: number;
  readonly scale: number;
  /** Displacement, 64 bits. */
  readonly displacementLow: number;
  readonly displacementHigh: number;
  readonly ripRelative: boolean;
  /** 16, 32 or 64. */
  readonly addressBits: number;
  /** Segment of the memory operand (`Segment`). */
  readonly segment: number;
}

/** Told of every instruction of a block while it is decoded; then writes its own record behind the block. */
export interface BlockDescriber {
  /** The most bytes that `write` takes. */
  readonly bytesMax: number;
  /** A new block begins. `ripLow`, `ripHigh`: RIP of its first byte. */
  begin(ripLow: number, ripHigh: number): void;
  /** `start`: offset of the instruction from the block's first byte. */
  instruction(decoded: DecodedInstruction, start: number): void;
  /** The block is complete: writes the record at byte `at` (a multiple of 4) of `words` and returns its size in bytes. */
  write(words: Int32Array, at: number): number;
}
