/**
 * Micro-operations: what an instruction form consists of, and what the execution tiers execute.
 *
 * This file is read by two languages: TypeScript (decoder, documentation) and AssemblyScript (the core). It holds
 * only enums and integer constants, which mean the same in both.
 *
 * A micro-op is a record of 32 bytes in linear memory:
 *
 *   +0  u16 op       an `Op`
 *   +2  u8  index    number of its instruction within the block, from 0
 *   +3  u8  scale    log2 of the index register's factor, 0 to 3
 *   +4  u32 dst      address of the destination operand
 *   +8  u32 a        address of the first source operand; base register of a memory operand
 *   +12 u32 b        address of the second source operand; index register of a memory operand
 *   +16 u64 imm      immediate, displacement (sign-extended) or branch target (a RIP value)
 *   +24 u32 extra    third operand's address, condition code, segment number, or width: see the Op
 *   +28 u16 start    offset of its instruction from the block's first byte
 *   +30 u8  length   length of its instruction in bytes
 *   +31 u8  flags    UOP_*
 *
 * An operand is an *address* in linear memory: a register slot (`REGISTERS + 8 * slot`, plus 1 for AH, CH, DH, BH),
 * a temporary's slot, or the micro-op's own `imm` field. So one operation serves register and immediate forms alike.
 *
 * Width families are four consecutive members: 8, 16, 32, 64 bits (three where 8 does not exist: 16, 32, 64; two: 32, 64).
 * A 32-bit result is zero-extended to 64 bits in its slot; 8- and 16-bit results leave the slot's other bits as they are.
 */

export const UOP_SIZE_BYTES = 32;

export const UOP_OP = 0;
export const UOP_INDEX = 2;
export const UOP_SCALE = 3;
export const UOP_DST = 4;
export const UOP_A = 8;
export const UOP_B = 12;
export const UOP_IMM = 16;
export const UOP_EXTRA = 24;
export const UOP_START = 28;
export const UOP_LENGTH = 30;
export const UOP_FLAGS = 31;

export const UOP_LOCKED = 1; // the instruction carries a LOCK prefix
/** The branch target must be checked against the CS limit (legacy and compatibility mode). */
export const UOP_CHECK_LIMIT = 2;
export const UOP_IMMEDIATE_32 = 4; // imm is the last four bytes of the instruction, sign-extended

/** Register slots beside the sixteen general-purpose registers (RAX RCX RDX RBX RSP RBP RSI RDI R8 … R15 = 0 … 15). */
export const SLOT_ZERO = 16; // reads as zero: a memory operand without base or index
export const SLOT_T0 = 17; // eight temporaries, T0 to T7: no meaning across instructions
export const SLOT_COUNT = 32;

/** Vector register slots (at VECTOR_REGISTERS): XMM0 … XMM15 = 0 … 15, room for sixteen more, then temporaries V0 to V3. */
export const SLOT_V0 = 32;
export const VECTOR_SLOT_COUNT = 36;

/** Segment numbers, as in the SDM's sreg field. */
export enum Segment {
  ES = 0,
  CS = 1,
  SS = 2,
  DS = 3,
  FS = 4,
  GS = 5,
  /** LDTR and TR are kept in the same table of segment caches. */
  LDTR = 6,
  TR = 7,
}

/** Condition codes, as the low four bits of Jcc/SETcc/CMOVcc opcodes. */
// prettier-ignore
export enum Condition { O = 0, NO = 1, B = 2, AE = 3, E = 4, NE = 5, BE = 6, A = 7, S = 8, NS = 9, P = 10, NP = 11, L = 12, GE = 13, LE = 14, G = 15 }

// prettier-ignore
export enum Op {
  /** Leaves the block: planted by the core to stop before an instruction (budget, modified code). Never decoded. */
  Stop,
  Nop, // of a prefetch: its effective address in a (0: of none), segment imm bits 0-7

  // ── data transfer ────────────────────────────────────────────────────────────────────────────────────────────
  /** dst ← a */
  Mov8, Mov16, Mov32, Mov64,
  /** dst ← zero-extended a; the 32-bit forms fill all 64 bits */
  MovZx8To16, MovZx8To32, MovZx16To32,
  /** dst ← sign-extended a */
  MovSx8To16, MovSx8To32, MovSx8To64, MovSx16To32, MovSx16To64, MovSx32To64,
  /** dst (all 64 bits) ← (a + (b << scale) + imm), truncated to the address size and zero-extended */
  Ea16, Ea32, Ea64,
  /** if condition `extra`: dst ← a. CMOV r32 clears the upper half in either case. */
  Cmov16, Cmov32, Cmov64,
  /** dst ← condition `extra` ? 1 : 0 */
  Setcc8,
  /** dst ↔ a (both register slots) */
  Xchg8, Xchg16, Xchg32, Xchg64,
  Bswap32, Bswap64, // dst ← a with its bytes reversed
  /** dst ← every bit the sign bit of a (CWD, CDQ, CQO) */
  SignFill16, SignFill32, SignFill64,

  // ── binary arithmetic and logic: dst ← a op b, flags ─────────────────────────────────────────────────────────
  Add8, Add16, Add32, Add64,
  Or8, Or16, Or32, Or64,
  Adc8, Adc16, Adc32, Adc64,
  Sbb8, Sbb16, Sbb32, Sbb64,
  And8, And16, And32, And64,
  Sub8, Sub16, Sub32, Sub64,
  Xor8, Xor16, Xor32, Xor64,
  /** flags of a - b; no destination */
  Cmp8, Cmp16, Cmp32, Cmp64,
  /** flags of a & b; no destination */
  Test8, Test16, Test32, Test64,
  /** dst ← a ± 1, CF kept */
  Inc8, Inc16, Inc32, Inc64,
  Dec8, Dec16, Dec32, Dec64,
  /** dst ← -a, flags of 0 - a */
  Neg8, Neg16, Neg32, Neg64,
  /** dst ← ~a, no flags */
  Not8, Not16, Not32, Not64,

  // ── shift and rotate: dst ← a shifted by the byte at b (masked as the SDM says) ──────────────────────────────
  Rol8, Rol16, Rol32, Rol64,
  Ror8, Ror16, Ror32, Ror64,
  Rcl8, Rcl16, Rcl32, Rcl64,
  Rcr8, Rcr16, Rcr32, Rcr64,
  Shl8, Shl16, Shl32, Shl64,
  Shr8, Shr16, Shr32, Shr64,
  Sar8, Sar16, Sar32, Sar64,
  /** dst ← a shifted, filled from b, by the byte at address `extra` */
  Shld16, Shld32, Shld64,
  Shrd16, Shrd32, Shrd64,

  // ── multiply and divide ──────────────────────────────────────────────────────────────────────────────────────
  /** RDX:RAX (AX for 8 bits) ← RAX * a */
  Mul8, Mul16, Mul32, Mul64,
  Imul8, Imul16, Imul32, Imul64,
  /** dst ← a * b, signed, truncated; CF = OF = the product did not fit */
  ImulTwo16, ImulTwo32, ImulTwo64,
  /** RAX, RDX ← quotient, remainder of RDX:RAX / a; #DE */
  Div8, Div16, Div32, Div64,
  Idiv8, Idiv16, Idiv32, Idiv64,

  // ── bit and byte ─────────────────────────────────────────────────────────────────────────────────────────────
  /** CF ← bit (b mod width) of a */
  Bt16, Bt32, Bt64,
  /** the same, and dst ← a with that bit set, cleared, complemented */
  Bts16, Bts32, Bts64,
  Btr16, Btr32, Btr64,
  Btc16, Btc32, Btc64,
  /** dst (all 64 bits) ← a + (signed b >> log2 width) * width in bytes: the address of the addressed unit of a bit string */
  BitStringAddress16, BitStringAddress32, BitStringAddress64,
  /** dst ← index of the lowest / highest set bit of a; ZF = (a == 0), and then dst is kept */
  Bsf16, Bsf32, Bsf64,
  Bsr16, Bsr32, Bsr64,
  Tzcnt16, Tzcnt32, Tzcnt64,
  Lzcnt16, Lzcnt32, Lzcnt64,
  Popcnt16, Popcnt32, Popcnt64,
  /** dst ← ~a & b */
  Andn32, Andn64,
  /** dst ← field of a, described by b */
  Bextr32, Bextr64,
  Blsi32, Blsi64,
  Blsmsk32, Blsmsk64,
  Blsr32, Blsr64,
  Bzhi32, Bzhi64,
  Pdep32, Pdep64,
  Pext32, Pext64,
  /** dst ← high half, slot at `extra` ← low half of RDX * a (the low half is written first); no flags */
  Mulx32, Mulx64,
  /** dst ← a shifted/rotated by b, no flags */
  Rorx32, Rorx64,
  Sarx32, Sarx64,
  Shlx32, Shlx64,
  Shrx32, Shrx64,
  /** dst ← a + b + CF (ADCX: only CF changes) or + OF (ADOX: only OF changes) */
  Adcx32, Adcx64,
  Adox32, Adox64,
  /** dst (32 bits, zero-extended to 64) ← CRC32C of dst with the data at a, of that width */
  Crc32With8, Crc32With16, Crc32With32, Crc32With64,
  /** compares the accumulator with a (flags of accumulator - a); equal: dst ← b; else accumulator ← a, dst is kept */
  CmpXchg8, CmpXchg16, CmpXchg32, CmpXchg64,

  // ── flag control ─────────────────────────────────────────────────────────────────────────────────────────────
  Clc, Stc, Cmc, Cld, Std, Lahf, Sahf, Salc,

  // ── memory, 64-bit mode without FS/GS and with 64-bit addresses: EA = a + (b << scale) + imm ─────────────────
  /** dst ← memory */
  Load8, Load16, Load32, Load64,
  LoadZx8To32, LoadZx16To32,
  LoadSx8To32, LoadSx8To64, LoadSx16To32, LoadSx16To64, LoadSx32To64,
  /** the same as Load, and faults where a store to the same bytes would: the store that follows cannot fault */
  LoadForStore8, LoadForStore16, LoadForStore32, LoadForStore64,
  /** memory ← the operand at `dst` */
  Store8, Store16, Store32, Store64,
  /** the same for 128 bits; Aligned: #GP(0) unless the address is a multiple of 16 */
  Load128, LoadAligned128,
  Store128, StoreAligned128,
  /** 256 bits; Aligned: of 32 */
  Load256, LoadAligned256,
  Store256, StoreAligned256,

  // ── memory, every other case: segment `extra`, effective address in the slot a ───────────────────────────────
  LoadSegment8, LoadSegment16, LoadSegment32, LoadSegment64,
  LoadSegmentForStore8, LoadSegmentForStore16, LoadSegmentForStore32, LoadSegmentForStore64,
  /** segment:[a] ← the operand at `dst` */
  StoreSegment8, StoreSegment16, StoreSegment32, StoreSegment64,
  LoadSegment128, LoadSegmentAligned128,
  StoreSegment128, StoreSegmentAligned128,
  LoadSegment256, LoadSegmentAligned256,
  StoreSegment256, StoreSegmentAligned256,

  // ── stack ────────────────────────────────────────────────────────────────────────────────────────────────────
  /** push a / pop to dst, in 64-bit mode with 64-bit operand size */
  Push64Flat, Pop64Flat,
  /** every mode and operand size; the stack's address size is taken from the mode and SS */
  Push16, Push32, Push64,
  Pop16, Pop32, Pop64,
  /** dst ← top of stack, the stack pointer stays */
  Peek16, Peek32, Peek64,
  /** stack pointer += imm */
  Drop,

  // ── control transfer (always the last micro-op of a block) ───────────────────────────────────────────────────
  /** RIP ← imm */
  Jmp,
  /** if condition `extra`: RIP ← imm, else the next instruction */
  Jcc,
  /** RIP ← a (zero-extended by the recipe); #GP(0) when not canonical or beyond the CS limit */
  JmpIndirect,
  /** 64-bit mode: push the next instruction's RIP, RIP ← imm */
  CallFlat,
  /** 64-bit mode: push the next instruction's RIP, RIP ← a */
  CallIndirectFlat,
  /** 64-bit mode: RIP ← pop; RSP += imm */
  RetFlat,
  /** any mode; operand size `extra` in bits (16, 32, 64) */
  CallNear, // RIP ← imm
  CallIndirectNear, // RIP ← a
  RetNear, // RSP += imm after the pop
  /** Count register of `extra` bits (address size) decremented; LOOP, LOOPE, LOOPNE: RIP ← imm when it is not 0 (and ZF = 1, 0) */
  Loop, Loope, Loopne,
  /** RIP ← imm when the count register of `extra` bits is 0 */
  Jcxz,
  /** falls through to the next instruction, whose index and start it has: the block got long, or the page ends */
  EndBlock,

  // ── everything else ──────────────────────────────────────────────────────────────────────────────────────────
  /** exception imm (vector) with error code `extra`; UOP flags as ever */
  Raise,
  /** a form of the SDM that has no recipe here: stops the run with bytes, address and mode */
  Unimplemented,
  /** microcode door `extra` (a `Door`), operands dst, a, b, imm as the door says */
  Microcode,
  /** as Microcode, and the block ends here: the door may change RIP, the mode, the translation or the interrupt flag */
  MicrocodeEnd,

  // ── vectors: operands are vector slots of which 128 bits count, unless said otherwise ────────────────────────
  // Some take their width from `extra`: 256, else 128.
  /** #UD or #NM unless SSE (MMX, AVX) instructions are enabled; the decoder puts it before a block's first one */
  RequireSse, RequireMmx, RequireAvx,
  /** dst (an MMX register) ← low 64 bits of a, exponent FFFFh; x87 TOP becomes 0, every register is in use */
  MmxResult,
  /** only the latter two: an MMX instruction without such a result; every register is empty */
  MmxState, Emms,
  /** dst ← a */
  Mov128,
  /** dst ← elements of memory by the vector of indices b, mask at `extra`; see core/vectors/gather.ts for imm. Effective address in a */
  Gather,
  /** dst bits 255-128 ← 0; of all registers; all bits of all registers */
  ZeroUpper, Vzeroupper, Vzeroall,
  /** dst bits 31-0 ← a, its other bits stay */
  MovLow32,
  /** dst ← zero-extended a (any slot) */
  MovZx32To128, MovZx64To128,
  /** dst (a general-purpose slot, 64 bits) ← sign bits of a's elements; width in `extra` */
  Movmskps, Movmskpd, Pmovmskb,
  /** dst (a general-purpose slot, 64 bits) ← element imm of a */
  Pextrb, Pextrw, Pextrd, Pextrq,
  /** dst ← a with element imm from b (a general-purpose slot) */
  Pinsrb, Pinsrw, Pinsrd, Pinsrq,
  PinsrwMmx, // of four words
  /** ZF ← (b & a) == 0, CF ← (b & ~a) == 0; the same of elements' sign bits. Width in `extra` */
  Ptest, Testps, Testpd,

  // dst ← a op b; the name is the SDM's mnemonic
  Pand, Pandn, Por, Pxor,
  Paddb, Paddw, Paddd, Paddq, Paddsb, Paddsw, Paddusb, Paddusw,
  Psubb, Psubw, Psubd, Psubq, Psubsb, Psubsw, Psubusb, Psubusw,
  Pmullw, Pmulhw, Pmulhuw, Pmuludq, Pmaddwd, Psadbw, Pavgb, Pavgw,
  Pminub, Pminsw, Pmaxub, Pmaxsw,
  Pcmpeqb, Pcmpeqw, Pcmpeqd, Pcmpgtb, Pcmpgtw, Pcmpgtd,
  Packsswb, Packssdw, Packuswb,
  Punpcklbw, Punpcklwd, Punpckldq, Punpcklqdq,
  Punpckhbw, Punpckhwd, Punpckhdq, Punpckhqdq,
  /** count: the low 64 bits of b (the imm of a micro-op included) */
  Psllw, Pslld, Psllq, Psrlw, Psrld, Psrlq, Psraw, Psrad, Pslldq, Psrldq,
  Pshufb, Phaddw, Phaddd, Phaddsw, Phsubw, Phsubd, Phsubsw,
  Psignb, Psignw, Psignd, Pmulhrsw, Pmaddubsw,
  Pmuldq, Pmulld, Pcmpeqq, Pcmpgtq, Packusdw,
  Pminsb, Pminsd, Pminuw, Pminud, Pmaxsb, Pmaxsd, Pmaxuw, Pmaxud,
  /** each element by its own count; elements of a that b's elements name */
  Psllvd, Psllvq, Psrlvd, Psrlvq, Psravd, Permilps, Permilpd,
  // dst ← op a
  Pabsb, Pabsw, Pabsd, Phminposuw, Movddup, Movsldup, Movshdup,
  Pmovsxbw, Pmovsxbd, Pmovsxbq, Pmovsxwd, Pmovsxwq, Pmovsxdq,
  Pmovzxbw, Pmovzxbd, Pmovzxbq, Pmovzxwd, Pmovzxwq, Pmovzxdq,
  /** a's lowest element everywhere */
  Broadcastb, Broadcastw, Broadcastd, Broadcastq,
  // dst ← op a by imm
  Pshufd, Pshufhw, Pshuflw,
  // dst ← a op b by imm
  Shufps, Shufpd, Palignr, Blendps, Blendpd, Pblendw, Mpsadbw, Insertps,
  /** dst ← elements of b where the sign bit at the vector `extra` says so, else of a */
  Pblendvb, Blendvps, Blendvpd,
  // 256 bits: dst ← the half of a that imm names; a with that half from b; halves of a and b, quadwords of a by imm;
  // doublewords of b that a's elements name
  Extract128, Insert128, Perm2x128, Permq, Permd,

  // ── floating point: MXCSR's flags, #XM. dst ← a op b; ss, sd: the low element, with a's others; width in `extra` ──
  Addps, Addpd, Addss, Addsd,
  Subps, Subpd, Subss, Subsd,
  Mulps, Mulpd, Mulss, Mulsd,
  Divps, Divpd, Divss, Divsd,
  Minps, Minpd, Minss, Minsd,
  Maxps, Maxpd, Maxss, Maxsd,
  /** op b */
  Sqrtps, Sqrtpd, Sqrtss, Sqrtsd,
  /** by predicate imm, of three bits; of five where bit 8 is set */
  Cmpps, Cmppd, Cmpss, Cmpsd,
  Addsubps, Addsubpd, Haddps, Haddpd, Hsubps, Hsubpd,
  /** op b by imm */
  Roundps, Roundpd, Roundss, Roundsd,
  Dpps, Dppd,
  /** op b, no flags and no exceptions */
  Rcpps, Rcpss, Rsqrtps, Rsqrtss,
  /** flags ← a compared with b */
  Ucomiss, Ucomisd, Comiss, Comisd,
  /** dst ← converted b; ss, sd: the low element, with a's others */
  Cvtps2pd, Cvtpd2ps, Cvtss2sd, Cvtsd2ss,
  Cvtdq2ps, Cvtdq2pd, Cvtps2dq, Cvttps2dq, Cvtpd2dq, Cvttpd2dq,
  /** b is a general-purpose slot of that width */
  Cvtsi2ss32, Cvtsi2ss64, Cvtsi2sd32, Cvtsi2sd64,
  /** dst (a general-purpose slot, zero-extended from that width) ← converted b */
  Cvtss2si32, Cvtss2si64, Cvtsd2si32, Cvtsd2si64,
  Cvttss2si32, Cvttss2si64, Cvttsd2si32, Cvttsd2si64,
  /**
   * half precision: dst ← converted b, by rounding control imm; `extra`: the width of the single-precision vector. imm bit 8:
   * MXCSR's flags are not set unless an exception is raised
   */
  Cvtph2ps, Cvtps2ph,
  /** dst ← ±(a × b) ± c, rounded once; c at `extra`, width in imm; ss, sd: with dst's others */
  Fmaddps, Fmaddpd, Fmaddss, Fmaddsd,
  Fmsubps, Fmsubpd, Fmsubss, Fmsubsd,
  Fnmaddps, Fnmaddpd, Fnmaddss, Fnmaddsd,
  Fnmsubps, Fnmsubpd, Fnmsubss, Fnmsubsd,
  /** even elements - c, odd ones + c; the other way round */
  Fmaddsubps, Fmaddsubpd, Fmsubaddps, Fmsubaddpd,

  // ── ciphers and strings: dst ← a op b, by imm where there is one ────────────────────────────────────────────
  Aesenc, Aesenclast, Aesdec, Aesdeclast,
  /** op a */
  Aesimc, Aeskeygenassist,
  Pclmulqdq,
  Sha1rnds4, Sha1nexte, Sha1msg1, Sha1msg2, Sha256rnds2, Sha256msg1, Sha256msg2,
  /** dst (XMM0, RCX) ← mask, index of what is found in b; imm bit 8: lengths in RAX and RDX, not EAX and EDX */
  Pcmpestrm, Pcmpistrm, Pcmpestri, Pcmpistri,

  Count,
}

/**
 * Micro-ops that the core puts in the place of the decoder's (core/specialisation.ts), so that executing them needs no second
 * decision. Continues the numbers of `Op`. Jcc by condition, without a check of the CS limit; O, NO, P and NP are too rare.
 */
export enum SpecialOp {
  JccB = Op.Count,
  JccAE,
  JccE,
  JccNE,
  JccBE,
  JccA,
  JccS,
  JccNS,
  JccL,
  JccGE,
  JccLE,
  JccG,
  /** Jmp without a check of the CS limit. */
  JmpFlat,
}

/**
 * Microcode doors: instructions too complicated for a recipe. Each is one function of the core.
 * `ea`: a memory operand is given as segment number (imm bits 0-7) and effective address (slot at a).
 * `w`: operand size in bits. Doors marked END are reached by MicrocodeEnd (the list is in door-properties.ts).
 * A door that writes a temporary as dst (T1) fills its 64 bits, zero-extended; the recipe takes from it what it needs.
 * The offset (a) and selector (b) of a far transfer are zero-extended in their slots.
 */
// prettier-ignore
export enum Door {
  /** String instructions. imm: bits 0-3 StringKind, 4-5 log2 of element bytes, 6-7 rep (0 none, 1 REP/REPE, 2 REPNE), 8-10 source segment, 12-13 log2(address size / 16). END when repeated (interruptible) */
  String,
  Cpuid, Rdtsc, Rdtscp, Rdpmc, // Rdtsc, Rdtscp: END
  Rdmsr, Wrmsr, // Wrmsr: END
  /** dst ← port; port number in a (16 bits), w = extra... imm = w. END */
  In,
  /** port a ← b; imm = w. END */
  Out,
  Hlt, // END
  Cli, Sti, // END
  /** push RFLAGS image of imm = w; pop (END) */
  Pushf, Popf,
  /** INT imm (vector), INT3, INTO, INT1: END */
  Int, Int3, Into, Int1,
  /** imm = w. END */
  Iret,
  /** Far transfers, END. Selector in b, offset in a, imm = w */
  JmpFar, CallFar,
  /** imm: bits 0-15 = w, bits 16-31 = bytes to drop. END */
  RetFar,
  /** segment register dst-number imm ← selector at a; END (SS: interrupt shadow) */
  LoadSegmentRegister,
  /** dst ← selector of segment register imm (no fault) */
  StoreSegmentRegister,
  /** pop segment register: imm bits 0-7 number, bits 8-15 = w. END */
  PopSegmentRegister,
  /** LDS LES LSS LFS LGS: segment register imm bits 8-15, ea in a with segment imm bits 0-7, w = imm bits 16-23, dst. END */
  LoadFarPointer,
  /** ea; w = imm bits 16-23 (operand size). Lgdt, Lidt: END */
  Lgdt, Lidt, Sgdt, Sidt,
  /** selector at a; END */
  Lldt, Ltr,
  /** dst ← selector; the recipe writes it */
  Sldt, Str,
  /** dst ← CR0 low word; Lmsw: a (END) */
  Smsw, Lmsw,
  /** MOV r, CRimm → dst; MOV CRimm, r ← a (END) */
  ReadControlRegister, WriteControlRegister,
  ReadDebugRegister, WriteDebugRegister,
  Clts, // END
  /** ea; END */
  Invlpg,
  /** ea = descriptor, type in the slot b; END */
  Invpcid,
  Invd, Wbinvd, // END
  Syscall, Sysret, Sysenter, Sysexit, // imm = w of Sysret/Sysexit; END
  Swapgs, // END
  /** RDFSBASE … WRGSBASE: segment imm bits 0-7, w = bits 16-23; dst / a */
  ReadSegmentBase, WriteSegmentBase,
  /** imm: bits 0-15 frame bytes, 16-23 nesting level, 24-31 = w */
  Enter,
  /** imm = w */
  Leave,
  /** ea; imm bits 16-23: 64 or 128 = bits compared */
  CmpXchgDouble,
  /** AL ← DS:[rBX + AL]: segment imm bits 0-7, address size bits imm 16-23 */
  Xlat,
  Aaa, Aas, Daa, Das,
  /** imm = base */
  Aam, Aad,
  Pusha, Popa, // imm = w
  /** ea, w = imm bits 16-23, index register value in b */
  Bound,
  /** ARPL: dst ← a with RPL raised to b's */
  Arpl,
  /** dst ← access rights / limit of selector at a, ZF; w = imm */
  Lar, Lsl,
  /** selector at a; ZF */
  Verr, Verw,
  Pause, Mfence, Lfence, Sfence,
  Xgetbv, Xsetbv, // END
  Clac, Stac, // END
  /** #GP(0) above CPL 0: for instructions that check their privilege before they read an operand in memory */
  RequireCpl0,
  Monitor, Mwait,
  Rdrand, Rdseed, // imm = w; not offered by CPUID: #UD
  /** every x87 instruction; imm as isa/x87.ts says, effective address of a memory operand in a */
  X87,
  /** ea; imm bit 16: 64-bit form */
  Fxsave, Fxrstor,
  /** LDMXCSR a / STMXCSR dst */
  Ldmxcsr, Stmxcsr,
  /** MASKMOVDQU: ea in T7 (segment imm bits 0-7), source vector in dst, mask in b */
  MaskMove,
  /** CLFLUSH, CLFLUSHOPT, CLWB on an effective address */
  Clflush,
  Rsm, Getsec,
  /** VMASKMOVx: elements whose sign bit in b is set: dst ← ea, others 0; ea ← dst. imm bit 8: quadwords, 9: 256 bits */
  MaskedLoad, MaskedStore,
  /** ea; the state components that EDX:EAX asks for */
  Xsave, Xsaveopt, Xsavec, Xsaves, Xrstor, Xrstors,
  Count,
}

export enum StringKind {
  Movs = 0,
  Cmps = 1,
  Stos = 2,
  Lods = 3,
  Scas = 4,
  Ins = 5,
  Outs = 6,
}
