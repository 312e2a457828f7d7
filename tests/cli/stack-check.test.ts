/** `--check stack`: what is stored below the variable or label of the image in which the stack is; changes of the stack are none. */
import { describe, expect, it } from 'vitest';
import { flatImage, guestOf, imageFile } from '../guests/guest.js';
import { runRecord, s7x } from './s7x.js';

const STT_NOTYPE = 0;
const STT_OBJECT = 1;

const object = (name: string, address: bigint, sizeBytes: bigint, type = STT_OBJECT) =>
  ({ name, address, sizeBytes, type, isCode: false }) as const;

/** Two stacks of 4 KiB, one right below the other, and a variable below both. */
const OBJECTS = [
  object('neighbour', 0x1fe000n, 0x1000n),
  object('second', 0x1ff000n, 0x1000n),
  object('stack', 0x200000n, 0x1000n),
];
const LABELS = [
  object('second', 0x1ff000n, 0n, STT_NOTYPE),
  object('stack', 0x200000n, 0n, STT_NOTYPE),
  object('stack_top', 0x201000n, 0n, STT_NOTYPE),
];

interface Case {
  readonly name: string;
  readonly code: string;
  /** `access address bytes times` at the label `at`. */
  readonly found: readonly string[];
}

const CASES: readonly Case[] = [
  {
    name: 'a stack that is filled to its last byte',
    code: 'mov esp, 0x200008\npush eax\npush eax\npop eax\npop eax',
    found: [],
  },
  {
    name: 'one push more',
    code: 'mov esp, 0x200008\npush eax\npush eax\nat: push eax',
    found: ['write 0x1ffffc 4 1'],
  },
  {
    name: 'a push of which half is below',
    code: 'mov esp, 0x201000\npush eax\nmov esp, 0x200002\nat: push eax',
    found: ['write 0x1ffffe 2 1'],
  },
  {
    name: 'a call',
    code: 'mov esp, 0x200000\nadd esp, 16\npush eax\nsub esp, 12\nat: call leaf\njmp behind\nleaf: ret\nbehind: nop',
    found: ['write 0x1ffffc 4 1'],
  },
  {
    name: 'a frame that reaches below, where it is stored to',
    code: 'mov esp, 0x200040\npush eax\nsub esp, 0x100\nat: mov [esp + 8], eax',
    found: ['write 0x1fff44 4 1'],
  },
  {
    name: 'the same frame, of which only what is in the stack is stored to',
    code: 'mov esp, 0x200040\npush eax\nsub esp, 0x100\nmov [esp + 0xf0], eax\nadd esp, 0x100\npop eax',
    found: [],
  },
  {
    name: 'a recursion: each store of each pass',
    code: 'mov esp, 0x200020\npush eax\nmov ecx, 16\nat: push ecx\nloop at',
    found: ['write 0x1ffffc 4 9'],
  },
  {
    name: 'a change to the stack right below, to its top',
    code: 'mov esp, 0x200100\npush eax\nmov esp, 0x200000\npush eax\npush ebx\npop ebx',
    found: [],
  },
  {
    name: 'a change to the stack right below, in use, from one that is almost full',
    code: [
      'mov esp, 0x1fff00\npush eax\npush ebx\nmov edi, esp',
      'mov esp, 0x200010\npush eax\nmov esp, edi\npop ebx\npush ebx\npush ecx',
    ].join('\n'),
    found: [],
  },
  {
    name: 'a change to the stack above',
    code: 'mov esp, 0x1fff00\npush eax\nmov esp, 0x200800\npush eax\npop eax',
    found: [],
  },
  {
    name: 'a stack that lies in no variable',
    code: 'mov esp, 0x300000\npush eax\nsub esp, 0x1000\npush eax',
    found: [],
  },
  {
    name: 'stores to the variable below by its address',
    code: 'mov esp, 0x200100\npush eax\nmov [0x1ffffc], eax\nmov [0x1fe000], eax',
    found: [],
  },
];

describe.each([
  ['variables with sizes', OBJECTS],
  ['labels without', LABELS],
])('%s', (_, objects) => {
  it.each(CASES)('$name', async ({ code, found: expected }) => {
    const image = guestOf(`${code}\nmov esp, 0x180000\njmp power_off`, objects);
    const run = await s7x(['run', image, '-m', '8M', '--cpu', 'unit', '--check', 'stack']);
    const { checks = [] } = runRecord(run);
    const found = checks.map(({ access, address, bytes, count }) =>
      [access, address, bytes, count].join(' '),
    );
    expect(found).toEqual(expected);
    expect(checks.map((finding) => finding.function)).toEqual(expected.map(() => 'at'));
    expect(run.status).toBe(expected.length === 0 ? 0 : 4);
  });
});

it('names the stack', async () => {
  const image = guestOf('mov esp, 0x200004\npush eax\npush eax\njmp power_off', OBJECTS);
  const run = await s7x(['run', image, '-m', '8M', '--cpu', 'unit', '--check', 'stack']);
  expect(run.stderr).toContain(
    '--check stack: write of 4 bytes at 0x1ffffc, below stack (0x200000), in which the stack is, by 0x',
  );
});

it('is refused where the image names neither variables nor labels', async () => {
  const image = imageFile(flatImage('hobby-disk'), 'disk.img');
  const run = await s7x(['run', image, '--cpu', 'unit', '--check', 'stack']);
  expect(run.status).toBe(2);
  expect(run.stderr).toMatch(
    /^s7x: --check stack: .*disk\.img names no variables and labels outside of code, so nothing says where a stack ends \(an ELF file of --symbols may\)\n$/,
  );
});

it('the bundled kernel keeps to its stacks', async () => {
  const run = await s7x(['run', '-m', '8M', '--cpu', 'unit', '--check', 'stack']);
  expect([run.status, runRecord(run).checks]).toEqual([0, []]);
});
