/**
 * The segment registers of a task that is being switched to. Their selectors are in place first; then each descriptor is
 * loaded and checked, in the new task's context.
 * Source: SDM Vol. 3A, "Task Switching", table "Exception Conditions Checked During a Task Switch".
 */
import { CPL, SEGMENT_SELECTOR, SEGMENT_UNUSABLE } from '../../isa/state-layout';
import { Segment } from '../../isa/uop';
import {
  attributesOf,
  dplOf,
  fetchDescriptor,
  isCode,
  isConforming,
  isNull,
  markAccessed,
  raiseSelector,
  setSegmentCache,
  setSegmentNull,
  setSegmentVirtual8086,
} from './descriptors';
import { faulted, NP, SS, TS } from './exceptions';
import {
  ATTRIBUTE_P,
  ATTRIBUTE_S,
  recomputeMode,
  refreshSegment,
  segmentCache,
  setCpl,
} from './mode';
import { loadDataSegment, loadStackSegment } from './segmentation';

const TYPE_LDT: u32 = 2;

/** LDTR and the six segment registers hold the new selectors, and nothing that could be used, until they are checked. */
export function setTaskSelectors(selectors: usize, table: u32): void {
  for (let segment: u32 = Segment.ES; segment <= <u32>Segment.GS; segment++)
    setUnchecked(segment, load<u32>(selectors + (segment << 2)));
  setUnchecked(Segment.LDTR, table);
}

function setUnchecked(segment: u32, selector: u32): void {
  // CS keeps its hidden part: a fault is delivered from here, and nothing is fetched before that.
  if (segment != Segment.CS) store<u32>(segmentCache(segment), 1, SEGMENT_UNUSABLE);
  store<u32>(segmentCache(segment), selector, SEGMENT_SELECTOR);
  refreshSegment(segment);
}

/** Loads LDTR, then the segments: of virtual-8086 mode when `virtual`. May fault. */
export function loadTaskSegments(selectors: usize, table: u32, virtual: bool): void {
  if (!faulted()) loadTable(table);
  if (faulted()) return;
  if (virtual) {
    for (let segment: u32 = Segment.ES; segment <= <u32>Segment.GS; segment++)
      setSegmentVirtual8086(segment, load<u32>(selectors + (segment << 2)));
    return;
  }
  const code = load<u32>(selectors + ((<u32>Segment.CS) << 2));
  setCpl(code & 3);
  loadCode(code);
  loadStack(load<u32>(selectors + ((<u32>Segment.SS) << 2)));
  loadData(Segment.DS, load<u32>(selectors + ((<u32>Segment.DS) << 2)));
  loadData(Segment.ES, load<u32>(selectors + ((<u32>Segment.ES) << 2)));
  loadData(Segment.FS, load<u32>(selectors + ((<u32>Segment.FS) << 2)));
  loadData(Segment.GS, load<u32>(selectors + ((<u32>Segment.GS) << 2)));
  recomputeMode();
}

/** The LDT of the new task; a null selector is no table at all. */
function loadTable(selector: u32): void {
  if (isNull(selector)) {
    setSegmentNull(Segment.LDTR, selector);
    return;
  }
  if ((selector & 4) != 0) {
    raiseSelector(TS, selector);
    return;
  }
  const descriptor = fetchDescriptor(selector, TS);
  if (faulted()) return;
  const attributes = attributesOf(descriptor);
  if ((attributes & (ATTRIBUTE_S | 0xf)) != TYPE_LDT || (attributes & ATTRIBUTE_P) == 0)
    raiseSelector(TS, selector);
  else setSegmentCache(Segment.LDTR, selector, descriptor);
}

function loadCode(selector: u32): void {
  if (isNull(selector)) {
    raiseSelector(TS, selector);
    return;
  }
  const descriptor = fetchDescriptor(selector, TS);
  if (faulted()) return;
  const attributes = attributesOf(descriptor);
  const level = dplOf(attributes);
  const rpl = selector & 3;
  const permitted = isConforming(attributes) ? level <= rpl : level == rpl;
  if (!isCode(attributes) || !permitted) raiseSelector(TS, selector);
  else if ((attributes & ATTRIBUTE_P) == 0) raiseSelector(NP, selector);
  else markAccessed(selector, descriptor);
  if (!faulted()) setSegmentCache(Segment.CS, selector, descriptor);
}

function loadStack(selector: u32): void {
  if (!faulted()) loadStackSegment(selector, load<u32>(CPL), TS, SS);
}

function loadData(segment: u32, selector: u32): void {
  if (!faulted()) loadDataSegment(segment, selector, TS);
}
