/** Skylake client: system instructions, fences, flags images. Sources as in skylake.ts. */
import type { TimingRow } from '../core-model.js';
import { serialising, ui } from './skylake-row.js';

export const SKYLAKE_SYSTEM_ROWS: readonly TimingRow[] = [
  { mnemonics: 'MFENCE', kind: 'FullFence', cost: 33, source: 'IL' },
  { mnemonics: 'LFENCE', kind: 'LoadFence', cost: 4, source: 'IL' },
  { mnemonics: 'SFENCE', kind: 'StoreFence', cost: 6, source: 'IL' },
  serialising('PAUSE', 140, { source: 'ORM "Pause Latency in Skylake Client Microarchitecture"' }),
  serialising('RDTSC', 25, { source: 'UI' }),
  serialising('RDTSCP', 32),
  serialising('CPUID', 100, { source: 'IL; UI' }),
  ui('PUSHF PUSHFD PUSHFQ', 'p06', 3, { slots: 4 }),
  serialising('POPF POPFD POPFQ', 20, { source: 'IL PUSHF and POPF: 24' }),
  serialising('RDMSR RDPMC', 80),
  serialising('WRMSR', 150),
  serialising('INVLPG INVPCID', 120),
  serialising('LGDT LIDT LLDT LTR', 60),
  serialising('SGDT SIDT SLDT STR SMSW', 20),
  serialising('CLI', 3),
  serialising('STI', 6),
  serialising('HLT MWAIT', 200),
  serialising('IRET IRETD IRETQ', 200),
  serialising('INT INT1 INT3 INTO', 20),
  serialising('SYSCALL SYSRET SYSRETQ SYSENTER SYSEXIT SYSEXITQ', 50),
  serialising('SWAPGS', 30),
  serialising('IN OUT INS OUTS INSB INSW INSD OUTSB OUTSW OUTSD', 60),
  serialising('WBINVD INVD', 2000),
  serialising('CLFLUSH CLFLUSHOPT CLWB', 200),
  serialising('LDS LES LSS LFS LGS LAR LSL VERR VERW ARPL BOUND', 20),
  serialising('CALL JMP RET RETF', 40, { slots: 1 }),
  serialising(
    'CLTS LMSW CLAC STAC XGETBV XSETBV MONITOR RDFSBASE RDGSBASE WRFSBASE WRGSBASE RDPKRU WRPKRU RDPID',
    20,
  ),
  serialising('RDRAND RDSEED', 460),
  serialising('PUSHA PUSHAD POPA POPAD', 18),
  serialising(
    'FNINIT FINIT FNSTCW FSTCW FNSTSW FSTSW FLDCW FNCLEX FCLEX FWAIT WAIT LDMXCSR STMXCSR',
    20,
  ),
  serialising('FXSAVE FXRSTOR FXSAVE64 FXRSTOR64', 70),
  serialising('UD0 UD1 UD2 SALC', 1),
  serialising('XSAVE* XRSTOR*', 90),
  serialising(
    'RSM GETSEC VMCALL VMLAUNCH VMRESUME VMXOFF VMXON VMPTR* VMCLEAR VMREAD VMWRITE VMFUNC INVEPT INVVPID XEND XTEST',
    20,
  ),
];
