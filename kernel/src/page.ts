/** Pages of 4 KiB: the unit of everything in this kernel. Addresses are physical and, by identity, linear. */

export const PAGE_SHIFT: usize = 12;
export const PAGE_SIZE: usize = 4096;
const PAGE_OFFSET_MASK: usize = 4095;

/** 256 pages are a mebibyte. */
export const PAGES_PER_MIB: u64 = 256;

/** Physical addresses have at most 52 bits. [SDM-3A "Paging", MAXPHYADDR] */
export const PHYSICAL_ADDRESS_END: u64 = (1 as u64) << 52;

export const MIB: usize = 1 << 20;
export const GIB: usize = 1 << 30;
/** What the boot stub maps before kernel_main: the first 4 GiB, address = address. */
export const BOOT_MAPPED_END: usize = (4 as usize) << 30;

export function isPageAligned(address: usize): bool {
  return (address & PAGE_OFFSET_MASK) == 0;
}

export function pageRoundDown(address: usize): usize {
  return address & ~PAGE_OFFSET_MASK;
}

/** The caller knows that `address` is not in the last page of the 64-bit space. */
export function pageRoundUp(address: usize): usize {
  return (address + PAGE_OFFSET_MASK) & ~PAGE_OFFSET_MASK;
}

/** Pages that hold `bytes` bytes; exact for every u64, no wrap. */
export function pagesFor(bytes: u64): u64 {
  return (bytes >> PAGE_SHIFT) + ((bytes & PAGE_OFFSET_MASK) != 0 ? 1 : 0);
}
