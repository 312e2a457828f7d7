/**
 * `--check tlb`: accesses by a translation that page tables no longer have, where no invalidation came between.
 * What needs one: SDM-3, "Invalidation of TLBs and Paging-Structure Caches", with "Optional Invalidation" for what does not.
 */
import { describe, expect, it } from 'vitest';
import { guestOf } from '../guests/guest.js';
import { runRecord, s7x } from './s7x.js';

/** 4 MiB as they lie, and behind them the table at 201000h: 400000h is at 500000h, 401000h at 501000h, 402000h nowhere. CR0.WP = 1. */
const PAGING = `
mov dword [0x200000], 0x83
mov dword [0x200004], 0x201003
mov dword [0x201000], 0x500003
mov dword [0x201004], 0x501003
mov eax, cr4
or eax, 0x10
mov cr4, eax
mov eax, 0x200000
mov cr3, eax
mov eax, cr0
or eax, 0x80010000
mov cr0, eax
mov eax, [0x400000]
mov [0x400000], eax
mov eax, 0x400000
`;
const INVLPG = 'db 0x0f, 0x01, 0x38'; // [eax]

interface Case {
  readonly name: string;
  readonly code: string;
  /** `access physical linear bytes times` of the finding, at the label `at`. */
  readonly found: readonly string[];
}

const CASES: readonly Case[] = [
  {
    name: 'a load from a page that has been mapped elsewhere',
    code: 'mov dword [0x201000], 0x600003\nat: mov ebx, [0x400010]',
    found: ['read 0x500010 0x400010 4 1'],
  },
  {
    name: 'a store to it',
    code: 'mov dword [0x201000], 0x600003\nat: mov [0x400010], bl',
    found: ['write 0x500010 0x400010 1 1'],
  },
  {
    name: 'three loads of a loop',
    code: 'mov dword [0x201000], 0x600003\nmov ecx, 3\nat: mov ebx, [0x400000]\nloop at',
    found: ['read 0x500000 0x400000 4 3'],
  },
  {
    name: 'a string that goes there',
    code: 'mov dword [0x201000], 0x600003\nmov edi, 0x400000\nmov ecx, 8\nat: rep stosd',
    found: ['write 0x500000 0x400000 32 1'],
  },
  {
    name: 'a push',
    code: 'mov dword [0x201000], 0x600003\nmov esp, 0x400100\nat: push eax\nmov esp, 0x180000',
    found: ['write 0x5000fc 0x4000fc 4 1'],
  },
  {
    name: 'a load from a page that is not present any more',
    code: 'mov dword [0x201000], 0\nat: mov ebx, [0x400000]',
    found: ['read 0x500000 0x400000 4 1'],
  },
  {
    name: 'a store to a page that has become read-only',
    code: 'mov dword [0x201000], 0x500001\nmov ebx, [0x400000]\nat: mov [0x400000], ebx',
    found: ['write 0x500000 0x400000 4 1'],
  },
  {
    name: 'a change higher up: another table',
    code: 'mov dword [0x202000], 0x601003\nmov dword [0x200004], 0x202003\nat: mov ebx, [0x400000]',
    found: ['read 0x500000 0x400000 4 1'],
  },
  {
    name: 'an invalidation of another page',
    code: `mov dword [0x201000], 0x600003\nmov eax, 0x401000\n${INVLPG}\nat: mov ebx, [0x400000]`,
    found: ['read 0x500000 0x400000 4 1'],
  },
  {
    name: 'INVLPG behind the change',
    code: `mov dword [0x201000], 0x600003\n${INVLPG}\nat: mov ebx, [0x400000]`,
    found: [],
  },
  {
    name: 'MOV to CR3 behind the change',
    code: 'mov dword [0x201000], 0x600003\nmov ebx, cr3\nmov cr3, ebx\nat: mov ebx, [0x400000]',
    found: [],
  },
  {
    name: 'INVLPG before the change, and no access between',
    code: `${INVLPG}\nmov dword [0x201000], 0x600003\nat: mov ebx, [0x400000]`,
    found: [],
  },
  {
    name: 'a page that was not present',
    code: 'mov dword [0x201008], 0x502003\nat: mov [0x402000], ebx\nmov ebx, [0x402000]',
    found: [],
  },
  {
    name: 'a page that nobody has touched',
    code: 'mov dword [0x201004], 0x602003\nat: mov ebx, [0x401000]',
    found: [],
  },
  {
    name: 'a right that is given',
    code: `mov dword [0x201000], 0x500001\n${INVLPG}\nmov ebx, [0x400000]\nor dword [0x201000], 2\nat: mov [0x400000], ebx`,
    found: [],
  },
  {
    name: 'accessed and dirty flags that are cleared',
    code: 'mov dword [0x201000], 0x500003\nat: mov [0x400000], ebx',
    found: [],
  },
  {
    name: 'the same frame by another table',
    code: 'mov dword [0x202000], 0x500003\nmov dword [0x200004], 0x202003\nat: mov ebx, [0x400000]',
    found: [],
  },
];

describe.each(['unit', 'zen1'])('with --cpu %s', (cpu) => {
  it.each(CASES)('$name', async ({ code, found: expected }) => {
    const image = guestOf(`${PAGING}${code}\njmp power_off`);
    const run = await s7x(['run', image, '-m', '8M', '--cpu', cpu, '--check', 'tlb']);
    const { checks = [] } = runRecord(run);
    const found = checks.map(({ access, address, linear, bytes, count }) =>
      [access, address, linear, bytes, count].join(' '),
    );
    expect(found).toEqual(expected);
    expect(checks.map((finding) => finding.function)).toEqual(expected.map(() => 'at'));
    expect(run.status).toBe(expected.length === 0 ? 0 : 4);
  });
});

it('names both addresses, and what is missing', async () => {
  const [first] = CASES;
  const image = guestOf(`${PAGING}${first?.code}\njmp power_off`);
  const run = await s7x(['run', image, '-m', '8M', '--cpu', 'unit', '--check', 'tlb']);
  expect(run.stderr).toMatch(
    /--check tlb: read of 4 bytes at 0x500010 \(linear 0x400010\), by a translation that page tables no longer have, and that was not invalidated, by 0x[0-9a-f]+ \(at\) at cycle /,
  );
});
