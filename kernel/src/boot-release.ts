import { Owner } from './reservations';
import { unreserveFramesWithin } from './page-frames';
import { interruptsOff, interruptsRestore } from './processor';

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
