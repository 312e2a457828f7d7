/** Miscellaneous instructions, random numbers and cache control. Source: SDM Vol. 1, "Miscellaneous Instructions". */
import { type FormDefinition, forms } from '../form.js';
import {
  door,
  doorOnAddress,
  doorUop,
  nothing,
  prefetch,
  recipe,
  undefinedOpcode,
} from '../recipe-builders.js';
import type { Recipe, RecipeContext, RecipeUop } from '../recipe.js';
import { Door, Op } from '../uop.js';

/** 32 bits: the address truncated to 32 bits is the result, whatever the address size. */
const loadEffectiveAddress: Recipe = {
  access: ['write', 'none'],
  uops: leaUops,
  memoryUops: leaUops,
};

function leaUops(c: RecipeContext): RecipeUop[] {
  if (c.width === 64) return [{ op: Op.Ea64, dst: 'o0' }];
  if (c.width === 32) return [{ op: Op.Ea32, dst: 'o0' }];
  return [
    { op: Op.Ea64, dst: 'T7' },
    { op: Op.Mov16, dst: 'o0', a: 'T7' },
  ];
}

const translate = recipe('', () => [
  doorUop(Door.Xlat, { imm: { segmentShift: 0, addressBitsShift: 16 } }),
]);

function random(name: Door.Rdrand | Door.Rdseed): Recipe {
  return recipe('w', (c) => [doorUop(name, { dst: 'o0', imm: c.width })]);
}

const RANDOM_FLAGS = { writes: 'OF SF ZF AF PF CF' };

export const MISCELLANEOUS: readonly FormDefinition[] = [
  ...forms(
    { recipe: loadEffectiveAddress },
    `
    8D /r         | LEA r16, m
    8D /r         | LEA r32, m
    REX.W + 8D /r | LEA r64, m
    `,
  ),
  ...forms({ recipe: nothing() }, '90 | NOP'),
  ...forms({ recipe: door(Door.Pause) }, 'F3 90 | PAUSE'),
  ...forms(
    { recipe: nothing('-') },
    `
    0F 1F /0 | NOP r/m16
    0F 1F /0 | NOP r/m32
    `,
  ),
  // Reserved-NOP rows of the SDM's opcode map: hints of features that CPUID does not report (MPX, CET, CLDEMOTE).
  ...forms(
    { recipe: nothing('- -'), size: 'none' },
    `
    0F 0D /r | NOP r/m32, r32
    0F 18 /r | NOP r/m32, r32
    0F 19 /r | NOP r/m32, r32
    0F 1A /r | NOP r/m32, r32
    0F 1B /r | NOP r/m32, r32
    0F 1C /r | NOP r/m32, r32
    0F 1D /r | NOP r/m32, r32
    0F 1E /r | NOP r/m32, r32
    0F 1F /r | NOP r/m32, r32
    `,
  ),
  ...forms({ recipe: nothing() }, 'F3 0F 1E FA | ENDBR64'),
  ...forms({ recipe: nothing() }, 'F3 0F 1E FB | ENDBR32'),
  ...forms(
    { recipe: prefetch() },
    `
    0F 18 /0 | PREFETCHNTA m8
    0F 18 /1 | PREFETCHT0 m8
    0F 18 /2 | PREFETCHT1 m8
    0F 18 /3 | PREFETCHT2 m8
    0F 0D /1 | PREFETCHW m8
    0F 0D /2 | PREFETCHWT1 m8
    `,
  ),
  ...forms(
    { recipe: doorOnAddress(Door.Clflush, '-'), feature: 'CLFSH' },
    'NP 0F AE /7 | CLFLUSH m8',
  ),
  ...forms(
    { recipe: doorOnAddress(Door.Clflush, '-'), feature: 'CLFLUSHOPT' },
    '66 0F AE /7 | CLFLUSHOPT m8',
  ),
  ...forms({ recipe: doorOnAddress(Door.Clflush, '-'), feature: 'CLWB' }, '66 0F AE /6 | CLWB m8'),
  ...forms({ recipe: door(Door.Sfence), feature: 'SSE' }, 'NP 0F AE /7 (mod=11) | SFENCE'),
  ...forms({ recipe: door(Door.Lfence), feature: 'SSE2' }, 'NP 0F AE /5 (mod=11) | LFENCE'),
  ...forms({ recipe: door(Door.Mfence), feature: 'SSE2' }, 'NP 0F AE /6 (mod=11) | MFENCE'),
  ...forms({ recipe: undefinedOpcode() }, '0F 0B | UD2'),
  ...forms(
    { recipe: undefinedOpcode('- -'), size: 'none' },
    `
    0F B9 /r | UD1 r32, r/m32
    0F FF /r | UD0 r32, r/m32
    `,
  ),
  ...forms({ recipe: translate }, 'D7 | XLATB'),
  ...forms({ recipe: door(Door.Cpuid) }, '0F A2 | CPUID'),
  ...forms(
    { recipe: random(Door.Rdrand), feature: 'RDRAND', flags: RANDOM_FLAGS },
    `
    NFx 0F C7 /6       | RDRAND r16
    NFx 0F C7 /6       | RDRAND r32
    NFx REX.W 0F C7 /6 | RDRAND r64
    `,
  ),
  ...forms(
    { recipe: random(Door.Rdseed), feature: 'RDSEED', flags: RANDOM_FLAGS },
    `
    NFx 0F C7 /7       | RDSEED r16
    NFx 0F C7 /7       | RDSEED r32
    NFx REX.W 0F C7 /7 | RDSEED r64
    `,
  ),
  ...forms(
    {
      recipe: doorOnAddress(Door.CmpXchgDouble, 'rw', () => ({ constant: 64 << 16 })),
      size: 'none',
      lockable: true,
      flags: { writes: 'ZF' },
      feature: 'CX8',
    },
    '0F C7 /1 | CMPXCHG8B m64',
  ),
  ...forms(
    {
      recipe: doorOnAddress(Door.CmpXchgDouble, 'rw', () => ({ constant: 128 << 16 })),
      lockable: true,
      flags: { writes: 'ZF' },
      feature: 'CMPXCHG16B',
    },
    'REX.W + 0F C7 /1 | CMPXCHG16B m128',
  ),
];
