/**
 * What enables x87, and when its exceptions come. Sources: SDM Vol. 3 "Interrupt 7—Device Not Available Exception (#NM)", table
 * of CR0.EM, MP and TS; "Interrupt 16—x87 FPU Floating-Point Error (#MF)"; Vol. 1 "Software Exception Handling".
 */
import { describe, expect, it } from 'vitest';
import { ExitReason, X87_CONTROL } from '../../emulator/isa/state-layout.js';
import { DATA, GuestMachine } from './guest-machine.js';

const CR0_MP = 1n << 1n;
const CR0_EM = 1n << 2n;
const CR0_TS = 1n << 3n;
const CR0_NE = 1n << 5n;
const NM = 7;
const MF = 16;

const FWAIT = 'db 0x9B';
const FNOP = 'db 0xD9, 0xD0';
const FNSTSW_AX = 'db 0xDF, 0xE0';
const FNCLEX = 'db 0xDB, 0xE2';
const FNINIT = 'db 0xDB, 0xE3';
const PADDB = 'db 0x0F, 0xFC, 0xC1';
const EMMS = 'db 0x0F, 0x77';
/** FNINIT; FLDCW [rbx]; FLD1; FLDZ; FDIVP: ZE, which the control word at DATA does not mask. */
const DIVIDE_BY_ZERO = `${FNINIT}\ndb 0xD9, 0x2B, 0xD9, 0xE8, 0xD9, 0xEE, 0xDE, 0xF9`;
const FCW_WITHOUT_ZM = 0x37bn;

function machineWith(source: string, cr0: bigint): GuestMachine {
  const machine = new GuestMachine(64, source);
  const { processor } = machine;
  processor.setControlRegister('cr0', processor.controlRegister('cr0') | cr0);
  machine.setRegisters({ rbx: DATA });
  machine.setWord(DATA, FCW_WITHOUT_ZM, 2);
  return machine;
}

describe('CR0 and x87', () => {
  it.each([
    // instruction, CR0, vector
    ['FNOP is executed', FNOP, 0n, null],
    ['FNOP with EM', FNOP, CR0_EM, NM],
    ['FNOP with TS', FNOP, CR0_TS, NM],
    ['FNOP with MP alone', FNOP, CR0_MP, null],
    ['FNINIT with EM', FNINIT, CR0_EM, NM],
    ['FWAIT with EM', FWAIT, CR0_EM, null],
    ['FWAIT with TS', FWAIT, CR0_TS, null],
    ['FWAIT with TS and MP', FWAIT, CR0_TS | CR0_MP, NM],
  ] as const)('%s', (_, source, cr0, vector) => {
    const machine = machineWith(`${source}\nhlt`, cr0);
    machine.runToHalt();
    expect(machine.vector).toBe(vector);
  });
});

describe('an exception that is not masked', () => {
  it.each([
    ['is not raised by the instruction itself', 'nop', null],
    ['is raised by FWAIT', FWAIT, MF],
    ['is raised by the next instruction that computes', FNOP, MF],
    ['is raised by an MMX instruction of the same block', PADDB, MF],
    ['is raised by EMMS', EMMS, MF],
    ['is not raised by FNSTSW', FNSTSW_AX, null],
    ['is gone after FNCLEX', `${FNCLEX}\n${FWAIT}`, null],
    ['is gone after FNINIT', `${FNINIT}\n${FWAIT}`, null],
  ] as const)('%s', (_, source, vector) => {
    const machine = machineWith(`${PADDB}\n${EMMS}\n${DIVIDE_BY_ZERO}\n${source}\nhlt`, CR0_NE);
    machine.runToHalt();
    expect(machine.vector).toBe(vector);
  });

  it('leaves the operands, and says so in the status word: B, ES and ZE', () => {
    const machine = machineWith(`${DIVIDE_BY_ZERO}\n${FNSTSW_AX}\nhlt`, CR0_NE);
    machine.runToHalt();
    const top = 6 << 11;
    expect(machine.processor.memory.u16(X87_CONTROL + 2)).toBe(0x8084 | top);
  });

  it('stops the processor before the next waiting instruction where CR0.NE is 0 (FERR#)', () => {
    const machine = machineWith(`${DIVIDE_BY_ZERO}\nhere: ${FWAIT}\nhlt`, 0n);
    expect(machine.processor.run(100)).toBe(ExitReason.CoprocessorError);
    expect(machine.processor.rip).toBe(machine.label('here'));
  });
});
