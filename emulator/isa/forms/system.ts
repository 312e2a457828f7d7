/** System instructions. Source: SDM Vol. 1, "System Instructions", "64-Bit Mode Instructions", "Safer Mode Extensions", "VMX". */
import { type FormDefinition, forms } from '../form.js';
import {
  door,
  doorOnAddress,
  doorUop,
  moveTo,
  recipe,
  recipeWithMemory,
  undefinedOpcode,
} from '../recipe-builders.js';
import type { ImmediateRule, Recipe, RecipeContext } from '../recipe.js';
import { Door, Op, Segment } from '../uop.js';

/** The operand size, where the door expects it in imm bits 16-23. */
const sizeInImm = (c: RecipeContext): ImmediateRule => ({ constant: c.size << 16 });

/** SLDT, STR, SMSW: the door fills a temporary; memory gets 16 bits. */
function storeSystemRegister(name: Door.Sldt | Door.Str | Door.Smsw): Recipe {
  return recipe('w', (c) => [doorUop(name, { dst: 'T1' }), moveTo(c, 'o0', 'T1')]);
}

/** VERR, VERW: a selector as source. */
function withSource(name: Door.Verr | Door.Verw): Recipe {
  return recipe('r', () => [doorUop(name, { a: 'o0' })]);
}

/** LLDT, LTR, LMSW: likewise (or a machine status word); the privilege is checked before memory is read. */
function privilegedWithSource(name: Door.Lldt | Door.Ltr | Door.Lmsw): Recipe {
  return recipeWithMemory(
    'r',
    () => [doorUop(name, { a: 'o0' })],
    () => [doorUop(Door.RequireCpl0), { op: Op.Load16, dst: 'T0' }, doorUop(name, { a: 'T0' })],
  );
}

/** LAR, LSL: the destination changes only if the segment is accessible. */
function describeSegment(name: Door.Lar | Door.Lsl): Recipe {
  return recipe('rw r', (c) => [doorUop(name, { dst: 'o0', a: 'o1', imm: c.width })]);
}

const adjustRpl = recipe('rw r', () => [doorUop(Door.Arpl, { dst: 'o0', a: 'o0', b: 'o1' })]);

function readRegister(name: Door.ReadControlRegister | Door.ReadDebugRegister): Recipe {
  return recipe('w r', () => [doorUop(name, { dst: 'o0', imm: { registerNumber: true } })]);
}

/** Outside 64-bit mode the source is 32 bits wide. */
function writeRegister(name: Door.WriteControlRegister | Door.WriteDebugRegister): Recipe {
  const imm = { registerNumber: true };
  return recipe('w r', (c) =>
    c.operands[1]?.bits === 64
      ? [doorUop(name, { a: 'o1', imm })]
      : [{ op: Op.Mov32, dst: 'T1', a: 'o1' }, doorUop(name, { a: 'T1', imm })],
  );
}

function readBase(segment: Segment): Recipe {
  return recipe('w', (c) => [
    doorUop(Door.ReadSegmentBase, { dst: 'o0', imm: segment | (c.width << 16) }),
  ]);
}

function writeBase(segment: Segment): Recipe {
  return recipe('r', (c) => [
    doorUop(Door.WriteSegmentBase, { a: 'o0', imm: segment | (c.width << 16) }),
  ]);
}

const invalidatePcid = doorOnAddress(Door.Invpcid, 'r r', () => ({}), { b: 'o0' });
const returnTo = (name: Door.Sysret | Door.Sysexit): Recipe =>
  door(name, (c) => (c.size === 64 ? 64 : 32));

const PROTECTED = { protectedOnly: true };

/** A table register: 6 bytes, in 64-bit mode 10. */
function tableRegister(
  name: Door.Lgdt | Door.Lidt | Door.Sgdt | Door.Sidt,
  line: string,
): FormDefinition[] {
  const access = name === Door.Lgdt || name === Door.Lidt ? 'r' : 'w';
  const recipeOfTable = doorOnAddress(name, access, sizeInImm);
  return forms({ recipe: recipeOfTable, size: 'any', in64: 'forced 64' }, line);
}

export const SYSTEM: readonly FormDefinition[] = [
  ...tableRegister(Door.Lgdt, '0F 01 /2 | LGDT m16&32 | N.E. V\n0F 01 /2 | LGDT m16&64 | V N.E.'),
  ...tableRegister(Door.Lidt, '0F 01 /3 | LIDT m16&32 | N.E. V\n0F 01 /3 | LIDT m16&64 | V N.E.'),
  ...tableRegister(Door.Sgdt, '0F 01 /0 | SGDT m'),
  ...tableRegister(Door.Sidt, '0F 01 /1 | SIDT m'),
  ...forms(
    { recipe: privilegedWithSource(Door.Lldt), size: 'none', ...PROTECTED },
    '0F 00 /2 | LLDT r/m16',
  ),
  ...forms(
    { recipe: privilegedWithSource(Door.Ltr), size: 'none', ...PROTECTED },
    '0F 00 /3 | LTR r/m16',
  ),
  ...forms(
    { recipe: storeSystemRegister(Door.Sldt), ...PROTECTED },
    `
    0F 00 /0         | SLDT r/m16
    0F 00 /0         | SLDT r32/m16
    REX.W + 0F 00 /0 | SLDT r64/m16
    `,
  ),
  ...forms(
    { recipe: storeSystemRegister(Door.Str), ...PROTECTED },
    `
    0F 00 /1         | STR r/m16
    0F 00 /1         | STR r32/m16
    REX.W + 0F 00 /1 | STR r64/m16
    `,
  ),
  ...forms(
    { recipe: storeSystemRegister(Door.Smsw) },
    `
    0F 01 /4         | SMSW r/m16
    0F 01 /4         | SMSW r32/m16
    REX.W + 0F 01 /4 | SMSW r64/m16
    `,
  ),
  ...forms({ recipe: privilegedWithSource(Door.Lmsw), size: 'none' }, '0F 01 /6 | LMSW r/m16'),
  ...forms(
    { recipe: adjustRpl, size: 'none', flags: { writes: 'ZF' }, ...PROTECTED },
    '63 /r | ARPL r/m16, r16 | N.E. V',
  ),
  ...forms(
    { recipe: describeSegment(Door.Lar), flags: { writes: 'ZF' }, ...PROTECTED },
    `
    0F 02 /r         | LAR r16, r/m16
    0F 02 /r         | LAR r32, r32/m16
    REX.W + 0F 02 /r | LAR r64, r64/m16
    `,
  ),
  ...forms(
    { recipe: describeSegment(Door.Lsl), flags: { writes: 'ZF' }, ...PROTECTED },
    `
    0F 03 /r         | LSL r16, r/m16
    0F 03 /r         | LSL r32, r32/m16
    REX.W + 0F 03 /r | LSL r64, r64/m16
    `,
  ),
  ...forms(
    { recipe: withSource(Door.Verr), size: 'none', flags: { writes: 'ZF' }, ...PROTECTED },
    '0F 00 /4 | VERR r/m16',
  ),
  ...forms(
    { recipe: withSource(Door.Verw), size: 'none', flags: { writes: 'ZF' }, ...PROTECTED },
    '0F 00 /5 | VERW r/m16',
  ),
  ...forms(
    { recipe: readRegister(Door.ReadControlRegister), size: 'none', modIgnored: true },
    `
    0F 20 /r | MOV r32, CR | N.E. V
    0F 20 /r | MOV r64, CR | V N.E.
    `,
  ),
  ...forms(
    { recipe: writeRegister(Door.WriteControlRegister), size: 'none', modIgnored: true },
    `
    0F 22 /r | MOV CR, r32 | N.E. V
    0F 22 /r | MOV CR, r64 | V N.E.
    `,
  ),
  ...forms(
    { recipe: readRegister(Door.ReadDebugRegister), size: 'none', modIgnored: true },
    `
    0F 21 /r | MOV r32, DR | N.E. V
    0F 21 /r | MOV r64, DR | V N.E.
    `,
  ),
  ...forms(
    { recipe: writeRegister(Door.WriteDebugRegister), size: 'none', modIgnored: true },
    `
    0F 23 /r | MOV DR, r32 | N.E. V
    0F 23 /r | MOV DR, r64 | V N.E.
    `,
  ),
  ...forms({ recipe: door(Door.Clts) }, '0F 06 | CLTS'),
  ...forms({ recipe: doorOnAddress(Door.Invlpg, '-') }, '0F 01 /7 | INVLPG m'),
  ...forms(
    { recipe: invalidatePcid, size: 'none', feature: 'INVPCID' },
    `
    66 0F 38 82 /r | INVPCID r32, m128 | N.E. V
    66 0F 38 82 /r | INVPCID r64, m128 | V N.E.
    `,
  ),
  ...forms({ recipe: door(Door.Invd) }, '0F 08 | INVD'),
  ...forms({ recipe: door(Door.Wbinvd) }, '0F 09 | WBINVD'),
  ...forms({ recipe: door(Door.Hlt) }, 'F4 | HLT'),
  ...forms({ recipe: door(Door.Rdmsr), feature: 'MSR' }, '0F 32 | RDMSR'),
  ...forms({ recipe: door(Door.Wrmsr), feature: 'MSR' }, '0F 30 | WRMSR'),
  ...forms({ recipe: door(Door.Rdpmc) }, '0F 33 | RDPMC'),
  ...forms({ recipe: door(Door.Rdtsc), feature: 'TSC' }, '0F 31 | RDTSC'),
  ...forms({ recipe: door(Door.Rdtscp), feature: 'RDTSCP' }, '0F 01 F9 | RDTSCP'),
  ...forms({ recipe: door(Door.Syscall), feature: 'SYSCALL' }, '0F 05 | SYSCALL | V I'),
  ...forms({ recipe: returnTo(Door.Sysret), feature: 'SYSCALL', size: 32 }, '0F 07 | SYSRET | V I'),
  ...forms(
    { recipe: returnTo(Door.Sysret), feature: 'SYSCALL', size: 64 },
    'REX.W + 0F 07 | SYSRETQ | V N.E.',
  ),
  ...forms({ recipe: door(Door.Sysenter), feature: 'SEP' }, '0F 34 | SYSENTER'),
  ...forms({ recipe: returnTo(Door.Sysexit), feature: 'SEP', size: 32 }, '0F 35 | SYSEXIT'),
  ...forms(
    { recipe: returnTo(Door.Sysexit), feature: 'SEP', size: 64 },
    'REX.W + 0F 35 | SYSEXITQ | V N.E.',
  ),
  ...forms({ recipe: door(Door.Swapgs) }, '0F 01 F8 | SWAPGS | V I'),
  ...(
    [
      ['RDFSBASE', readBase(Segment.FS), 0],
      ['RDGSBASE', readBase(Segment.GS), 1],
      ['WRFSBASE', writeBase(Segment.FS), 2],
      ['WRGSBASE', writeBase(Segment.GS), 3],
    ] as const
  ).flatMap(([mnemonic, recipeOfBase, digit]) =>
    forms(
      { recipe: recipeOfBase, feature: 'FSGSBASE' },
      `
      F3 0F AE /${digit}       | ${mnemonic} r32 | V I
      F3 REX.W 0F AE /${digit} | ${mnemonic} r64 | V I
      `,
    ),
  ),
  ...forms(
    { recipe: door(Door.Clac), feature: 'SMAP', flags: { writes: 'AC' } },
    'NP 0F 01 CA | CLAC',
  ),
  ...forms(
    { recipe: door(Door.Stac), feature: 'SMAP', flags: { writes: 'AC' } },
    'NP 0F 01 CB | STAC',
  ),
  ...forms({ recipe: door(Door.Xgetbv), feature: 'XSAVE' }, 'NP 0F 01 D0 | XGETBV'),
  ...forms({ recipe: door(Door.Xsetbv), feature: 'XSAVE' }, 'NP 0F 01 D1 | XSETBV'),
  ...forms({ recipe: door(Door.Monitor), feature: 'MONITOR' }, 'NP 0F 01 C8 | MONITOR'),
  ...forms({ recipe: door(Door.Mwait), feature: 'MONITOR' }, 'NP 0F 01 C9 | MWAIT'),
  ...forms({ recipe: door(Door.Rsm) }, '0F AA | RSM'),
  ...forms({ recipe: door(Door.Getsec), feature: 'SMX' }, 'NP 0F 37 | GETSEC'),
  // Features that CPUID does not report: #UD, as on a processor without them.
  ...forms(
    { recipe: undefinedOpcode(), feature: 'VMX' },
    `
    NP 0F 01 C1 | VMCALL
    NP 0F 01 C2 | VMLAUNCH
    NP 0F 01 C3 | VMRESUME
    NP 0F 01 C4 | VMXOFF
    NP 0F 01 D4 | VMFUNC
    `,
  ),
  ...forms(
    { recipe: undefinedOpcode('- -'), feature: 'VMX', size: 'none' },
    `
    NP 0F 78 /r    | VMREAD r/m32, r32   | N.E. V
    NP 0F 78 /r    | VMREAD r/m64, r64   | V N.E.
    NP 0F 79 /r    | VMWRITE r32, r/m32  | N.E. V
    NP 0F 79 /r    | VMWRITE r64, r/m64  | V N.E.
    NP 0F C7 /6    | VMPTRLD m64
    66 0F C7 /6    | VMCLEAR m64
    F3 0F C7 /6    | VMXON m64
    NP 0F C7 /7    | VMPTRST m64
    66 0F 38 80 /r | INVEPT r32, m128    | N.E. V
    66 0F 38 80 /r | INVEPT r64, m128    | V N.E.
    66 0F 38 81 /r | INVVPID r32, m128   | N.E. V
    66 0F 38 81 /r | INVVPID r64, m128   | V N.E.
    F3 0F C7 /7    | RDPID r32           | N.E. V
    F3 0F C7 /7    | RDPID r64           | V N.E.
    `,
  ),
  ...forms({ recipe: undefinedOpcode(), feature: 'PKU' }, 'NP 0F 01 EE | RDPKRU'),
  ...forms({ recipe: undefinedOpcode(), feature: 'PKU' }, 'NP 0F 01 EF | WRPKRU'),
  ...forms({ recipe: undefinedOpcode(), feature: 'RTM' }, 'NP 0F 01 D5 | XEND'),
  ...forms({ recipe: undefinedOpcode(), feature: 'RTM' }, 'NP 0F 01 D6 | XTEST'),
];
