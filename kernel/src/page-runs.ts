import {
  Extent,
  EXTENT_SIZE,
  extentCapacity,
  extentCount,
  insertExtent,
  moveExtents,
  ownExtentCapacity,
  ownExtentTable,
  removeExtent,
  RunOwner,
} from './extents';
import { holdPages } from './frame-states';
import { NO_RUN } from './line-search';
import { PAGE_SHIFT, pagesFor } from './page';
import { releaseClaim, releaseShelf } from './page-claim';
import {
  pmm_free_pages,
  pmm_total_pages,
  reserveFrames,
  returnFrames,
  takeFramesAt,
  unreserveFrames,
} from './page-frames';
import { returnQuickRun, takeQuickRun } from './quick-runs';
import { Owner, reservationsFull } from './reservations';
import { findRun, findRunAnywhere } from './run-search';
import { LOCAL_NODE } from './zones';

/**
 * Runs: contiguous frames as one allocation, for large blocks and for kmalloc_pages.
 *
 * Each run is an extent. The table of extents lives in the image (256 entries); when that is full it moves to frames
 * of its own, twice the size, and back again when a quarter is enough: with no run left all frames are free again.
 * Callers hold interrupts off.
 */

/** `pages` contiguous pages, page-aligned; 0 when there are none (nothing has changed then). */
export function allocateRun(pages: u64, owner: RunOwner): usize {
  if (pages > 1 && extentCount() != extentCapacity()) {
    releaseShelf();
    const page = takeQuickRun(pages);
    if (page != NO_RUN) {
      insertExtent(page, pages, owner);
      return (page << PAGE_SHIFT) as usize;
    }
  }
  return allocateRunWithin(pages, 1, 0, 0, LOCAL_NODE, owner);
}

/** The same with what findRun is asked for, all in pages. */
export function allocateRunWithin(
  pages: u64,
  align: u64,
  boundary: u64,
  limit: u64,
  node: u32,
  owner: RunOwner,
): usize {
  const address = takeRun(pages, align, boundary, limit, node);
  if (address == 0) return 0;
  if (extentCount() == extentCapacity() && !moveTable(extentCapacity() * 2)) {
    returnFrames(address, pages);
    return 0;
  }
  insertExtent((address as u64) >> PAGE_SHIFT, pages, owner);
  return address;
}

/** Holds such a run; 0 when there is none, even with the claimed pages given back. */
function takeRun(pages: u64, align: u64, boundary: u64, limit: u64, node: u32): usize {
  if (pages == 0 || pages > pmm_total_pages()) return 0;
  releaseShelf();
  let page = findRun(pages, align, boundary, limit, node);
  if (page == NO_RUN) {
    if (pages > pmm_free_pages()) return 0;
    releaseClaim();
    page = findRunAnywhere(node);
    if (page == NO_RUN) return 0;
  }
  holdPages(page, pages);
  return (page << PAGE_SHIFT) as usize;
}

/** Gives a whole run back. */
export function freeRun(run: Extent): void {
  const first = run.firstFrame;
  const pages = run.frameCount;
  removeExtent(run);
  if (!returnQuickRun(first, pages)) returnFrames((first << PAGE_SHIFT) as usize, pages);
  shrinkTable();
}

/** Makes a run `pages` pages long (at least 1) where it is. Returns false, and changes nothing, when it cannot grow. */
export function resizeRun(run: Extent, pages: u64): bool {
  const old = run.frameCount;
  const end = (run.firstFrame + old) << PAGE_SHIFT;
  if (pages > old) {
    if (!takeFramesAt(end as usize, pages - old)) return false;
  } else if (pages < old) {
    returnFrames(((run.firstFrame + pages) << PAGE_SHIFT) as usize, old - pages);
  }
  run.frameCount = pages;
  return true;
}

function shrinkTable(): void {
  const capacity = extentCapacity();
  if (capacity > ownExtentCapacity() && extentCount() * 4 <= capacity) moveTable(capacity / 2);
}

/** Moves the extents to a table of `capacity` entries; false, and nothing changed, when there is no room for it. */
function moveTable(capacity: u64): bool {
  const pages = tablePages(capacity);
  let place = ownExtentTable();
  if (capacity != ownExtentCapacity()) {
    if (reservationsFull()) return false;
    place = takeRun(pages, 1, 0, 0, LOCAL_NODE);
    if (place == 0) return false;
  }
  moveExtents(place, capacity);
  unreserveFrames(Owner.RunTable); // the old table, unless that was the image's own
  if (place != ownExtentTable()) {
    returnFrames(place, pages);
    reserveFrames(place as u64, (place as u64) + (pages << PAGE_SHIFT), Owner.RunTable);
  }
  return true;
}

function tablePages(capacity: u64): u64 {
  return pagesFor(capacity * (EXTENT_SIZE as u64));
}
