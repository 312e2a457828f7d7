/**
 * Microcode doors in translated code: some inline, others a call of the core, which does them where they need neither the host nor a
 * slow path (core/region-doors.ts). The privilege is looked at each time: a region does not know more of it than CPL 3 or not.
 * Source: Intel SDM Vol. 2, the instructions' pages.
 */
import { flagMask } from '../isa/rflags.js';
import {
  CPL,
  CR0,
  CR2,
  CR3,
  CR4,
  CR8,
  IA32_KERNEL_GS_BASE,
  INTR_LINE,
  NMI_PENDING,
  REGISTERS,
  RFLAGS_REST,
  RIP,
} from '../isa/state-layout.js';
import { Door, Segment } from '../isa/uop.js';
import { X87, X87_OPERAND_SHIFT, X87_OPERATION_SHIFT, X87Operand } from '../isa/x87.js';
import type { Uop } from './block-reader.js';
import type { BlockTiming } from './block-timing.js';
import type { CoreCaller } from './core-caller.js';
import type { FlagEmitter } from './flag-emitter.js';
import { READ_TAG, WRITE_TAG, type MemoryEmitter } from './memory-emitter.js';
import type { OperandEmitter } from './operand-emitter.js';
import type { PortEmitter } from './port-emitter.js';
import {
  L,
  SLOT_R11,
  SLOT_RAX,
  SLOT_RBP,
  SLOT_RBX,
  SLOT_RCX,
  SLOT_RDX,
  SLOT_RSP,
  WIDTH_64,
  WIDTH_8,
  zeroExtend,
} from './region-code.js';
import type { SegmentEmitter } from './segment-emitter.js';
import type { StringEmitter } from './string-emitter.js';
import {
  accessesPort,
  compares,
  registersOf,
  storesAlone,
  stringInstruction,
} from './string-instruction.js';
import { W, type WasmCode } from './wasm-code.js';

const RAX = REGISTERS + 8 * SLOT_RAX;
const RBX = REGISTERS + 8 * SLOT_RBX;
const RFLAGS_IF = flagMask('IF');

/** Registers that doors read or write although no operand names them. */
const IMPLIED = new Map<number, readonly number[]>([
  [Door.Rdtsc, [SLOT_RAX, SLOT_RDX]],
  [Door.Rdtscp, [SLOT_RAX, SLOT_RCX, SLOT_RDX]],
  [Door.Cpuid, [SLOT_RAX, SLOT_RCX, SLOT_RDX, SLOT_RBX]],
  [Door.Rdmsr, [SLOT_RAX, SLOT_RCX, SLOT_RDX]],
  [Door.Wrmsr, [SLOT_RAX, SLOT_RCX, SLOT_RDX]],
  [Door.Xgetbv, [SLOT_RAX, SLOT_RCX, SLOT_RDX]],
]);
/** Doors that are calls; operands a, b and dst are slots, where they are any. */
const CALLED: readonly number[] = [
  ...[Door.Cpuid, Door.Rdmsr, Door.ReadSegmentBase, Door.StoreSegmentRegister],
  ...[Door.Xgetbv, Door.Ldmxcsr, Door.Stmxcsr],
  ...[Door.Rdtsc, Door.Rdtscp, Door.Wrmsr, Door.WriteSegmentBase, Door.Clac, Door.Stac],
];
/** x87 operations that read or write the arithmetic flags. */
const USES_FLAGS: readonly number[] = [
  ...[X87.FCMOVB, X87.FCMOVE, X87.FCMOVBE, X87.FCMOVU],
  ...[X87.FCMOVNB, X87.FCMOVNE, X87.FCMOVNBE, X87.FCMOVNU],
  ...[X87.FCOMI, X87.FCOMIP, X87.FUCOMI, X87.FUCOMIP],
];
/** One processor, in order: nothing to wait for. */
const NO_OPERATION: readonly number[] = [Door.Pause, Door.Mfence, Door.Lfence, Door.Sfence];
/** Of whose accesses a timing engine hears as of a load's, or that have none. */
const TIMED_DOORS: readonly number[] = [...NO_OPERATION, Door.Leave, Door.ReadControlRegister];
const CONTROL_REGISTERS = new Map([
  [0n, CR0],
  [2n, CR2],
  [3n, CR3],
  [4n, CR4],
  [8n, CR8],
]);
const QUADWORD_BITS = 64;

export class DoorEmitter {
  constructor(
    private readonly code: WasmCode,
    private readonly operands: OperandEmitter,
    private readonly flags: FlagEmitter,
    private readonly memory: MemoryEmitter,
    private readonly segments: SegmentEmitter,
    private readonly strings: StringEmitter,
    private readonly core: CoreCaller,
    private readonly ports: PortEmitter,
    private readonly timing: BlockTiming,
    /** Leaves the region before the micro-op. */
    private readonly leave: (uop: Uop) => void,
  ) {}

  /** Writes a door behind which its block goes on. False: it is the interpreter's. */
  emit(uop: Uop): boolean {
    const { extra, imm } = uop;
    if (this.timing.isOn && !TIMED_DOORS.includes(extra)) return false;
    switch (extra as Door) {
      case Door.Leave:
        this.segments.leaveFrame(uop, Math.log2(Number(imm)) - 3);
        return true;
      case Door.String:
        if (accessesPort(stringInstruction(imm))) return false;
        this.strings.single(uop);
        return true;
      case Door.Pushf:
        if (imm !== BigInt(QUADWORD_BITS)) return false;
        this.flags.settle();
        this.core.call(uop, [SLOT_RSP]);
        return true;
      case Door.ReadControlRegister:
        return this.readControlRegister(uop);
      case Door.Xlat:
        this.translateByte(uop);
        return true;
      case Door.Enter:
        return this.enterFrame(uop);
      case Door.X87:
        return this.x87(uop);
      case Door.CmpXchgDouble:
        this.core.callWithFlags(uop, [
          ...new Set([...this.core.slotsOf([uop.a]), SLOT_RAX, SLOT_RCX, SLOT_RDX, SLOT_RBX]),
        ]);
        return true;
      case Door.Clflush:
        this.operands.read(uop, uop.a, WIDTH_64);
        this.segments.locate(uop, Number(imm & 0xffn), WIDTH_8, READ_TAG);
        this.code.set(L.Host);
        return true;
      default:
        if (!CALLED.includes(extra)) return NO_OPERATION.includes(extra);
        this.call(uop);
        return true;
    }
  }

  /** Writes a light door (light-doors.ts), which the core refuses unless it is all that happens. */
  emitLast(uop: Uop): void {
    const { extra } = uop;
    if (extra === Door.String) this.repeated(uop);
    else if (extra === Door.Out) this.ports.output(uop);
    else if (extra === Door.Popf) this.core.callWithFlags(uop, [SLOT_RSP]);
    else if (extra === Door.Cli || extra === Door.Sti) this.interruptFlag(uop);
    else if (extra === Door.Swapgs) this.swapGs(uop);
    else this.call(uop);
    if (extra === Door.Wrmsr || extra === Door.WriteSegmentBase) this.segments.reloadBases();
  }

  /** INT n, IRETQ, SYSCALL and SYSRET (isTransferDoor). RIP is then where control goes. */
  emitTransfer(uop: Uop): void {
    const entersKernel = uop.extra === Door.Int || uop.extra === Door.Syscall;
    const usesStack = uop.extra === Door.Int || uop.extra === Door.Iret;
    const slots = usesStack ? [SLOT_RSP] : [SLOT_RCX, SLOT_R11];
    if (entersKernel) {
      this.code.i32(0).i64(uop.behind).memory(W.I64Store, RIP);
      this.core.callWithFlags(uop, slots);
    } else this.core.callSettingFlags(uop, slots);
    // To CPL 3 the segments of inner levels become null.
    if (uop.extra === Door.Iret) this.segments.reloadBases();
  }

  private call(uop: Uop): void {
    const named = this.core.slotsOf([uop.dst, uop.a, uop.b]);
    this.core.call(uop, [...new Set([...named, ...(IMPLIED.get(uop.extra) ?? [])])]);
  }

  /** A call that knows the instruction's address, which becomes FIP. Images of the environment are the interpreter's. */
  private x87(uop: Uop): boolean {
    const [operation, operand] = [
      Number(uop.imm >> BigInt(X87_OPERATION_SHIFT)),
      Number(uop.imm >> BigInt(X87_OPERAND_SHIFT)) & 15,
    ];
    if (operand === (X87Operand.Image as number)) return false;
    this.code.i32(0).i64(uop.behind).memory(W.I64Store, RIP);
    const slots = this.core.slotsOf([uop.a]);
    if (operand === (X87Operand.Ax as number)) slots.push(SLOT_RAX);
    if (USES_FLAGS.includes(operation)) this.core.callWithFlags(uop, [...new Set(slots)]);
    else this.core.call(uop, [...new Set(slots)]);
    return true;
  }

  private repeated(uop: Uop): void {
    const instruction = stringInstruction(uop.imm);
    const registers = registersOf(instruction);
    const callCore = (): void => {
      if (compares(instruction)) this.core.callWithFlags(uop, registers);
      else this.core.call(uop, registers);
    };
    if (this.segments.isFlat(instruction.segment) && storesAlone(instruction))
      this.strings.fewElements(uop, instruction, callCore);
    else callCore();
  }

  /** Leaves the region above CPL 0. */
  private requireCpl0(uop: Uop): void {
    const { code } = this;
    code.i32(0).memory(W.I32Load, CPL).openRare();
    this.leave(uop);
    code.close();
  }

  /** CLI, STI. */
  private interruptFlag(uop: Uop): void {
    const { code } = this;
    code.i32(0).memory(W.I32Load, CPL).open(W.If);
    this.core.call(uop, []);
    code.otherwise();
    const sets = uop.extra === Door.Sti;
    if (sets) {
      code.i32(0).memory(W.I32Load, INTR_LINE);
      code.i32(0).memory(W.I32Load, NMI_PENDING).op(W.I32Or).openRare();
      this.leave(uop);
      code.close();
    }
    code.i32(0).i32(0).memory(W.I32Load, RFLAGS_REST);
    if (sets) code.i32(RFLAGS_IF).op(W.I32Or);
    else code.i32(~RFLAGS_IF).op(W.I32And);
    code.memory(W.I32Store, RFLAGS_REST).close();
  }

  private swapGs(uop: Uop): void {
    const { code } = this;
    const base = this.segments.baseAddress(Segment.GS);
    this.requireCpl0(uop);
    code.i32(0).memory(W.I64Load, base).set(L.Value);
    code.i32(0).i32(0).memory(W.I64Load, IA32_KERNEL_GS_BASE).memory(W.I64Store, base);
    code.i32(0).get(L.Value).memory(W.I64Store, IA32_KERNEL_GS_BASE);
    this.segments.reloadBases();
  }

  private readControlRegister(uop: Uop): boolean {
    const register = CONTROL_REGISTERS.get(uop.imm);
    if (register === undefined) return false;
    this.requireCpl0(uop);
    this.code.i32(0).memory(W.I64Load, register);
    this.operands.write(uop.dst, WIDTH_64);
    return true;
  }

  /** XLAT */
  private translateByte(uop: Uop): void {
    const { code, operands } = this;
    const addressWidth = Math.log2(Number(uop.imm >> 16n)) - 3;
    operands.read(uop, RBX, addressWidth);
    operands.read(uop, RAX, WIDTH_8);
    code.op(W.I64Add);
    zeroExtend(code, addressWidth);
    this.segments.locate(uop, Number(uop.imm & 0xffn), WIDTH_8, READ_TAG);
    code.memory(W.I64Load8U, 0);
    operands.write(RAX, WIDTH_8);
  }

  /** ENTER of 64 bits without nesting. A store at the new top must be possible, although nothing is stored. */
  private enterFrame(uop: Uop): boolean {
    const { code, memory, operands } = this;
    const [frameBytes, level, bits] = [uop.imm & 0xffffn, (uop.imm >> 16n) & 0xffn, uop.imm >> 24n];
    if (level !== 0n || bits !== BigInt(QUADWORD_BITS)) return false;
    operands.readSlot(SLOT_RBP);
    code.set(L.Value);
    memory.storeBelowTop(uop);
    code.get(L.Address).tee(L.Count).i64(frameBytes).op(W.I64Sub);
    memory.locate(uop, QUADWORD_BITS / 8, WRITE_TAG);
    code.set(L.Host).get(L.Count);
    operands.writeSlot(SLOT_RBP);
    code.get(L.Address);
    operands.writeSlot(SLOT_RSP);
    return true;
  }
}
