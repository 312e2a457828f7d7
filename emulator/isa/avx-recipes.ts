/**
 * Recipes of VEX-encoded vector instructions. An operation on integers is written once, for 128 bits: for 256 bits the recipe has it
 * twice, the upper half first, so that an operand that both halves share (a count) is still there. Floating-point operations
 * take their width in `extra`: their exceptions are those of all elements together. A result of 128 bits clears bits 255-128.
 *
 * Source: SDM Vol. 2, the instructions' pages; Vol. 1, "Programming with Intel AVX, FMA, and Intel AVX2".
 */
import { type FormDefinition, formsByLine, mnemonicOf } from './form.js';
import {
  parseAccess,
  type Recipe,
  type RecipeContext,
  type RecipeUop,
  type Role,
  sized,
  withRoles,
} from './recipe.js';
import { doorUop, plain } from './recipe-builders.js';
import { Door, Op } from './uop.js';
import { opOf } from './vector-recipes.js';

/** What a maker is told of a line. */
interface Line {
  /** The mnemonic of SSE: without V. */
  readonly name: string;
  readonly syntax: string;
  /** Vectors of 256 bits. */
  readonly wide: boolean;
}

type Uops = readonly RecipeUop[];

const STATUS = 'OF SF ZF AF PF CF';
const FLAG_WRITERS = /^V(U?COMIS[SD]|PTEST|TESTP[SD]|PCMP[EI]STR[IM](64)?)$/;

const zeroUpper = (dst: Role): RecipeUop => ({ op: Op.ZeroUpper, dst });
const imm8 = (operand: number, shift?: -2 | -3 | -4) =>
  ({ values: [{ operand, bits: 8, ...(shift === undefined ? {} : { shift }) }] }) as const;
const width = (wide: boolean): { readonly extra?: number } => (wide ? { extra: 256 } : {});
/** Behind what writes 128 bits. */
const ending = (wide: boolean): Uops => (wide ? [] : [zeroUpper('o0')]);

function made(
  access: string,
  uops: (context: RecipeContext) => Uops,
  memoryUops?: (context: RecipeContext) => Uops,
): Recipe {
  const recipe = { access: parseAccess(access), uops, unaligned: true };
  return memoryUops === undefined ? recipe : { ...recipe, memoryUops };
}

function upperRole(role: Role): Role {
  return /^(o\d|V\d)$/.test(role) ? `${role as 'o0'}.upper` : role;
}

/** The micro-op on bits 255-128, but for the roles in `shared`. */
function onUpper(uop: RecipeUop, shared: readonly Role[] = []): RecipeUop {
  return withRoles(uop, (role) => (shared.includes(role) ? role : upperRole(role)));
}

/** The micro-op on each 128 bits. */
function onLanes(wide: boolean, uop: RecipeUop, upper = onUpper(uop)): Uops {
  return wide ? [upper, uop] : [uop, zeroUpper(uop.dst ?? 'o0')];
}

// ── computations ────────────────────────────────────────────────────────────────────────────────────────────────

/** dst ← a op b, by imm8 where there is one; each half takes its own bits of some. */
function packed({ name, syntax, wide }: Line): Recipe {
  const op = opOf(name);
  const byImmediate = syntax.endsWith('imm8');
  const shift = IMMEDIATE_SHIFT[name];
  const uop: RecipeUop = {
    op,
    dst: 'o0',
    a: 'o1',
    b: 'o2',
    ...(byImmediate && { imm: imm8(3) }),
    ...(syntax.endsWith('mm4') && { extra: 'o3' as const }),
  };
  const upper = onUpper(shift === undefined ? uop : { ...uop, imm: imm8(3, shift) });
  return made('w r r r', () => onLanes(wide, uop, upper));
}

/** Where the upper half's bits of imm8 are not the lower half's. */
const IMMEDIATE_SHIFT: Readonly<Record<string, -2 | -3 | -4>> = {
  BLENDPS: -4,
  PBLENDD: -4,
  BLENDPD: -2,
  SHUFPD: -2,
  MPSADBW: -3,
};

/** dst ← op a, by imm8 where there is one. */
function packedFrom({ name, syntax, wide }: Line): Recipe {
  const imm = syntax.endsWith('imm8') ? { imm: imm8(2) } : {};
  return made('w r r', () => onLanes(wide, { op: opOf(name), dst: 'o0', a: 'o1', ...imm }));
}

/** Shifts of elements: the count is the whole second operand, or imm8. */
function shift({ name, wide }: Line): Recipe {
  const uop: RecipeUop = { op: opOf(name), dst: 'o0', a: 'o1', b: 'o2' };
  return made('w r r', () => onLanes(wide, uop, onUpper(uop, ['o2'])));
}

function floating({ name, syntax, wide }: Line): Recipe {
  const all = name.startsWith('CMP') ? { constant: 0x100 } : {};
  const imm = syntax.endsWith('imm8') ? { imm: { ...imm8(3), ...all } } : {};
  return made('w r r r', () => [
    { op: opOf(name), dst: 'o0', a: 'o1', b: 'o2', ...imm, ...width(wide) },
    ...ending(wide),
  ]);
}

/** Square roots, conversions and others of one operand; from 256 bits to 128 the upper half is zero as well. */
function floatingFrom({ name, syntax, wide }: Line): Recipe {
  const imm = syntax.endsWith('imm8') ? { imm: imm8(2) } : {};
  return made('w r r', () => [
    { op: opOf(name), dst: 'o0', a: 'o1', b: 'o1', ...imm, ...width(wide) },
    ...ending(wide),
  ]);
}

function fromRegister({ name }: Line): Recipe {
  return made('w r r', (c) => [
    { op: opOf(name + String(c.operands[2]?.bits)), dst: 'o0', a: 'o1', b: 'o2' },
    zeroUpper('o0'),
  ]);
}

function toRegister({ name }: Line): Recipe {
  return made('w r', (c) => [{ op: opOf(name + String(c.width)), dst: 'o0', b: 'o1' }]);
}

/** To memory: MXCSR's flags are set behind the store, which may fault. */
function toHalf({ wide }: Line): Recipe {
  const imm = imm8(2);
  const uop: RecipeUop = { op: Op.Cvtps2ph, b: 'o1', ...width(wide) };
  return made(
    'w r r',
    () => [{ ...uop, dst: 'o0', imm }, zeroUpper('o0')],
    () => [
      { ...uop, dst: 'V0', imm: { ...imm, constant: 1 << 8 } },
      { op: wide ? Op.Store128 : Op.Store64, dst: 'V0' },
      { ...uop, dst: 'V0', imm },
    ],
  );
}

function compared({ name, wide }: Line): Recipe {
  return made('r r', () => [{ op: opOf(name), a: 'o0', b: 'o1', ...width(wide) }]);
}

function signMask({ name, wide }: Line): Recipe {
  return made('w r', () => [{ op: opOf(name), dst: 'o0', a: 'o1', ...width(wide) }]);
}

/** The digits say which operands are multiplied (the first two) and which is added: 132, 213, 231. */
function fused({ name, wide }: Line): Recipe {
  const order = /\d+/.exec(name)?.[0] ?? '';
  const [a, b, extra] = [...order].map((digit): Role => `o${Number(digit) - 1}` as 'o0');
  const op = opOf(name.replace(order, ''));
  const operands = { ...(a && { a }), ...(b && { b }), ...(extra && { extra }) };
  return made('rw r r', () => [
    { op, dst: 'o0', ...operands, imm: wide ? 256 : 128 },
    ...ending(wide),
  ]);
}

function stringComparison({ name }: Line): Recipe {
  const op = opOf(name.replace('64', ''));
  const dst = op >= Op.Pcmpestri ? 'RCX' : 'XMM0';
  const imm = { ...imm8(2), constant: name.endsWith('64') ? 1 << 8 : 0 };
  return made('r r r', () => [
    { op, dst, a: 'o0', b: 'o1', imm },
    ...(dst === 'XMM0' ? [zeroUpper(dst)] : []),
  ]);
}

// ── moves ───────────────────────────────────────────────────────────────────────────────────────────────────────

const ALIGNED = /^MOV(AP[SD]|DQA|NTP[SD]|NTDQA?)$/;

/** Whole vectors. */
function move({ name, syntax, wide }: Line): Recipe {
  const family = (kind: 'Load' | 'Store'): Op =>
    sized(ALIGNED.test(name) ? `${kind}Aligned` : kind, wide ? 256 : 128);
  const stores = /^\w+ (\wmm\d\/)?m/.test(syntax);
  return made(
    'w r',
    () => onLanes(wide, { op: Op.Mov128, dst: 'o0', a: 'o1' }),
    () =>
      stores
        ? [{ op: family('Store'), dst: 'o1' }]
        : [{ op: family('Load'), dst: 'o0' }, ...ending(wide)],
  );
}

/** VMOVSS, VMOVSD: from memory zero-extended; of registers the second has the other elements. */
function scalarMove({ name, syntax }: Line): Recipe {
  const single = name === 'MOVSS';
  const memory = (): Uops =>
    / m\d+, /.test(syntax)
      ? [{ op: single ? Op.Store32 : Op.Store64, dst: 'o1' }]
      : [
          { op: single ? Op.Load32 : Op.Load64, dst: 'V0' },
          { op: single ? Op.MovZx32To128 : Op.MovZx64To128, dst: 'o0', a: 'V0' },
          zeroUpper('o0'),
        ];
  if (!syntax.endsWith('xmm3')) return made('w r', memory, memory);
  const op = single ? Op.Blendps : Op.Blendpd;
  return made('w r r', () => [{ op, dst: 'o0', a: 'o1', b: 'o2', imm: 1 }, zeroUpper('o0')]);
}

/** VMOVLPS and its kin: one half from the second source, the other from the first. */
function halfMove({ name, syntax }: Line): Recipe {
  if (name === 'MOVHLPS')
    return made('w r r', () => [
      { op: Op.Punpckhqdq, dst: 'o0', a: 'o2', b: 'o1' },
      zeroUpper('o0'),
    ]);
  if (name === 'MOVLHPS')
    return made('w r r', () => [
      { op: Op.Punpcklqdq, dst: 'o0', a: 'o1', b: 'o2' },
      zeroUpper('o0'),
    ]);
  const low = name.startsWith('MOVLP');
  const memory = (): Uops =>
    / m64,/.test(syntax)
      ? [{ op: Op.Store64, dst: low ? 'o1' : 'o1.high' }]
      : [
          { op: Op.Load64, dst: 'V0' },
          low
            ? { op: Op.Blendpd, dst: 'o0', a: 'o1', b: 'V0', imm: 1 }
            : { op: Op.Punpcklqdq, dst: 'o0', a: 'o1', b: 'V0' },
          zeroUpper('o0'),
        ];
  return made(/ m64,/.test(syntax) ? 'w r' : 'w r r', memory, memory);
}

/** VMOVD, VMOVQ */
function registerMove({ syntax }: Line): Recipe {
  if (/ xmm1\/m64,/.test(syntax))
    return made(
      'w r',
      () => [{ op: Op.MovZx64To128, dst: 'o0', a: 'o1' }, zeroUpper('o0')],
      () => [{ op: Op.Store64, dst: 'o1' }],
    );
  const bits = syntax.includes('64') ? 64 : 32;
  if (/ r\/m/.test(syntax) && !syntax.includes('xmm1, '))
    return made('w r', () => [{ op: sized('Mov', bits), dst: 'o0', a: 'o1' }]);
  const op = bits === 64 ? Op.MovZx64To128 : Op.MovZx32To128;
  return made('w r', () => [{ op, dst: 'o0', a: 'o1' }, zeroUpper('o0')]);
}

const ELEMENT_BITS: Readonly<Record<string, 8 | 16 | 32 | 64>> = {
  B: 8,
  W: 16,
  D: 32,
  Q: 64,
  SS: 32,
  SD: 64,
};

function broadcast({ name, wide }: Line): Recipe {
  const bits = ELEMENT_BITS[name.replace(/^P?BROADCAST/, '')] ?? 0;
  const op = {
    0: Op.Nop,
    8: Op.Broadcastb,
    16: Op.Broadcastw,
    32: Op.Broadcastd,
    64: Op.Broadcastq,
  }[bits];
  const from = (a: Role): Uops => [
    { op, dst: 'o0', a },
    wide ? { op: Op.Mov128, dst: 'o0.upper', a: 'o0' } : zeroUpper('o0'),
  ];
  return made(
    'w r',
    () => from('o1'),
    () => [{ op: sized('Load', bits), dst: 'V0' }, ...from('V0')],
  );
}

function broadcastHalf(): Recipe {
  const memory = (): Uops => [
    { op: Op.Load128, dst: 'o0' },
    { op: Op.Mov128, dst: 'o0.upper', a: 'o0' },
  ];
  return made('w r', memory, memory);
}

/** PMOVSX, PMOVZX: the upper half comes from the source's next bytes. */
function extended({ name, wide }: Line): Recipe {
  const op = opOf(name);
  const bytes = { BW: 8, WD: 8, DQ: 8, BD: 4, WQ: 4, BQ: 2 }[name.slice(-2)] ?? 0;
  const low: RecipeUop = { op, dst: 'o0', a: 'o1' };
  return made('w r', () =>
    wide
      ? [
          { op: Op.Psrldq, dst: 'V1', a: 'o1', b: 'imm', imm: bytes },
          { op, dst: 'o0.upper', a: 'V1' },
          low,
        ]
      : [low, zeroUpper('o0')],
  );
}

/** VPERMILPS, VPERMILPD: by a vector, or by imm8 as PSHUFD and SHUFPD do. */
function permutedInLanes({ name, syntax, wide }: Line): Recipe {
  if (!syntax.endsWith('imm8')) return packed({ name, syntax, wide });
  if (name === 'PERMILPS') return packedFrom({ name: 'PSHUFD', syntax, wide });
  const uop: RecipeUop = { op: Op.Shufpd, dst: 'o0', a: 'o1', b: 'o1', imm: imm8(2) };
  return made('w r r', () => onLanes(wide, uop, onUpper({ ...uop, imm: imm8(2, -2) })));
}

function acrossLanes(op: Op, byImmediate: boolean): Recipe {
  const imm = byImmediate ? { imm: imm8(3) } : {};
  return made('w r r r', () => [{ op, dst: 'o0', a: 'o1', b: 'o2', ...imm }]);
}

function extracted(): Recipe {
  return made('w r r', () => [
    { op: Op.Extract128, dst: 'o0', a: 'o1', imm: imm8(2) },
    zeroUpper('o0'),
  ]);
}

function elementExtracted({ name }: Line): Recipe {
  return made('w r r', () => [{ op: opOf(name), dst: 'o0', a: 'o1', imm: imm8(2) }]);
}

/** A source of INSERTPS in memory is one element, whatever imm8 selects. */
function elementInserted({ name }: Line): Recipe {
  const from = (b: Role): Uops => [
    { op: opOf(name), dst: 'o0', a: 'o1', b, imm: imm8(3) },
    zeroUpper('o0'),
  ];
  const memory = (): Uops => [
    { op: Op.Load32, dst: 'V0' },
    { op: Op.Pshufd, dst: 'V0', a: 'V0', imm: 0 },
    ...from('V0'),
  ];
  return made('w r r r', () => from('o2'), name === 'INSERTPS' ? memory : undefined);
}

// ── memory by masks and indices ─────────────────────────────────────────────────────────────────────────────────

function maskedMove({ name, syntax, wide }: Line): Recipe {
  const constant = (/[DQ]$/.test(name) && !name.endsWith('PMASKMOVD') ? 1 << 8 : 0) | (wide ? 1 << 9 : 0); // prettier-ignore
  const stores = / m\d+,/.test(syntax);
  const uops = (): Uops => [
    { op: Op.Ea64, dst: 'T7' },
    doorUop(stores ? Door.MaskedStore : Door.MaskedLoad, {
      dst: stores ? 'o2' : 'o0',
      a: 'T7',
      b: 'o1',
      imm: { constant, segmentShift: 0 },
    }),
    ...(stores ? [] : ending(wide)),
  ];
  return made('w r r', uops, uops);
}

/** VGATHERDPS: doublewords as indices; VPGATHERQD: quadwords. See core/vectors/gather.ts. */
function gathered({ name, syntax, wide }: Line): Recipe {
  const kind = name.replace(/^P?GATHER/, '');
  const wideIndices = kind.startsWith('Q');
  const wideElements = kind.endsWith('PD') || /[DQ]Q$/.test(kind);
  const bits = wide || syntax.includes('vm64y') ? 256 : 128;
  const count = bits / (wideIndices || wideElements ? 64 : 32);
  const constant = (wideIndices ? 1 << 8 : 0) | (wideElements ? 1 << 9 : 0) | (count << 10);
  const half = count * (wideElements ? 64 : 32) === 64;
  const registers: Role[] = ['o0', 'o2'];
  const uops = (): Uops => [
    { op: Op.Ea64, dst: 'T7' },
    {
      op: Op.Gather,
      dst: 'o0',
      a: 'T7',
      b: 'index',
      extra: 'o2',
      imm: { constant, segmentShift: 0, addressBitsShift: 16, scaleShift: 24 },
    },
    ...(half ? registers.map((dst) => ({ op: Op.MovZx64To128, dst, a: dst })) : []),
    ...(wide ? [] : registers.map(zeroUpper)),
  ];
  return made('rw r rw', uops, uops);
}

function byteMaskMove(): Recipe {
  const imm = { segmentShift: 0, addressBitsShift: 16 };
  return made('r r', () => [doorUop(Door.MaskMove, { dst: 'o0', b: 'o1', imm })]);
}

// ── the list ────────────────────────────────────────────────────────────────────────────────────────────────────

/** The first pattern that fits the mnemonic without V. */
const RECIPES: readonly (readonly [pattern: RegExp, recipe: (line: Line) => Recipe])[] = [
  [/^ZEROUPPER$/, () => plain(Op.Vzeroupper)],
  [/^ZEROALL$/, () => plain(Op.Vzeroall)],
  [/^LDMXCSR$/, () => made('r', () => [doorUop(Door.Ldmxcsr, { a: 'o0' })])],
  [/^STMXCSR$/, () => made('w', () => [doorUop(Door.Stmxcsr, { dst: 'o0' })])],
  [/^MASKMOVDQU$/, byteMaskMove],
  [/^P?MASKMOV/, maskedMove],
  [/^P?GATHER/, gathered],
  [/^(MOV(AP[SD]|UP[SD]|DQ[AU]|NT\w+)|LDDQU)$/, move],
  [/^MOVS[SD]$/, scalarMove],
  [/^MOV(HL|LH|[HL])P[SD]$/, halfMove],
  [/^MOV[DQ]$/, registerMove],
  [/^(MOVMSKP[SD]|PMOVMSKB)$/, signMask],
  [/^BROADCAST[FI]128$/, broadcastHalf],
  [/^P?BROADCAST/, broadcast],
  [/^PMOV[SZ]X/, extended],
  [/^PERMILP/, permutedInLanes],
  [/^PERM2[FI]128$/, () => acrossLanes(Op.Perm2x128, true)],
  [/^INSERT[FI]128$/, () => acrossLanes(Op.Insert128, true)],
  [/^EXTRACT[FI]128$/, extracted],
  [/^PERM(Q|PD)$/, () => made('w r r', () => [{ op: Op.Permq, dst: 'o0', a: 'o1', imm: imm8(2) }])],
  [/^PERM(D|PS)$/, () => acrossLanes(Op.Permd, false)],
  [/^(PEXTR[BWDQ]|EXTRACTPS)$/, elementExtracted],
  [/^(PINSR[BWDQ]|INSERTPS)$/, elementInserted],
  [/^(U?COMIS[SD]|P?TEST(P[SD])?)$/, compared],
  [/^PCMP[EI]STR/, stringComparison],
  [/^PS(LL|RL|RA)(W|D|Q|DQ)$/, shift],
  [/^CVTSI2/, fromRegister],
  [/^CVTT?S[SD]2SI$/, toRegister],
  [/^CVTPS2PH$/, toHalf],
  [/^(CVT\w+P[SDH]\w*|CVTDQ2P[SD]|CVTT?P[SD]2DQ|CVTP[SD]2P[SD]|CVTPH2PS)$/, floatingFrom],
  [/^((SQRT|RCP|RSQRT|ROUND)P[SD])$/, floatingFrom],
  [/^F(N?M)(ADD|SUB)/, fused],
  [
    /^((ADD|SUB|MUL|DIV|MIN|MAX|SQRT|RCP|RSQRT|CMP|ROUND|HADD|HSUB|ADDSUB|DP)[PS][SD]|CVTS[SD]2S[SD])$/,
    floating,
  ],
  [
    /^(PABS[BWD]|PHMINPOSUW|MOVDDUP|MOVS[LH]DUP|PSHUF(D|HW|LW)|AESIMC|AESKEYGENASSIST)$/,
    packedFrom,
  ],
  [/./, packed],
];

/** Lines whose destination is ModRM.rm and whose last register is ModRM.reg: "MVR" in the SDM's column Op/En. */
const MVR = /^VEX\S+ (11 \/r \| VMOVS[SD] xmm1, xmm2, xmm3|(2E|2F|8E) \/r \| VP?MASKMOV)/;

/** A table of VEX lines; the recipe follows from the mnemonic. */
export function avx(feature: string, table: string): FormDefinition[] {
  return formsByLine(table, ({ encodingText, syntax }) => {
    const mnemonic = mnemonicOf(syntax);
    const line: Line = { name: mnemonic.slice(1), syntax, wide: syntax.includes('ymm') };
    const make = RECIPES.find(([pattern]) => pattern.test(line.name))?.[1] ?? packed;
    return {
      recipe: make(line),
      size: 'none',
      feature,
      requires: 'AVX',
      ...(MVR.test(`${encodingText} | ${syntax}`) && { operandEncoding: 'MVR' as const }),
      ...(FLAG_WRITERS.test(mnemonic) && { flags: { writes: STATUS } }),
    };
  });
}
