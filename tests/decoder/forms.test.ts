/** Every form against iced-x86's own table of opcodes, and through the decoder and back. */
import { Code, CodeExt, CpuidFeature, EncodingKind, Instruction } from 'iced-x86';
import { describe, expect, it } from 'vitest';
import {
  DecodeStatus,
  InstructionDecoder,
} from '../../emulator/cpu/decoder/instruction-decoder.js';
import type { InstructionForm } from '../../emulator/isa/form.js';
import { instructionForms } from '../../emulator/isa/instruction-set.js';
import { instancesOf } from './form-instances.js';
import { type CodeSize, IcedDecoder, LENGTH_UNKNOWN, SPELLINGS, STRING_BYTES } from './iced.js';

const CODE_SIZES: readonly CodeSize[] = [16, 32, 64];

function validIn(form: InstructionForm, codeSize: CodeSize): boolean {
  return codeSize === 64 ? form.valid64 : form.validLegacy;
}

describe.each(CODE_SIZES)('every form, as bytes in %i-bit code', (codeSize) => {
  const decoder = new InstructionDecoder();
  const forms = instructionForms().filter(
    (form) => validIn(form, codeSize) && !LENGTH_UNKNOWN.test(form.mnemonic.toLowerCase()),
  );
  const instances = forms.flatMap((form) =>
    instancesOf(form, codeSize).map((bytes) => ({ form, bytes })),
  );

  it('decodes to itself, with the length and mnemonic of iced-x86', () => {
    const joined = new Uint8Array((instances.length + 1) * STRING_BYTES);
    instances.forEach(({ bytes }, i) => joined.set(bytes, i * STRING_BYTES));
    const iced = new IcedDecoder(codeSize, joined);
    const wrong: string[] = [];
    instances.forEach(({ form, bytes }, i) => {
      const at = i * STRING_BYTES;
      const status = decoder.decode(joined, at, at + STRING_BYTES, codeSize >> 5);
      const text = `${Buffer.from(bytes).toString('hex')} ${form.encoding.text} ${form.syntax}`;
      if (status !== DecodeStatus.Complete) {
        wrong.push(`${text}: ${DecodeStatus[status]}`);
        return;
      }
      const found = decoder.table.formOf(decoder.variant);
      if (found !== form) wrong.push(`${text}: decoded as ${found.encoding.text} ${found.syntax}`);
      const other = iced.decodeAt(at);
      const mnemonic = (
        form.attributes.mnemonicByAddressSize?.[decoder.addressBits >> 5] ?? form.mnemonic
      ).toLowerCase();
      const same =
        mnemonic === other.mnemonic ||
        SPELLINGS.some(([a, b]) => a.test(mnemonic) && b.test(other.mnemonic));
      if (decoder.length !== bytes.length) wrong.push(`${text}: ${decoder.length} bytes`);
      if (other.length !== bytes.length || !same)
        wrong.push(`${text}: iced has ${other.length} bytes of ${other.mnemonic}`);
    });
    iced.free();
    expect(wrong.slice(0, 20)).toEqual([]);
    expect(instances.length).toBeGreaterThan(forms.length);
  });
});

/** Features of which every opcode line must be a form. */
const COMPLETE =
  /^(INTEL8086|INTEL186|INTEL286|INTEL386|INTEL486|X64|CMOV|MULTIBYTENOP|ADX|BMI1|BMI2|LZCNT|POPCNT|MOVBE|FSGSBASE|SMAP|SYSCALL|SEP|RDRAND|RDSEED|CX8|CMPXCHG16B|CPUID|MSR|TSC|RDTSCP|RDPMC|CLFSH|CLFLUSHOPT|CLWB|MONITOR|PAUSE|VMX|SMX|INVPCID|FXSR|XSAVE|XSAVEOPT|XSAVEC|XSAVES|SMM|FPU|FPU387|FPU287|MMX|SSE|SSE2|SSE3|SSSE3|SSE4_1|SSE4_2|AES|PCLMULQDQ|SHA|GFNI|AVX|AVX2|FMA|F16C)$/;

/** Lines of iced's that no form here has, and why. */
const LINES_NOT_HERE: readonly (readonly [line: RegExp, reason: string])[] = [
  [/^0F AE [EF][1-79A-F] /, 'ModRM.rm makes no difference'],
  [/^0F 1F \/0 . NOP r\/m64$/, 'not a line of the SDM'],
  [/^9B /, 'FWAIT and the instruction behind it are two instructions'],
  [/ BSWAP r16$/, 'undefined by the SDM; decoded as the 32-bit form'],
  [/^0F (18|19|1A|1B|1C|1D|1E|1F|0D) \/r/, 'RESERVEDNOP: one line for all sizes'],
  [/ (UD0|UD1) /, 'one line for all sizes'],
  [/^0F FF \| UD0$/, 'UD0 without ModRM is that of old processors'],
  [
    / (LLDT|LTR|LMSW|VERR|VERW|MOV Sreg,) ?r(32|64)\/m16$/,
    'REX.W and 66 make no difference: one line',
  ],
  [/ ARPL r32\/m16, r32$/, 'one line for all sizes'],
  [/ (JCXZ|JECXZ) rel8$/, 'one line, JRCXZ, names the three by address size'],
  [/ GETSECQ$/, 'REX.W makes no difference'],
  [/^VEX.* VGF2P8/, 'GFNI is not offered'],
];

/** Operand and address sizes are in the syntax (iced writes them before the opcode); LFENCE and its kin ignore ModRM.rm. */
function normalise(encoding: string, syntax: string): string {
  const opcode = encoding
    .replace(/\b(o16|o32|o64|a16|a32|a64) /g, '')
    .replace(/REX\.W (\+ )?/, '')
    .replace(/^(NP|NFx) /, '')
    .replace(/^0F AE ([EF][08])$/, (_, modrm: string) => `0F AE /${(parseInt(modrm, 16) >> 3) & 7}`)
    .replace(/\+ ?r[bwdo]\b/, '+r')
    .replace(/ ?\(mod=11\)/, '')
    .replace(/ mo$/, '')
    .replace(
      /^(D[8-9A-F]) ([C-F][0-9A-F])\+i$/,
      (_, first: string, second: string) => `${first} /${(parseInt(second, 16) >> 3) & 7}`,
    );
  const operands = syntax
    .replace(/\bm(14|28)byte/, 'm14/28byte')
    .replace(/\bm(94|108)byte/, 'm94/108byte');
  return `${opcode} | ${operands.replace(/\bcr\b/, 'CR').replace(/\bdr\b/, 'DR')}`;
}

describe('the list of forms', () => {
  const ours = new Set(
    instructionForms().map((form) => normalise(form.encoding.text, form.syntax)),
  );

  it('has every opcode line that iced-x86 lists for the features of this processor', () => {
    const missing: string[] = [];
    const reasonsUsed = new Set<string>();
    const instruction = new Instruction();
    for (const code of Object.values(Code).filter((value) => typeof value === 'number')) {
      const info = CodeExt.opCode(code);
      instruction.code = code;
      const features = [...instruction.cpuidFeatures()].map(
        (feature) => CpuidFeature[feature] ?? '',
      );
      const relevant =
        info.isInstruction &&
        (instruction.encoding === EncodingKind.Legacy ||
          instruction.encoding === EncodingKind.VEX) &&
        features.every((f) => COMPLETE.test(f));
      const line = relevant ? normalise(info.opCodeString, info.instructionString) : '';
      info.free();
      if (!relevant || ours.has(line)) continue;
      const explained = LINES_NOT_HERE.find(([pattern]) => pattern.test(line));
      if (explained === undefined) missing.push(line);
      else reasonsUsed.add(explained[1]);
    }
    instruction.free();
    expect(missing).toEqual([]);
    expect(
      LINES_NOT_HERE.map(([, reason]) => reason).filter((reason) => !reasonsUsed.has(reason)),
    ).toEqual([]);
  });

  it('has no line twice for the same operand size and mode', () => {
    const seen = new Map<string, InstructionForm>();
    const twice = instructionForms().filter((form) => {
      const { text } = form.encoding;
      const keys = CODE_SIZES.slice(1)
        .filter((size) => validIn(form, size))
        .map((size) => `${size} ${text} ${form.mod} ${form.operandSize}`);
      const repeated = keys.some((key) => seen.has(key));
      for (const key of keys) seen.set(key, form);
      return repeated;
    });
    expect(twice.map((form) => `${form.encoding.text} ${form.syntax}`)).toEqual([]);
  });

  it('numbers forms from 1 in order, and few enough for 16 bits', () => {
    expect(instructionForms().map((form) => form.number)).toEqual(
      instructionForms().map((_, i) => i + 1),
    );
    expect(instructionForms().length).toBeLessThan(0x1_0000 / 3);
  });
});
