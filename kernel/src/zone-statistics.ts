import { newLine, print, printPages, printUnsigned } from './console';
import { PAGES_PER_FRAME } from './frame-descriptor';
import { interruptsOff, interruptsRestore } from './processor';
import { releaseClaim } from './page-claim';
import { Zone, zoneAt, zoneCount, zoneName } from './zones';

/**
 * A line for each zone that has RAM: its pages, the free ones, how many whole frames of 2 MiB and 1 GiB those have, and
 * U9, the share of the free pages that is in no free 2 MiB frame: 0 when nothing is scattered.
 */
export function printZones(): void {
  const flags = interruptsOff();
  releaseClaim();
  for (let i: u32 = 0; i < zoneCount(); i++) printZone(zoneAt(i));
  interruptsRestore(flags);
}

function printZone(zone: Zone): void {
  print('[nk_mem]   Node ');
  printUnsigned(zone.node);
  print(' ');
  print(zoneName(zone.kind));
  print(': ');
  printPages(zone.total);
  print(', free ');
  printUnsigned(zone.free);
  print(', 2M ');
  printUnsigned(zone.fullFrames);
  print(', 1G ');
  printUnsigned(zone.fullChunks);
  print(', U9 ');
  printHundredths(scatteredShare(zone));
  newLine();
}

/** In hundredths of a percent, truncated. */
function scatteredShare(zone: Zone): u64 {
  if (zone.free == 0) return 0;
  const scattered = zone.free - zone.fullFrames * PAGES_PER_FRAME;
  return (scattered * 10_000) / zone.free;
}

function printHundredths(value: u64): void {
  printUnsigned(value / 100);
  print('.');
  printUnsigned((value / 10) % 10);
  printUnsigned(value % 10);
  print(' %');
}
