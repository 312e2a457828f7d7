/**
 * The SDM's encoding notation, parsed: `REX.W + 01 /r`, `F3 0F B8 /r`, `B8+ rd id`, `VEX.LZ.0F38.W0 F2 /r`.
 * Source: SDM Vol. 2, "Interpreting the Instruction Reference Pages", "Opcode Column in the Instruction Summary Table".
 */
import { assert } from '../base/assert.js';

/** `NP`: none of 66, F2, F3 allowed; `NFx`: neither F2 nor F3; `any`: they have no part in choosing the instruction. */
export type MandatoryPrefix = 'any' | 'NP' | 'NFx' | '66' | 'F3' | 'F2';

/** Bytes behind opcode, ModRM and displacement, in the SDM's abbreviations; `mo`: an offset of address size; `/is4`: a register in bits 7-4. */
export type ImmediateField = 'ib' | 'iw' | 'id' | 'io' | 'cb' | 'cw' | 'cd' | 'cp' | 'mo' | '/is4';

export enum OpcodeMap {
  OneByte = 0,
  TwoByte = 1,
  ThreeByte38 = 2,
  ThreeByte3A = 3,
  Vex0F = 4,
  Vex0F38 = 5,
  Vex0F3A = 6,
}

/** VEX.L: `LIG` and `LZ` as the SDM writes them; 128 and 256 are the vector's bits. */
export type VexLength = 'LZ' | 'LIG' | 128 | 256;

export interface Encoding {
  readonly text: string;
  readonly prefix: MandatoryPrefix;
  /** REX.W + (or VEX.W1). */
  readonly rexW: boolean;
  /** The map is chosen by a VEX prefix. */
  readonly vex: boolean;
  readonly vexLength: VexLength;
  /** VEX.W makes no difference. */
  readonly vexWIgnored: boolean;
  readonly map: OpcodeMap;
  readonly opcode: number;
  /** `+rb`, `+rw`, `+rd`, `+ro`: the low three bits of the opcode are a register. */
  readonly opcodeRegister: boolean;
  /** `r`: /r; 0 to 7: /digit; `fixed`: the second opcode byte lies where ModRM would; `none`. */
  readonly modrm: 'none' | 'r' | 'fixed' | number;
  /** The byte of `fixed`; else 0. */
  readonly fixedModrm: number;
  /** The notation's own restriction of ModRM.mod, `(mod=11)`; operands may restrict it further. */
  readonly mod: 'any' | 'register';
  readonly fields: readonly ImmediateField[];
}

const HEX_BYTE = /^[0-9A-F]{2}$/;
const FIELDS = new Set(['ib', 'iw', 'id', 'io', 'cb', 'cw', 'cd', 'cp', 'mo', '/is4']);
const VEX_MAPS: Readonly<Record<string, OpcodeMap>> = {
  '0F': OpcodeMap.Vex0F,
  '0F38': OpcodeMap.Vex0F38,
  '0F3A': OpcodeMap.Vex0F3A,
};

type Draft = { -readonly [K in keyof Encoding]: Encoding[K] } & { fields: ImmediateField[] };

const known = new Map<string, Encoding>();

/** Parses one cell of the SDM's opcode column. Throws InvariantViolation on a notation it does not know. */
export function parseEncoding(text: string): Encoding {
  let encoding = known.get(text);
  if (encoding === undefined) known.set(text, (encoding = parse(text)));
  return encoding;
}

function parse(text: string): Encoding {
  const tokens = text.replace(/\+ (r[bwdo]|i)\b/g, '+$1').split(' ');
  const draft: Draft = {
    text,
    prefix: 'any',
    rexW: false,
    vex: false,
    vexLength: 'LZ',
    vexWIgnored: false,
    map: OpcodeMap.OneByte,
    opcode: -1,
    opcodeRegister: false,
    modrm: 'none',
    fixedModrm: 0,
    mod: 'any',
    fields: [],
  };
  let next = readPrefixes(draft, tokens);
  next = readOpcode(draft, tokens, next);
  for (; next < tokens.length; next++) readSuffix(draft, tokens[next] ?? '');
  assert(draft.opcode >= 0, `no opcode in "${text}"`);
  return draft;
}

function readPrefixes(draft: Draft, tokens: readonly string[]): number {
  let next = 0;
  for (; next < tokens.length - 1 && !draft.vex; next++) {
    const token = tokens[next] ?? '';
    if (token.startsWith('VEX.')) readVex(draft, token);
    else if (
      token === 'NP' ||
      token === 'NFx' ||
      token === '66' ||
      token === 'F3' ||
      token === 'F2'
    )
      draft.prefix = token;
    else if (token === 'REX.W') draft.rexW = true;
    else if (token !== '+') break;
  }
  return next;
}

/** `VEX.LZ.F3.0F38.W0`: length, mandatory prefix, map and W, joined by dots. */
function readVex(draft: Draft, token: string): void {
  draft.vex = true;
  draft.prefix = 'NP';
  for (const part of token.split('.').slice(1)) {
    const map = VEX_MAPS[part];
    if (map !== undefined) draft.map = map;
    else if (part === '66' || part === 'F3' || part === 'F2') draft.prefix = part;
    else if (part === 'W1') draft.rexW = true;
    else if (part === 'WIG') draft.vexWIgnored = true;
    else if (part === '128') draft.vexLength = 128;
    else if (part === '256') draft.vexLength = 256;
    else if (part === 'LIG') draft.vexLength = 'LIG';
    else assert(['LZ', 'NP', 'W0'].includes(part), `unknown part "${part}" in "${draft.text}"`);
  }
}

function readOpcode(draft: Draft, tokens: readonly string[], from: number): number {
  let next = from;
  if (!draft.vex && tokens[next] === '0F' && next + 1 < tokens.length) {
    next++;
    draft.map = OpcodeMap.TwoByte;
    if (tokens[next] === '38') draft.map = OpcodeMap.ThreeByte38;
    if (tokens[next] === '3A') draft.map = OpcodeMap.ThreeByte3A;
    if (draft.map !== OpcodeMap.TwoByte) next++;
  }
  const token = tokens[next] ?? '';
  const digits = token.slice(0, 2);
  draft.opcodeRegister = token.charAt(2) === '+';
  if (!HEX_BYTE.test(digits) || (token.length > 2 && !draft.opcodeRegister)) {
    assert(false, `"${token}" is no opcode byte in "${draft.text}"`);
  }
  draft.opcode = parseInt(digits, 16);
  return next + 1;
}

function readSuffix(draft: Draft, token: string): void {
  if (token === '/r') draft.modrm = 'r';
  else if (/^\/[0-7]$/.test(token)) draft.modrm = Number(token[1]);
  else if (token === '(mod=11)') draft.mod = 'register';
  else if (FIELDS.has(token)) draft.fields.push(token as ImmediateField);
  else if (HEX_BYTE.test(token) && draft.modrm === 'none') {
    draft.modrm = 'fixed';
    draft.fixedModrm = parseInt(token, 16);
  } else assert(false, `unknown notation "${token}" in "${draft.text}"`);
}
