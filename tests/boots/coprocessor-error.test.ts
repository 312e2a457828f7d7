/**
 * x87 exceptions with CR0.NE = 0: FERR#, interrupt request 13, port F0h, IGNNE#, on the whole machine.
 * Source of the expectations: SDM Vol. 1, "MS-DOS* Compatibility Sub-mode": the processor stops before the next waiting
 * instruction until an interrupt comes; its handler clears the latch by port F0h, which asserts IGNNE#, and then uses x87
 * instructions although the exception is pending.
 */
import { describe, expect, it } from 'vitest';
import { s7x } from '../cli/s7x.js';
import { guestOf } from '../guests/guest.js';

const NE = 0x20;
const IRQ_13 = 0x75;

interface Scenario {
  /** Bits of CR0 that are cleared. */
  readonly cleared?: number;
  readonly handler?: string;
  readonly main: string;
  /** Guest time. */
  readonly limit?: string;
}

/** Writes to port F0h, divides once more under IGNNE#, and takes the exception back. */
const HANDLER = `
  push eax
  push edx
  mov al, 0
  out 0xF0, al
  fnstsw ax
  and eax, 0x84              ; ES and ZE
  add al, 'A' - 0x84
  call put
  fld1                       ; a waiting instruction: IGNNE# lets it run
  db 0xDD, 0xD8               ; FSTP ST(0)
  fnclex
  mov al, 0x20
  out 0xA0, al
  out 0x20, al
  pop edx
  pop eax
  iretd`;
/** Also leaves port F0h alone. */
const FORGETFUL = HANDLER.replace('out 0xF0, al', '').replace(/fld1.*\n.*FSTP ST\(0\)/, '');
const DIVIDE_BY_ZERO = `
  fninit
  mov dword [word_of_control], 0x37B  ; ZE is not masked
  fldcw [word_of_control]
  fld1
  fldz
  db 0xDE, 0xF9               ; FDIVP ST(1), ST(0)`;
const SAY = (letter: string): string => `mov al, '${letter}'\ncall put\n`;

function guestWith({ cleared = NE, handler = HANDLER, main }: Scenario): string {
  return guestOf(`
  call com1_init
  mov eax, cr0
  and eax, ${~(cleared | 0xe) >>> 0}    ; EM, MP, TS as well
  mov cr0, eax
  mov edi, idt                ; every vector is the handler
  mov ecx, 256
.gate:
  mov eax, handler
  mov [edi], ax
  shr eax, 16
  mov [edi + 6], ax
  mov [edi + 2], cs
  mov word [edi + 4], 0x8E00
  add edi, 8
  sub ecx, 1
  jnz .gate
  lidt [idt_pointer]
  mov al, 0x11
  out 0x20, al
  out 0xA0, al
  mov al, ${IRQ_13 - 13}
  out 0x21, al
  mov al, ${IRQ_13 - 5}
  out 0xA1, al
  mov al, 4
  out 0x21, al
  mov al, 2
  out 0xA1, al
  mov al, 1
  out 0x21, al
  out 0xA1, al
  mov al, 0xFB                ; the cascade
  out 0x21, al
  mov al, 0xDF                ; request 13
  out 0xA1, al
  ${main}
  jmp power_off
handler:
  ${handler}
idt_pointer:
  dw 2047
  dd idt
word_of_control:
  dd 0
align 8
idt:
  times 2048 db 0`);
}

const boot = (scenario: Scenario, cpu = 'unit') =>
  s7x([
    ...['run', guestWith(scenario), '-m', '8M', '--cpu', cpu, '--uart', 'instant'],
    ...['--timeout', scenario.limit ?? '1s'],
  ]);

describe('an x87 exception with CR0.NE = 0', () => {
  it.each(['unit', 'zen1'])(
    'comes as request 13 before the next waiting instruction, on %s',
    async (cpu) => {
      const main = `sti\n${DIVIDE_BY_ZERO}\n${SAY('1')}wait\n${SAY('2')}`;
      const { stdout, status, stderr } = await boot({ main }, cpu);
      expect({ stdout, status, stderr: status === 0 ? '' : stderr }).toEqual({
        stdout: '1A2',
        status: 0,
        stderr: '',
      });
    },
  );

  it('comes again, when the handler has written to port F0h', async () => {
    const again = `${DIVIDE_BY_ZERO}\nfld1\n`;
    const { stdout, status } = await boot({ main: `sti\n${again}${again}${SAY('2')}` });
    expect([stdout, status]).toEqual(['AA2', 0]);
  });

  it('is no interrupt while no instruction waits for it', async () => {
    const main = `sti\n${DIVIDE_BY_ZERO}\nfnstsw ax\nfnclex\nwait\n${SAY('2')}`;
    const { stdout, status } = await boot({ main });
    expect([stdout, status]).toEqual(['2', 0]);
  });

  it('waits for MMX instructions, too', async () => {
    const { stdout, status } = await boot({ main: `sti\n${DIVIDE_BY_ZERO}\nemms\n${SAY('2')}` });
    expect([stdout, status]).toEqual(['A2', 0]);
  });

  it('stops the processor for ever with interrupts off', async () => {
    const { status, stderr } = await boot({ main: `${DIVIDE_BY_ZERO}\nwait` });
    expect(stderr).toMatch(
      /stopped by an x87 exception \(FERR#, CR0\.NE = 0\) with interrupts off at 0x[0-9a-f]+ \(entry\+0x[0-9a-f]+\)/,
    );
    expect(status).toBe(8);
  });

  it('is not seen a second time, when the handler has left port F0h alone', async () => {
    const again = `${DIVIDE_BY_ZERO}\nwait\n`;
    const main = `sti\n${again}${SAY('1')}${again}${SAY('2')}`;
    const { stdout, status } = await boot({ main, handler: FORGETFUL, limit: '10ms' });
    expect([stdout, status]).toEqual(['A1', 124]);
  });

  it('is #MF where CR0.NE is set', async () => {
    // The fault's address is the waiting instruction's: a handler that takes the exception back makes it run.
    const handler = `${SAY('F')}fnclex\niretd`;
    const main = `mov eax, cr0\nor eax, ${NE}\nmov cr0, eax\n${DIVIDE_BY_ZERO}\nwait\n${SAY('2')}`;
    const { stdout, status } = await boot({ handler, main });
    expect([stdout, status]).toEqual(['F2', 0]);
  });
});
