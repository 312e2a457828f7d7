/** What a guest has written to its disk goes on with a snapshot. Commands: ATA-6, "WRITE SECTOR(S)", "READ SECTOR(S)". */
import { statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { emptyFolder, runRecord, s7x } from '../cli/s7x.js';
import { guestOf } from '../guests/guest.js';

/** So many places of the disk, 64 KiB apart, are written to. Kept as numbers in JSON, they would not fit in a header's 256 MiB. */
const PLACES = 2600;
const DISTANCE_SECTORS = 128;

/** Writes the number of each place to its sector, says so, and adds up what it reads back. */
const image = guestOf(`
    call com1_init
    mov ebp, ${PLACES}
writing:
    mov al, 0x30
    call command
    mov eax, ebp
    mov dx, 0x1F0
    mov ecx, 256
write:
    out dx, ax
    dec ecx
    jnz write
    dec ebp
    jnz writing
    mov esi, written
    call puts
    mov ebp, ${PLACES}
    xor esi, esi
reading:
    mov al, 0x20
    call command
    mov dx, 0x1F0
    mov ecx, 256
read:
    in ax, dx
    movzx eax, ax
    add esi, eax
    dec ecx
    jnz read
    dec ebp
    jnz reading
    mov eax, esi
    call put_hex
    jmp power_off
; AL to device 0, with the sector of place EBP, when BSY is clear; waits for DRQ.
command:
    mov edi, eax
    mov dx, 0x1F7
busy:
    in al, dx
    test al, 0x80
    jnz busy
    imul ebx, ebp, ${DISTANCE_SECTORS}
    sub ebx, ${DISTANCE_SECTORS}
    mov dx, 0x1F2
    mov al, 1
    out dx, al
    mov eax, ebx
    inc dx
    out dx, al
    shr eax, 8
    inc dx
    out dx, al
    shr eax, 8
    inc dx
    out dx, al
    inc dx
    mov al, 0xE0
    out dx, al
    mov eax, edi
    inc dx
    out dx, al
not_yet:
    in al, dx
    and al, 0x88
    cmp al, 0x08
    jne not_yet
    ret
written:
    db 'written', 10, 0
`);

it('blocks that were written are read behind it, however many they are', async () => {
  const folder = emptyFolder();
  writeFileSync(join(folder, 'disk.img'), '');
  truncateSync(join(folder, 'disk.img'), PLACES * DISTANCE_SECTORS * 512);
  const words = ['--disk', 'disk.img', '-m', '8M', '--functional', '--uart', 'instant'];
  const save = ['--save-at', 'serial:written=half.snap'];
  const run = await s7x(['run', image, ...words, ...save], { folder });
  const sum = (256 * PLACES * (PLACES + 1)) / 2;
  expect(run.stdout).toContain(sum.toString(16));
  expect(statSync(join(folder, 'half.snap')).size).toBeLessThan(4 << 20);
  const on = await s7x(['run', 'half.snap', '-o', 'on'], { folder });
  expect(on.stderr).toContain('PASS');
  expect(run.stdout.endsWith(on.stdout)).toBe(true);
  const [now, then] = [runRecord(on, 'on'), runRecord(run)];
  expect([now.hash, now.stats.cycles]).toEqual([then.hash, then.stats.cycles]);
});
