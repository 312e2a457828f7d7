/**
 * Registers of devices in memory: each access is one call of the host at an exact time, in every execution tier and
 * wherever a run is cut. The device here counts: its n-th read gives n.
 */
import { describe, expect, it } from 'vitest';
import type { AttachTranslator } from '../../emulator/cpu/core-module.js';
import type { ProcessorHost } from '../../emulator/cpu/processor-options.js';
import { ExitReason } from '../../emulator/isa/state-layout.js';
import {
  DATA,
  GuestMachine,
  HANDLERS,
  UNMAPPED,
  type Bits,
} from '../instructions/guest-machine.js';
import { TIERS } from '../instructions/tiers.js';
import { RecordingEngine } from '../timing/recording-engine.js';

const DEVICE = 0x3000_0000n;
const DEVICE_BYTES = 0x2000n;

/** Retired instructions at the access, what it was, and RIP. */
type Access = readonly [retired: number, what: string, rip: bigint];

class DeviceMachine {
  readonly accesses: Access[] = [];
  readonly machine: GuestMachine;
  private reads = 0n;

  constructor(
    bits: Bits,
    source: string,
    translator: AttachTranslator | null = null,
    engine: RecordingEngine | null = null,
    host: Partial<ProcessorHost> = {},
  ) {
    const note = (what: string): void => {
      const { processor } = this.machine;
      this.accesses.push([processor.retired, what, processor.rip]);
    };
    const answers: Partial<ProcessorHost> = {
      deviceRead: (address, widthBytes) => {
        note(`read ${widthBytes} at ${(address - DEVICE).toString(16)}`);
        return ++this.reads;
      },
      deviceWrite: (address, widthBytes, value) => {
        note(`write ${widthBytes} at ${(address - DEVICE).toString(16)}: ${value.toString(16)}`);
      },
      ...host,
    };
    this.machine = new GuestMachine(bits, source, answers, engine?.attach ?? null, translator);
    this.machine.processor.setRamRanges([
      { base: 0n, end: DEVICE, rom: false },
      { base: DEVICE, end: DEVICE + DEVICE_BYTES, rom: false, device: true },
    ]);
    this.machine.setRegisters({ rbx: DEVICE, rsi: DEVICE, rdi: DATA });
  }

  get what(): string[] {
    return this.accesses.map(([, what]) => what);
  }

  /** Runs to HLT in slices of `budget`. */
  run(budget = 1_000_000): void {
    const { processor } = this.machine;
    for (;;) {
      const reason = processor.run(budget);
      if (reason === ExitReason.Halt) return;
      const goesOn = [ExitReason.Io, ExitReason.Budget, ExitReason.Pause].includes(reason);
      if (!goesOn) throw new Error(`${ExitReason[reason]} at 0x${processor.rip.toString(16)}`);
    }
  }
}

const TIMED = 'timed';
const ALL_TIERS = [...TIERS.map(([name]) => name), TIMED];

function machineOf(tier: string, bits: Bits, source: string): DeviceMachine {
  if (tier === TIMED) return new DeviceMachine(bits, source, null, new RecordingEngine(false));
  return new DeviceMachine(bits, source, TIERS.find(([name]) => name === tier)?.[1] ?? null);
}

describe.each(ALL_TIERS)('an access to a device, %s', (tier) => {
  it('is made once, with everything before it retired and RIP on its instruction', () => {
    const device = machineOf(
      tier,
      64,
      'nop\nnop\nhere: mov eax, [ebx + 0x20]\nnop\nthere: mov [ebx + 0x30], al\nhlt',
    );
    device.run();
    const { machine } = device;
    expect(device.accesses).toEqual([
      [2, 'read 4 at 20', machine.label('here')],
      [4, 'write 1 at 30: 1', machine.label('there')],
    ]);
    expect(machine.processor.retired).toBe(6);
    expect(machine.register('rax')).toBe(1n);
  });

  it('is not made by CLFLUSH, which loads nothing', () => {
    // The assembler has none: 0F AE /7 with EBX, 67h for 32-bit addresses.
    const device = machineOf(tier, 64, 'nop\ndb 0x67, 0x0f, 0xae, 0x3b\nmov eax, [ebx]\nhlt');
    device.run();
    expect(device.what).toEqual(['read 4 at 0']);
    expect(device.machine.processor.retired).toBe(4);
  });

  it('ends the run behind its instruction', () => {
    const { machine } = machineOf(tier, 64, 'nop\nmov eax, [ebx]\nhere: nop\nnop\nhlt');
    expect(machine.processor.run(100)).toBe(ExitReason.Io);
    expect([machine.processor.retired, machine.processor.rip]).toEqual([2, machine.label('here')]);
  });

  it('reads, then writes, for an instruction that does both', () => {
    const device = machineOf(tier, 64, 'mov eax, 0x10\nadd [ebx], eax\nxchg [ebx + 4], eax\nhlt');
    device.run();
    expect(device.what).toEqual([
      'read 4 at 0',
      'write 4 at 0: 11',
      'read 4 at 4',
      'write 4 at 4: 10',
    ]);
    expect(device.machine.register('rax')).toBe(2n);
  });

  it('is followed by the fault that its instruction meets behind it, before an interrupt that it has raised', () => {
    const source = `mov esi, ${DEVICE}\nmov edi, ${UNMAPPED}\nsti\nnop\nhere: movsd\nhlt`;
    const device = machineOf(tier, 64, source);
    const { machine } = device;
    const { processor } = machine;
    while (processor.run(100) === ExitReason.Pause);
    expect(device.what).toEqual(['read 4 at 0']);
    if (processor.interruptible) processor.deliverExternalInterrupt(20);
    expect(processor.rip).toBe(HANDLERS + 16n * 14n);
    expect(processor.controlRegister('cr2')).toBe(UNMAPPED);
    expect(machine.word(processor.register('rsp') + 8n)).toBe(machine.label('here'));
  });

  it('is one element of a string at a time; elements in RAM before it go in bulk', () => {
    const source = `mov ecx, 12\nmov edi, ${DEVICE - 32n}\nmov esi, ${DATA}\nrep movsd\nhlt`;
    const device = machineOf(tier, 64, source);
    for (let index = 0; index < 12; index++) {
      device.machine.setWord(DATA + BigInt(4 * index), BigInt(index + 1), 4);
    }
    device.run();
    const { machine } = device;
    expect(device.what).toEqual([
      'write 4 at 0: 9',
      'write 4 at 4: a',
      'write 4 at 8: b',
      'write 4 at c: c',
    ]);
    expect(machine.word(DEVICE - 4n, 4)).toBe(8n);
    expect([machine.register('rcx'), machine.register('rdi')]).toEqual([0n, DEVICE + 16n]);
    // Three moves, the string instruction once for each element of the device, HLT.
    expect(machine.processor.retired).toBe(3 + 4 + 1);
  });

  it('by CALL, PUSH and POP reaches the device too', () => {
    const source = `mov ebp, esp\nmov esp, ${DEVICE + 0x100n}\npush 0x55\npop edx\nmov esp, ebp\nhlt`;
    const device = machineOf(tier, 32, source);
    device.run();
    expect(device.what).toEqual(['write 4 at fc: 55', 'read 4 at fc']);
    expect(device.machine.register('rdx')).toBe(1n);
  });
});

describe('what happens does not depend on where runs are cut, nor on the tier', () => {
  const PROGRAM = `
    mov ecx, 5
  again:
    mov eax, [ebx]
    add [ebx + 8], eax
    push ecx
    mov ecx, 20
    mov esi, ${DATA + 0x100n}
    mov edi, ${DEVICE - 64n}
    rep movsd
    mov ecx, 3
    mov esi, ${DEVICE + 0xff8n}
    mov edi, ${DATA}
    rep movsw
    pop ecx
    cmp word [ebx + 0x20], 7
    sub ecx, 1
    jnz again
    hlt`;
  const outcome = (tier: string, bits: Bits, budget: number): unknown => {
    const device = machineOf(tier, bits, PROGRAM);
    device.run(budget);
    const { processor } = device.machine;
    return [device.accesses, processor.retired, processor.hash('')];
  };

  it.each([32, 64] as const)('%i-bit mode', (bits) => {
    const expected = outcome('interpreted', bits, 1_000_000);
    for (const tier of ALL_TIERS) {
      for (const budget of [1, 2, 7, 31, 1_000_000]) {
        expect(outcome(tier, bits, budget), `${tier}, budget ${budget}`).toEqual(expected);
      }
    }
  });

  it('a timed machine has the same time at each access', () => {
    const times = (budget: number): unknown => {
      const engine = new RecordingEngine(false);
      const seen: bigint[] = [];
      const device = new DeviceMachine(64, PROGRAM, null, engine, {
        deviceRead: () => {
          seen.push(engine.now);
          return 0n;
        },
      });
      device.run(budget);
      return [seen, engine.now];
    };
    for (const budget of [1, 2, 7, 31, 1000]) expect(times(budget)).toEqual(times(1_000_000));
  });
});

describe('an instruction that reaches a device', () => {
  it('is still protected by the interrupt shadow of STI', () => {
    const device = new DeviceMachine(64, 'sti\nmov eax, [ebx]\nhere: nop\nhlt');
    const { processor } = device.machine;
    processor.intrLine = true;
    expect(processor.run(100)).toBe(ExitReason.Io);
    expect(processor.rip).toBe(device.machine.label('here'));
    expect(processor.interruptible).toBe(true);
  });

  it('is followed by the single-step trap', () => {
    const device = new DeviceMachine(64, 'mov eax, [ebx]\nhere: hlt');
    const { processor } = device.machine;
    processor.rflags = 0x102n;
    device.run();
    expect(device.what).toEqual(['read 4 at 0']);
    expect(device.machine.vector).toBe(1);
    expect(device.machine.word(processor.register('rsp'))).toBe(device.machine.label('here'));
  });

  it('meets its instruction breakpoint once, and its data breakpoint behind it', () => {
    // DR0 on the load's instruction, DR1 on the device's register; the handler counts and returns with RF set.
    const source = `
      mov eax, load
      mov dr0, eax
      lea eax, [ebx + 4]
      mov dr1, eax
      mov eax, 0xf00005
      mov dr7, eax
    load:
      mov edx, [ebx + 4]
      hlt`;
    const device = new DeviceMachine(32, source);
    const { machine } = device;
    // add dword [esi], 1; or dword [esp + 8], 0x10000; iretd
    const handler = Uint8Array.from([0x83, 0x06, 1, 0x81, 0x4c, 0x24, 8, 0, 0, 1, 0, 0xcf]);
    machine.processor.write(HANDLERS + 16n, handler);
    machine.setRegisters({ rsi: DATA });
    device.run();
    expect(device.what).toEqual(['read 4 at 4']);
    expect(machine.word(DATA, 4)).toBe(2n);
    expect(machine.register('rdx')).toBe(1n);
  });

  it('and faults elsewhere has not reached it', () => {
    const source = 'mov esi, 0x20\nmov edi, 0x40000000\nmov eax, [ebx]\nmov dword [edi], 1\nhlt';
    const device = new DeviceMachine(64, source);
    device.run();
    expect(device.what).toEqual(['read 4 at 0']);
    expect(device.machine.vector).toBe(14);
  });
});

describe('what no register answers to', () => {
  it.each([
    ['the descriptor of a segment', 'lgdt [ebx + 0x40]\nhlt'],
    ['an access that crosses into the next page', 'mov eax, [ebx + 0xffe]\nhlt'],
  ])('%s: ones, or nothing at all', (_, source) => {
    const device = new DeviceMachine(32, source);
    device.run();
    expect(device.what.every((what) => what.startsWith('read'))).toBe(true);
  });

  it('a vector reads ones, and its store is lost', () => {
    // MOVDQU xmm0, [ebx]; MOVDQU [ebx], xmm0; MOVDQU [edi], xmm0
    const source = 'db 0xF3, 0x0F, 0x6F, 0x03, 0xF3, 0x0F, 0x7F, 0x03, 0xF3, 0x0F, 0x7F, 0x07\nhlt';
    const device = new DeviceMachine(32, source);
    device.machine.processor.setControlRegister('cr4', 0x200n);
    device.run();
    expect(device.what).toEqual([]);
    expect(device.machine.word(DATA)).toBe(0xffff_ffff_ffff_ffffn);
  });

  it('the stack of a handler: the event is delivered and its frame is lost', () => {
    const device = new DeviceMachine(32, `mov esp, ${DEVICE + 0x100n}\nud2\nhlt`);
    device.run();
    expect([device.machine.vector, device.what]).toEqual([6, []]);
  });
});
