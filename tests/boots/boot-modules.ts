/**
 * Boot modules of a test's own: a start info in place of the loader's, written before the kernel's first instruction. Its layout is that
 * of the PVH boot protocol (hvm_start_info, hvm_modlist_entry), version 1.
 */
import type { Machine } from '../../emulator/machine/machine.js';

const COUNT_OFFSET = 12n;
const LIST_OFFSET = 16n;
const ENTRY_BYTES = 32n;
const ENTRY_INSTRUCTIONS_MAX = 5_000_000;

export interface ModulePlace {
  readonly address: bigint;
  readonly bytes: Uint8Array;
}

/** Runs to the kernel's first instruction; the address of its start info. @throws when the firmware does not come there */
function enterKernel(machine: Machine): bigint {
  const { processor, clock } = machine;
  const entry = machine.symbols.addressOf('__boot_entry');
  for (let left = ENTRY_INSTRUCTIONS_MAX; processor.rip !== entry; left--) {
    if (left === 0) throw new Error('the firmware does not enter the kernel');
    clock.advanceTo(machine.nowCycles);
    processor.run(1);
  }
  return processor.register('rbx');
}

const bytesOf = (words: BigUint64Array | Uint32Array): Uint8Array => new Uint8Array(words.buffer);

/** Gives the kernel that `machine` is about to enter these modules, and a list of them at `list`, which says that they are `count`. */
export function giveModules(
  machine: Machine,
  list: bigint,
  modules: readonly ModulePlace[],
  count = modules.length,
): void {
  const info = enterKernel(machine);
  const { processor } = machine;
  processor.write(info + COUNT_OFFSET, bytesOf(Uint32Array.of(count)));
  processor.write(info + LIST_OFFSET, bytesOf(BigUint64Array.of(list)));
  for (const [index, { address, bytes }] of modules.entries()) {
    const entry = BigUint64Array.of(address, BigInt(bytes.length), 0n, 0n);
    processor.write(list + BigInt(index) * ENTRY_BYTES, bytesOf(entry));
    processor.write(address, bytes);
  }
}
