/**
 * What images of each boot protocol are handed. Expectations: Multiboot Specification 0.6.96; Linux, boot.rst and
 * zero-page.rst; QEMU, where it loads the same file.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { emptyFolder, s7x } from '../cli/s7x.js';
import { flatImage, guestOf, imageFile } from '../guests/guest.js';
import { hasQemu, qemuKernel, withQemu } from '../qemu/qemu.js';

const folder = emptyFolder();
const file = (name: string, bytes: Uint8Array | string): string => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
};
const boot = (path: string, ...more: string[]) =>
  s7x([
    ...['run', path, '--cpu', 'unit', '--uart', 'instant', ...more],
    ...(more.includes('-m') ? [] : ['-m', '64M']),
  ]);

/** An ELF32 file with one segment. [gABI 4.1, ELF header and program header] */
function elf32(bytes: Uint8Array, address: number, entry: number, virtual = address): Uint8Array {
  const view = new DataView(new ArrayBuffer(52 + 32 + bytes.byteLength));
  [0x7f, 0x45, 0x4c, 0x46, 1, 1, 1].forEach((byte, at) => view.setUint8(at, byte));
  view.setUint16(16, 2, true);
  view.setUint16(18, 3, true);
  view.setUint32(20, 1, true);
  view.setUint32(24, entry, true);
  view.setUint32(28, 52, true);
  view.setUint16(40, 52, true);
  view.setUint16(42, 32, true);
  view.setUint16(44, 1, true);
  const header = [1, 84, virtual, address, bytes.byteLength, 0x50000, 7, 4096];
  header.forEach((word, index) => view.setUint32(52 + 4 * index, word, true));
  new Uint8Array(view.buffer).set(bytes, 84);
  return new Uint8Array(view.buffer);
}

/** The multiboot guest without address fields: flag 16 cleared, the checksum put right. */
function withoutAddresses(): Uint8Array {
  const bytes = Uint8Array.from(flatImage('multiboot'));
  const view = new DataView(bytes.buffer);
  view.setUint32(4, 3, true);
  view.setUint32(8, -(0x1badb002 + 3) >>> 0, true);
  return bytes;
}

const ENTRY = 0x100020;
const handed = (commandLine: string): string[] => [
  '2badb002',
  '00000000',
  '00000001',
  '0000004d',
  '0000027f', // 639 KiB
  '0000fc00', // 63 MiB
  commandLine,
  '00000000',
];

describe('multiboot', () => {
  it.each<[string, () => Uint8Array]>([
    ['an image that says by itself where it goes', () => flatImage('multiboot')],
    ['an ELF32 file', () => elf32(withoutAddresses(), 0x100000, ENTRY)],
    [
      'an ELF32 file that is linked elsewhere',
      () => elf32(withoutAddresses(), 0x100000, ENTRY + 0xc0000000, 0xc0100000),
    ],
  ])('%s', async (_, image) => {
    const { stdout, status } = await boot(file('kernel', image()), '--append', 'a=1 b');
    expect(stdout.split('\n').slice(0, 9)).toEqual([...handed('kernel a=1 b'), '00000000']);
    expect(status).toBe(0);
  });

  it('modules lie on pages, each with its text', async () => {
    const one = file('one', 'Xyz');
    const two = file('two', new Uint8Array(5000).fill(0x59));
    const { stdout } = await boot(
      file('kernel', flatImage('multiboot')),
      '--module',
      `${one}=first module`,
      '--module',
      two,
    );
    expect(stdout.split('\n').slice(8, 17)).toEqual([
      '00000002',
      '00000000',
      '00000003',
      '00000058',
      'first module',
      '00000000',
      '00001388',
      '00000059',
      '',
    ]);
  });

  it('the map is the firmware’s, entry by entry', async () => {
    const { stdout } = await boot(file('kernel', flatImage('multiboot')));
    const words = stdout.trim().split('\n').slice(9);
    expect(words.slice(0, 4)).toEqual(['00000000', '00000001', '0009fc00', '00000002']);
  });

  it('refuses what the header requires and nobody knows', async () => {
    const bytes = Uint8Array.from(flatImage('multiboot'));
    const view = new DataView(bytes.buffer);
    view.setUint32(4, 0x10013, true);
    view.setUint32(8, -(0x1badb002 + 0x10013) >>> 0, true);
    const { status, stderr } = await boot(file('wants-more', bytes));
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /wants-more: the multiboot header requires features that are not known \(flags 0x10\)/,
    );
  });

  it('refuses an image that lies where things are handed over', async () => {
    const image = elf32(withoutAddresses(), 0x20000, 0x20020);
    const { status, stderr } = await boot(file('low', image));
    expect(status).toBe(2);
    expect(stderr).toMatch(/low: segment 0 lies over 0x10000–0x7ffff, where the memory map/);
  });

  describe.skipIf(!hasQemu)(withQemu('is what QEMU hands over'), () => {
    it('registers, flags, sizes, zeroed BSS', async () => {
      const path = file('kernel', flatImage('multiboot'));
      const [qemu, ours] = [await qemuKernel(path, '64M'), await boot(path)];
      const comparable = (text: string): string[] =>
        text.split('\n').filter((_, line) => line < 5 || line === 7 || line === 8);
      expect(comparable(ours.stdout)).toEqual(comparable(qemu.serial));
    });
  });
});

describe('Linux in real mode', () => {
  const image = () => flatImage('linux16-image');
  const words = () => ['--append', 'one two', '--initrd', file('disk', new Uint8Array(4660))];
  // Code behind the first sector, one segment for data and stack, interrupts off, heap, LOADED_HIGH and CAN_USE_HEAP,
  // code32_start of the image, disk, no key
  const SAID = '0020 0000 0000 0000 0000 0000 fe00 0081 0400 1234 -one two\nHIGHCODE';

  it('enters the code of an image that has no other entry, with what it is promised', async () => {
    const { stdout, status } = await boot(file('old', image()), ...words());
    expect(stdout).toBe(SAID);
    expect(status).toBe(33);
  });

  it.skipIf(!hasQemu)(withQemu('is what QEMU hands over'), async () => {
    const { serial, status } = await qemuKernel(file('old', image()), '64M', 'one two', [
      '-initrd',
      file('disk', new Uint8Array(4660)),
    ]);
    expect({ serial, status }).toEqual({ serial: SAID, status: 33 });
  });

  it('is there for newer kernels that are asked for it', async () => {
    const bytes = Uint8Array.from(image());
    new DataView(bytes.buffer).setUint16(0x206, 0x20f, true);
    const { stdout } = await boot(file('new', bytes), '--boot', 'linux16', ...words());
    expect(stdout).toBe(SAID);
  });

  it.each<[string, (view: DataView) => void, string[], RegExp]>([
    [
      'a protocol without a command line pointer',
      (view) => view.setUint16(0x206, 0x0201, true),
      [],
      /boot protocol 2\.01; 2\.02 or later is needed/,
    ],
    ['a zImage', (view) => view.setUint8(0x211, 0), [], /a zImage, which loads below 1 MiB/],
    ['a file cut short', (view) => view.setUint8(0x1f1, 200), [], /truncated Linux image/],
    [
      'real-mode code that reaches its own stack',
      (view) => view.setUint8(0x1f1, 111),
      [],
      /57344 bytes of real-mode code; 56832 leave room for its stack/,
    ],
    [
      'a command line that is too long',
      () => undefined,
      ['--append', 'x'.repeat(256)],
      /256 characters; this kernel takes 255/,
    ],
    [
      'another entry',
      () => undefined,
      ['--entry', '0x10400'],
      /--entry 0x10400: real-mode code of a Linux image is entered at 0x10200/,
    ],
  ])('refuses %s', async (_, damage, more, sentence) => {
    const bytes = new Uint8Array(0x10000);
    bytes.set(image());
    damage(new DataView(bytes.buffer));
    const { status, stderr } = await boot(file('bad', bytes), ...more);
    expect(status).toBe(2);
    expect(stderr).toMatch(sentence);
  });
});

describe('Linux', () => {
  const kernel = () => file('bzImage', flatImage('linux-image'));

  it('hands over the zero page: command line, initial RAM disk, map', async () => {
    const disk = file('disk', new Uint8Array(70_000).fill(0x33));
    const { stdout, status } = await boot(kernel(), '--append', 'console=ttyS0', '--initrd', disk);
    expect(stdout.split('\n').slice(0, 12)).toEqual([
      ...['00100018', '00000000', '53726448', '000000ff', 'console=ttyS0'],
      ...['00011170', '00000033', '00000007', '00000000', '00000001', '0009fc00', '00000002'],
    ]);
    expect(status).toBe(0);
  });

  it('entries that have no room in the zero page follow in a setup_data record', async () => {
    const additions = Array.from({ length: 130 }, (_, n) => [
      '--memmap-add',
      `4K@0x${(0x2000000 + n * 0x2000).toString(16)}:reserved`,
    ]);
    const { stdout } = await boot(kernel(), ...additions.flat());
    const lines = stdout.trim().split('\n');
    expect(lines[6]).toBe('00000080');
    const more = Number.parseInt(lines.at(-1) ?? '', 16);
    expect([lines.at(-2), more % 20, more >= 9 * 20]).toEqual(['00000001', 0, true]);
  });

  /** XLF_KERNEL_64 and XLF_CAN_BE_LOADED_ABOVE_4G; initrd_addr_max just behind the kernel. */
  const kernel64 = (flags: number) => {
    const bytes = Uint8Array.from(flatImage('linux-image'));
    const view = new DataView(bytes.buffer);
    view.setUint16(0x236, flags, true);
    view.setUint32(0x22c, 0x20ffff, true);
    return file('bzImage-64', bytes);
  };
  const large = () => file('disk', new Uint8Array(70_000).fill(0x33));

  it('enters 64-bit code where the kernel has it', async () => {
    const { stdout, status } = await boot(kernel64(1));
    expect(stdout.split('\n')).toEqual([
      ...[
        '00100018',
        '00000000',
        '00000500',
        '00000000',
        '53726448',
        '00000000',
        '00000000',
        '00000000',
      ],
      ...['000000ea', ''],
    ]);
    expect(status).toBe(0);
  });

  describe('code32_start, "the address to jump to in protected mode"', () => {
    const LOADED = 0x100000;
    /** Behind the image's own code: INC EBX, which the image prints as not 0, and a jump to its beginning. */
    const withHook = (xloadflags: number, code32Start?: number) => {
      const own = flatImage('linux-image');
      const hook = LOADED + own.byteLength - 0x400;
      const bytes = new Uint8Array(own.byteLength + 6);
      bytes.set(own);
      const view = new DataView(bytes.buffer);
      view.setUint16(own.byteLength, 0x43e9);
      view.setInt32(own.byteLength + 2, LOADED - (hook + 6), true);
      view.setUint16(0x236, xloadflags, true);
      view.setUint32(0x214, code32Start ?? hook, true);
      return file('hooked', bytes);
    };
    const second = (stdout: string): string | undefined => stdout.split('\n')[1];

    it('is where the 32-bit protocol begins, as GRUB has it', async () => {
      const { stdout, status } = await boot(withHook(0));
      expect([second(stdout), status]).toEqual(['00000001', 0]);
    });

    it('is not where the 64-bit protocol begins: "the start address of loaded 64-bit kernel plus 0x200"', async () => {
      const { stdout, status } = await boot(withHook(1));
      expect([stdout.split('\n').slice(0, 3), status]).toEqual([
        ['00100018', '00000000', '00000500'],
        0,
      ]);
    });

    it.each([0, 0xfffff, 0x8001000])('is refused where nothing is loaded: 0x%x', async (start) => {
      const path = withHook(0, start);
      const { status, stderr } = await boot(path);
      expect(status).toBe(2);
      expect(stderr).toContain(
        `hooked: code32_start, its 32-bit entry, is 0x${start.toString(16)}, which is not in what is loaded at 0x100000`,
      );
      const given = await boot(path, '--entry', '0x100000');
      expect([second(given.stdout), given.status]).toEqual(['00000000', 0]);
    });
  });

  it('puts the initial RAM disk above 4 GiB where there is no room below and the kernel can', async () => {
    const { stdout } = await boot(kernel64(3), '--initrd', large(), '-m', '6G');
    expect(stdout.split('\n').slice(5, 8)).toEqual(['00000001', '00011170', '00000000']);
    const { status, stderr } = await boot(kernel64(1), '--initrd', large(), '-m', '6G');
    expect([status, stderr]).toEqual([
      2,
      expect.stringMatching(/no room for its 72 KiB .* below 0x210000/),
    ]);
  });

  it.each<[string, (view: DataView) => void, string[], RegExp]>([
    [
      'an old protocol',
      (view) => view.setUint16(0x206, 0x0205, true),
      ['--boot', 'linux'],
      /boot protocol 2\.05; 2\.06 or later is needed/,
    ],
    ['a zImage', (view) => view.setUint8(0x211, 0), [], /a zImage, which loads below 1 MiB/],
    [
      'a kernel that needs more RAM',
      (view) => view.setUint32(0x260, 0x8000000, true),
      [],
      /128 MiB it runs in.*lies outside the RAM/,
    ],
    [
      'a kernel that moves itself beyond the RAM to be aligned',
      (view) => {
        view.setUint16(0x206, 0x020a, true);
        view.setUint32(0x230, 0x4000000, true); // kernel_alignment: 64 MiB
        view.setUint8(0x234, 1); // relocatable_kernel
        view.setBigUint64(0x258, 0x100000n, true); // pref_address
        view.setUint32(0x260, 0x100000, true); // init_size
      },
      ['--boot', 'linux'],
      /64 MiB it runs in.*lies outside the RAM/,
    ],
    [
      'a command line that is too long',
      () => undefined,
      ['--append', 'x'.repeat(256)],
      /256 characters; this kernel takes 255/,
    ],
  ])('refuses %s', async (_, damage, more, sentence) => {
    const bytes = Uint8Array.from(flatImage('linux-image'));
    damage(new DataView(bytes.buffer));
    const { status, stderr } = await boot(file('bad', bytes), ...more);
    expect(status).toBe(2);
    expect(stderr).toMatch(sentence);
  });

  it('refuses a second initial RAM disk, and one without room', async () => {
    const disk = file('disk', 'x');
    const large = file('large', new Uint8Array(64 << 20));
    const two = await boot(kernel(), '--initrd', disk, '--module', disk);
    expect([two.status, two.stderr]).toEqual([
      2,
      expect.stringMatching(/takes one initial RAM disk/),
    ]);
    const room = await boot(kernel(), '--initrd', large);
    expect([room.status, room.stderr]).toEqual([
      2,
      expect.stringMatching(/large: no room for its 64 MiB in usable memory/),
    ]);
  });
});

describe('PVH', () => {
  it('modules are in hvm_start_info, with their texts', async () => {
    const module = file('module', 'Q');
    const path = guestOf(`
      call com1_init
      mov eax, [ebx + 12]
      mov ebp, [ebx + 16]
      call put_hex
      mov eax, [ebp + 8]
      call put_hex
      mov esi, [ebp]
      movzx eax, byte [esi]
      call put_hex
      mov esi, [ebp + 16]
      call puts
      jmp power_off`);
    const { stdout } = await boot(path, '--module', `${module}=its text`);
    // EBX is put_hex's: the guest reads what it needs first.
    expect(stdout.split('\n')).toEqual(['00000001', '00000001', '00000051', 'its text']);
  });
});

describe('--boot', () => {
  it.each([
    ['pvh', /an ELF file|no ELF file/],
    ['linux', /no Linux image: there is no "HdrS"/],
    ['boot-sector', /no boot sector: 512 bytes that end in 55 aa/],
    ['mulitboot', /no such boot protocol.*did you mean 'multiboot'/],
  ])('%s is not what the file is', async (kind, sentence) => {
    const { status, stderr } = await boot(imageFile(flatImage('multiboot'), 'k'), '--boot', kind);
    expect(status).toBe(2);
    expect(stderr).toMatch(sentence);
  });
});

it('refuses a module without a name', async () => {
  const { status, stderr } = await boot(
    file('kernel', flatImage('multiboot')),
    '--module',
    '=text',
  );
  expect([status, stderr]).toEqual([2, expect.stringMatching(/--module: no file is named/)]);
});
