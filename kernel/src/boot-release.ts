import { Owner } from './reservations';
import { acpiFrameCount, reclaimAcpiFrames, unreserveFramesWithin } from './page-frames';
import { interruptsOff, interruptsRestore } from './processor';
import { ramTakeAcpi } from './ram';

/**
 * Gives back what the loader left in [start, end): the whole pages of boot modules, of the command line, the map and the start information,
 * when nobody needs them any more. Pages of others stay as they are. Returns how many pages are free now that were not: less than that
 * were in there only when a module would be in two parts and the table of reservations is full.
 */
export function pmm_release_boot_memory(start: usize, end: usize): u64 {
  const flags = interruptsOff();
  const pages =
    unreserveFramesWithin(start as u64, end as u64, Owner.BootModules) +
    unreserveFramesWithin(start as u64, end as u64, Owner.BootInformation);
  interruptsRestore(flags);
  return pages;
}

/**
 * Hands out what the firmware's map calls ACPI reclaimable (type 3), of 1 MiB and above, when nobody reads ACPI tables any more: nk_nodes_read
 * must not be called with them afterwards. It is RAM and free from now on, but for pages that the image or the loader uses a part of. Returns how many pages that are. The second time, before pmm_init, and where pmm_init was given another map than the
 * machine's, there are none: 0, and nothing changes.
 */
export function pmm_reclaim_acpi(): u64 {
  const flags = interruptsOff();
  if (acpiFrameCount() != 0) ramTakeAcpi();
  const frames = reclaimAcpiFrames();
  interruptsRestore(flags);
  return frames;
}
