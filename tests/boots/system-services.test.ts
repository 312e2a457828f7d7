/**
 * INT 15h as loaders use it: to wait, and to open and close the A20 gate. Expectations: IBM PC AT Technical Reference,
 * INT 15h AH=86h; QEMU with SeaBIOS, with the same sectors.
 */
import { describe, expect, it } from 'vitest';
import { assemble } from '../../firmware/assembler/assemble.js';
import { TestMachine } from '../guests/test-machine.js';
import { hasQemu, qemuDisk, withQemu } from '../qemu/qemu.js';

const FAILED = 1;
const ADDRESS_WRAPS = 0x22;
const REACHES_HIGH_MEMORY = 0x11;

/** Leaves with what the body left in AL, or with FAILED. */
const sector = (body: string): Uint8Array =>
  assemble(
    'sector.asm',
    () => `org 0x7C00
    xor ax, ax
    mov ds, ax
    ${body}
  leave:
    out 0xF4, al
  failed:
    mov al, ${FAILED}
    out 0xF4, al
    times 510-($-$$) db 0
    dw 0xAA55`,
  ).bytes;

/** Ticks of the clock at 18.2 Hz while it waits a second. */
const WAITS = sector(`
    mov bx, [0x46C]
  tick:
    cmp bx, [0x46C]
    je tick
    mov bx, [0x46C]
    mov ah, 0x86
    mov cx, 1000000 >> 16
    mov dx, 1000000 & 0xFFFF
    int 0x15
    jc failed
    mov ax, [0x46C]
    sub ax, bx`);

/** What stands at 500h after a write to it and to the address 1 MiB above. */
const setsA20 = (service: number): Uint8Array =>
  sector(`
    mov ax, ${service}
    int 0x15
    jc failed
    mov ax, 0xFFFF
    mov es, ax
    mov byte [0x500], ${REACHES_HIGH_MEMORY}
    mov byte [es:0x510], ${ADDRESS_WRAPS}
    mov al, [0x500]`);

const gates = [
  ['off', 0x2400, ADDRESS_WRAPS],
  ['on', 0x2401, REACHES_HIGH_MEMORY],
] as const;

function exitValue(bytes: Uint8Array): number | undefined {
  const end = new TestMachine(bytes).run();
  expect(end.kind).toBe('debug-exit');
  return end.value;
}

it('AH=86h waits a second: 18 ticks', () => {
  expect(exitValue(WAITS)).toBe(18);
});

it.each(gates)('A20 is %s after AX=%i', (_title, service, value) => {
  expect(exitValue(setsA20(service))).toBe(value);
});

describe.skipIf(!hasQemu)(withQemu('on QEMU with SeaBIOS'), () => {
  it('AH=86h waits no less than a second', async () => {
    expect((await qemuDisk(WAITS)).status).toBeGreaterThanOrEqual(2 * 18 + 1);
  });

  it.each(gates)('A20 is %s after AX=%i', async (_title, service, value) => {
    expect((await qemuDisk(setsA20(service))).status).toBe(2 * value + 1);
  });
});
