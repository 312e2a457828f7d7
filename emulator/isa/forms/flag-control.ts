/** Flag control (EFLAG) instructions. Source: SDM Vol. 1, "Flag Control (EFLAG) Instructions". */
import { type FormDefinition, forms } from '../form.js';
import { door, plain } from '../recipe-builders.js';
import { Door, Op } from '../uop.js';

const pushFlags = door(Door.Pushf, (c) => c.size);
const popFlags = door(Door.Popf, (c) => c.size);

const POPPED = { writes: 'OF SF ZF AF PF CF DF IF TF IOPL NT AC ID' };
const DEFAULT_64 = { in64: 'default 64' } as const;

export const FLAG_CONTROL: readonly FormDefinition[] = [
  ...forms({ recipe: plain(Op.Stc), flags: { writes: 'CF' } }, 'F9 | STC'),
  ...forms({ recipe: plain(Op.Clc), flags: { writes: 'CF' } }, 'F8 | CLC'),
  ...forms({ recipe: plain(Op.Cmc), flags: { writes: 'CF', tests: 'CF' } }, 'F5 | CMC'),
  ...forms({ recipe: plain(Op.Cld), flags: { writes: 'DF' } }, 'FC | CLD'),
  ...forms({ recipe: plain(Op.Std), flags: { writes: 'DF' } }, 'FD | STD'),
  ...forms({ recipe: plain(Op.Lahf), flags: { tests: 'SF ZF AF PF CF' } }, '9F | LAHF'),
  ...forms({ recipe: plain(Op.Sahf), flags: { writes: 'SF ZF AF PF CF' } }, '9E | SAHF'),
  ...forms({ recipe: pushFlags, size: 16, ...DEFAULT_64 }, '9C | PUSHF'),
  ...forms({ recipe: pushFlags, size: 32, ...DEFAULT_64 }, '9C | PUSHFD | N.E. V'),
  ...forms({ recipe: pushFlags, size: 64, ...DEFAULT_64 }, '9C | PUSHFQ | V N.E.'),
  ...forms({ recipe: popFlags, size: 16, flags: POPPED, ...DEFAULT_64 }, '9D | POPF'),
  ...forms({ recipe: popFlags, size: 32, flags: POPPED, ...DEFAULT_64 }, '9D | POPFD | N.E. V'),
  ...forms({ recipe: popFlags, size: 64, flags: POPPED, ...DEFAULT_64 }, '9D | POPFQ | V N.E.'),
  ...forms({ recipe: door(Door.Sti), flags: { writes: 'IF' } }, 'FB | STI'),
  ...forms({ recipe: door(Door.Cli), flags: { writes: 'IF' } }, 'FA | CLI'),
  // SALC is in no table of the SDM; every processor has it outside 64-bit mode.
  ...forms({ recipe: plain(Op.Salc), flags: { tests: 'CF' } }, 'D6 | SALC | I V'),
];
