/** What iced-x86 reads in a block: its instructions as text, and the class that the block belongs to. */
import {
  Decoder,
  DecoderOptions,
  Formatter,
  FormatterSyntax,
  InstructionInfoFactory,
  Mnemonic,
  OpAccess,
  RegisterExt,
  type Register,
  type UsedMemory,
  type UsedRegister,
} from 'iced-x86';

export type BlockClass =
  | 'divide'
  | 'vector'
  | 'locked, string'
  | 'read-modify-write'
  | 'loads and stores'
  | 'loads'
  | 'stores'
  | 'integer only';

export interface Disassembly {
  readonly instructions: readonly string[];
  /** Where each begins, in bytes. */
  readonly offsets: readonly number[];
  readonly blockClass: BlockClass;
}

const formatter = new Formatter(FormatterSyntax.Intel);
const factory = new InstructionInfoFactory();
const DIVISIONS = new Set([Mnemonic.Div, Mnemonic.Idiv]);
const WRITES = new Set([
  OpAccess.Write,
  OpAccess.CondWrite,
  OpAccess.ReadWrite,
  OpAccess.ReadCondWrite,
]);
const READS = new Set([
  OpAccess.Read,
  OpAccess.CondRead,
  OpAccess.ReadWrite,
  OpAccess.ReadCondWrite,
]);

export function disassemble(hex: string): Disassembly {
  const decoder = new Decoder(64, Buffer.from(hex, 'hex'), DecoderOptions.None);
  const instructions: string[] = [];
  const offsets: number[] = [];
  const seen = new Set<string>();
  while (decoder.canDecode) {
    offsets.push(decoder.position);
    const instruction = decoder.decode();
    instructions.push(formatter.format(instruction));
    if (DIVISIONS.has(instruction.mnemonic)) seen.add('divide');
    if (instruction.hasLockPrefix || instruction.isStringInstruction) seen.add('locked, string');
    const info = factory.info(instruction);
    for (const used of info.usedRegisters() as UsedRegister[]) {
      if (isVector(used.register)) seen.add('vector');
      used.free();
    }
    const accesses = info.usedMemory() as UsedMemory[];
    const reads = accesses.some(({ access }) => READS.has(access));
    const writes = accesses.some(({ access }) => WRITES.has(access));
    if (accesses.some(({ access }) => READS.has(access) && WRITES.has(access))) {
      seen.add('read-modify-write');
    }
    if (reads) seen.add('loads');
    if (writes) seen.add('stores');
    accesses.forEach((access) => {
      access.free();
    });
    info.free();
    instruction.free();
  }
  decoder.free();
  return { instructions, offsets, blockClass: classOf(seen) };
}

function isVector(register: Register): boolean {
  return RegisterExt.isVectorRegister(register) || RegisterExt.isMM(register);
}

function classOf(seen: ReadonlySet<string>): BlockClass {
  for (const name of ['divide', 'vector', 'locked, string', 'read-modify-write'] as const) {
    if (seen.has(name)) return name;
  }
  if (seen.has('loads')) return seen.has('stores') ? 'loads and stores' : 'loads';
  return seen.has('stores') ? 'stores' : 'integer only';
}
