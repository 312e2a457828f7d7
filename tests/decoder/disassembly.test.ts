/** The disassembler's text against iced-x86's Intel syntax; known differences of spelling are removed from both. */
import { describe, expect, it } from 'vitest';
import { disassemble } from '../../emulator/cpu/decoder/disassembler.js';
import { type CodeSize, IcedDecoder, STRING_BYTES, intelFormatter } from './iced.js';
import { randomStrings } from './random-bytes.js';

const STRINGS = 20_000;
const SEED = 0x7e87;
const RIP = 0x1000n;

/** Of these only the mnemonic is compared: the operands are implied, or named differently on purpose. */
const MNEMONIC_ONLY =
  /^((rep|repe|repne) )?(movs|cmps|stos|lods|scas|ins|outs)[bwdq]\b|^(xlatb?|f\w+|wait|nop|reservednop|prefetch\w*|ud[01]|bswap|getsec\w?)\b/;

function normalise(text: string): string {
  const plain = text
    .replace(
      /\b(bnd|notrack|xacquire|xrelease|hint-taken|hint-not-taken|data16|data32|addr16|addr32) /g,
      '',
    )
    .replace(/\bdata64 /, '')
    .replace(/\brep ret/, 'ret')
    .replace(/^imul (\w+), \1, (0x[0-9a-f]+)$/, 'imul $1, $2')
    .replace(/^xlatb.*/, 'xlat')
    .replace(/^getsecq$/, 'getsec')
    .replace(/\bret far\b/, 'retf')
    .replace(/ far (0x[0-9a-f]+), (0x[0-9a-f]+)$/, ' $2:$1')
    .replace(/\bfar /, '')
    .replace(/^((?:lock )?(?:sal|sar|shl|shr|rol|ror|rcl|rcr) .*), 1$/, '$1, 0x1')
    .replace(/\bsal\b/, 'shl')
    .replace(/^fwait$/, 'wait')
    .replace(
      /^(bound|[ls][gi]dt|invlpg|lea|inv[ev]pid|invept|clflush\w*|clwb|fxsave\w*|fxrstor\w*|xsave\w*|xrstor\w*) (.*?)\w+ ptr /,
      '$1 $2',
    );
  if (!MNEMONIC_ONLY.test(plain)) return plain;
  return plain.replace(/^(rep|repe|repne) /, '').split(' ')[0] ?? '';
}

/** Texts that differ by more than spelling: these are the tables of forms.test and random-strings.test. */
const NOT_COMPARED =
  /^(\(|avx|nop|prefetch|mov[a-z]* .*xmm|wbinvd|xchg .*r8|cmpss|cmpsd|cmpps|cmppd|pclmul|maskmov|pextrw|pmovmskb|movmsk)/;

describe.each([16, 32, 64] as const)('in %i-bit code', (codeSize: CodeSize) => {
  it(`writes ${STRINGS} random instructions as iced-x86 does (seed=${SEED})`, () => {
    const bytes = randomStrings(STRINGS, codeSize, SEED + codeSize);
    const iced = new IcedDecoder(codeSize, bytes);
    const formatter = intelFormatter();
    const differences: string[] = [];
    let compared = 0;
    for (let at = 0; at < STRINGS * STRING_BYTES; at += STRING_BYTES) {
      const string = bytes.subarray(at, at + STRING_BYTES);
      const ours = disassemble(string, RIP, codeSize).text;
      const other = iced.decodeAt(at, RIP);
      if (!other.valid || NOT_COMPARED.test(ours)) continue;
      compared++;
      const theirs = normalise(iced.text(formatter));
      if (normalise(ours) !== theirs)
        differences.push(`${Buffer.from(string).toString('hex')}: ${ours} | iced: ${theirs}`);
    }
    iced.free();
    formatter.free();
    expect(differences.slice(0, 40)).toEqual([]);
    expect(compared).toBeGreaterThan(STRINGS / 2);
  });
});

describe('the disassembler', () => {
  it.each([
    // bytes, code size, text (as GNU objdump -M intel names the same bytes)
    ['48 8b 04 25 78 56 34 12', 64, 'mov rax, qword ptr [0x12345678]'],
    ['48 8b 05 f9 0f 00 00', 64, 'mov rax, qword ptr [0x2000]'],
    ['e8 fb ff ff ff', 64, 'call 0x1000'],
    ['f3 48 ab', 64, 'rep stosq'],
    ['f0 48 0f b1 0e', 64, 'lock cmpxchg qword ptr [rsi], rcx'],
    ['ea 5b e0 00 f0', 16, 'jmp 0xf000:0xe05b'],
    ['65 48 8b 04 25 00 00 00 00', 64, 'mov rax, qword ptr gs:[0x0]'],
    ['0f 20 c0', 32, 'mov eax, cr0'],
    ['c4 e2 f8 f2 c1', 64, 'andn rax, rax, rcx'],
    ['0f 0b', 64, 'ud2'],
    ['0f 04', 64, '(bad)'],
    ['48 8b', 64, '(incomplete)'],
    ['f2 0f 58 c1', 64, 'addsd xmm0, xmm1'],
  ] as const)('writes %s in %i-bit code as %s', (hex, codeSize, text) => {
    const bytes = Uint8Array.from(hex.split(' '), (byte) => parseInt(byte, 16));
    expect(disassemble(bytes, RIP, codeSize).text).toBe(text);
  });
});
