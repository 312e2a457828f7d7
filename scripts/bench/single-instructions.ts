/** Single instructions, or a few that belong together, eight copies in a loop (guests/instruction.asm): loops of programs hide what one costs. */
import { disassemble } from '../accuracy/disassembly.js';
import type { Workload } from './workloads.js';

/** Machine code. RBX is 3, RCX is 3 at the beginning of each pass; RSI and RDI are the addresses of two pages;
 * XMM0 begins as a third, XMM1 as 1. */
const CODE: readonly string[] = [
  // integer, registers
  '90', // nop
  '4801d8', // add rax, rbx
  '6601d8', // add ax, bx
  '88dc', // mov ah, bl
  '4811d8', // adc rax, rbx
  '0f92c0', // setc al
  '480f42c3', // cmovc rax, rbx
  '4893', // xchg rax, rbx
  '480fc8', // bswap rax
  '48d3e0', // shl rax, cl
  'c4e2e1f7c0', // shlx rax, rax, rbx
  '48d3c0', // rol rax, cl
  '48d1d0', // rcl rax, 1
  '480fa4d805', // shld rax, rbx, 5
  '48f7e3', // mul rbx
  '480fafc3', // imul rax, rbx
  'c4e2fbf6d3', // mulx rdx, rax, rbx
  '31d248f7f3', // xor edx, edx; div rbx
  '4899', // cqo
  '9f', // lahf
  '480fbcc3', // bsf rax, rbx
  'f3480fb8c3', // popcnt rax, rbx
  '480fa3d8', // bt rax, rbx
  'c4e2f8f2c3', // andn rax, rax, rbx
  'c4e2fbf5c3', // pdep rax, rax, rbx
  'f2480f38f1c3', // crc32 rax, rbx
  // memory
  '488b07', // mov rax, [rdi]
  '488907', // mov [rdi], rax
  '480107', // add [rdi], rax
  '488707', // xchg rax, [rdi]
  'f0480fc107', // lock xadd [rdi], rax
  'f0480fb11f', // lock cmpxchg [rdi], rbx
  '480fab1f', // bts [rdi], rbx
  '505b', // push rax; pop rbx
  'c8100000c9', // enter 16, 0; leave
  '65488b07', // mov rax, [gs:rdi]
  'd7', // xlatb
  // strings
  'aa48ffcf', // stosb; dec rdi
  '48ad4883ee08', // lodsq; sub rsi, 8
  'a448ffce48ffcf', // movsb; dec rsi; dec rdi
  'ae48ffcf', // scasb; dec rdi
  'b910000000be00100200bf00000200f3a4', // mov ecx, 16; mov esi, 21000h; mov edi, 20000h; rep movsb
  'b908000000bf00000200f348ab', // mov ecx, 8; mov edi, 20000h; rep stosq
  // vectors
  '66480f6ec0', // movq xmm0, rax
  '0f2907', // movaps [rdi], xmm0
  'f20f1007', // movsd xmm0, [rdi]
  '660ffec1', // paddd xmm0, xmm1
  '660f3800c1', // pshufb xmm0, xmm1
  'f20f58c1', // addsd xmm0, xmm1
  'f20f59c1', // mulsd xmm0, xmm1
  'f20f5ec1', // divsd xmm0, xmm1
  'f20f51c1', // sqrtsd xmm0, xmm1
  '0f58c1', // addps xmm0, xmm1
  '660f2ec1', // ucomisd xmm0, xmm1
  'f2480f2ac0', // cvtsi2sd xmm0, rax
  'f2480f2cc1', // cvttsd2si rax, xmm1
  // x87
  'd9e8ddd8', // fld1; fstp st0
  'dd07dd1f', // fld qword [rdi]; fstp qword [rdi]
  'dcc0', // fadd st0, st0
  // system
  '0f31', // rdtsc
  '0fa2', // cpuid
  'f390', // pause
  '0faef0', // mfence
  '9c9d', // pushfq; popfq
  'fafb', // cli; sti
  'fc', // cld
  '0f20c0', // mov rax, cr0
  'b9800000c00f32', // mov ecx, 0C0000080h; rdmsr
  '0f01f8', // swapgs
  '0f013f', // invlpg [rdi]
];
/** Copies in the loop. */
export const COPIES = 8;

export const SINGLE_INSTRUCTIONS: readonly Workload[] = CODE.map((code): Workload => {
  const { instructions } = disassemble(code);
  const title = instructions.join('; ');
  return {
    name: title,
    title,
    kind: 'computation',
    checksum: '00000000',
    copies: { code, instructions: instructions.length },
  };
});

/** What guests/instruction.asm includes: the copies, and how many instructions they are. */
export function copiesSource({ code, instructions }: NonNullable<Workload['copies']>): string {
  const bytes = Buffer.from(code, 'hex');
  const line = `db ${[...bytes].map((byte) => `0x${byte.toString(16)}`).join(', ')}\n`;
  return `COPIED_INSTRUCTIONS equ ${COPIES * instructions}\n${line.repeat(COPIES)}`;
}
