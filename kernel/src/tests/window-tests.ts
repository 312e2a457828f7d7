import { rangeAt } from '../memory-map';
import { BOOT_MAPPED_END, PAGE_SIZE } from '../page';
import { returnFrames, takeFramesAt } from '../page-frames';
import { ramRangeCount, ramRanges } from '../ram';
import { check, skip } from './suite';

/** RAM beyond 4 GiB: the first and the last page of up to 16 ranges can be written and read at their own addresses. */
export function windowReach(): void {
  let tried = 0;
  for (let i = ramRangeCount(); i != 0 && tried < 16;) {
    i -= 1;
    const range = rangeAt(ramRanges(), i);
    if (range.end <= (BOOT_MAPPED_END as u64)) break;
    touch((range.end as usize) - PAGE_SIZE);
    touch(max(range.start as usize, BOOT_MAPPED_END));
    tried += 1;
  }
  if (tried == 0) skip('no RAM beyond 4 GiB');
}

/** A frame that somebody has is left alone. */
function touch(address: usize): void {
  if (!takeFramesAt(address, 1)) return;
  store<u64>(address, address as u64);
  store<u64>(address + PAGE_SIZE - 8, ~(address as u64));
  check(load<u64>(address) == (address as u64), 'the first word of a far page');
  check(load<u64>(address + PAGE_SIZE - 8) == ~(address as u64), 'its last word');
  returnFrames(address, 1);
}
