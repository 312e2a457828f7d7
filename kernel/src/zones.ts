import { INDEX_SET_SIZE, IndexSet } from './index-set';
import { nodeCount, nodeRank, NODES_MAX } from './nodes';

/**
 * Zones: the RAM of one node within one of three address classes. Only zones that have RAM exist.
 *
 *     DMA    below 16 MiB (ISA DMA reaches it)     DMA32   below 4 GiB     NORMAL  the rest
 *
 * Memory is taken from NORMAL first, by distance of the nodes, then from DMA32, then from DMA, so that what old
 * devices can reach lasts longest.
 */
export enum ZoneKind {
  Dma,
  Dma32,
  Normal,
}

const ZONE_KINDS: u32 = 3;
const DMA_END: u64 = 16 << 20;
const DMA32_END: u64 = (4 as u64) << 30;

/** 72 bytes, followed by notes (run-notes.ts) and the zone's three sets. Frames and chunks are numbered within the zone, from its lowest. */
@unmanaged
export class Zone {
  /** Free pages, without those that are claimed. */
  free: u64;
  total: u64;
  /** 2 MiB frames that are wholly free. */
  fullFrames: u64;
  /** GiBs that are wholly free. */
  fullChunks: u64;
  /** The records of its chunks, and of its pieces (chunks.ts). */
  chunks: usize;
  pieces: usize;
  pieceCount: u32;
  chunkCount: u32;
  node: u32;
  kind: u32;
  /** A bit for each chunk: 1, its record is written. */
  written: usize;
}

/** Where the notes are, up to the sets. */
export const ZONE_NOTES: usize = 72;
const ZONE_FIELDS_SIZE: usize = 192;
export const ZONE_SIZE: usize = ZONE_FIELDS_SIZE + 3 * INDEX_SET_SIZE;

/** The frames with 1 to 511 free pages. */
export function partSet(zone: Zone): IndexSet {
  return changetype<IndexSet>(changetype<usize>(zone) + ZONE_FIELDS_SIZE);
}

/** The frames with 512 free pages. */
export function fullSet(zone: Zone): IndexSet {
  return changetype<IndexSet>(changetype<usize>(zone) + ZONE_FIELDS_SIZE + INDEX_SET_SIZE);
}

/** The chunks with 512 such frames. */
export function chunkSet(zone: Zone): IndexSet {
  return changetype<IndexSet>(changetype<usize>(zone) + ZONE_FIELDS_SIZE + 2 * INDEX_SET_SIZE);
}

let zones: usize = 0;
let count: u32 = 0;

/** The zone of a node and a kind, or 0. */
const byNode: usize = memory.data(1536, 8);
/** Zones in the order in which this processor takes from them: those of LOCAL_NODE first. */
const localOrder: usize = memory.data(1536, 8);
/** The same for node `orderedFor`, whom a call has named. */
const order: usize = memory.data(1536, 8);
let orderedFor: u32 = u32.MAX_VALUE;
/** The nodes by rank, while zones are put in order. */
const ranked: usize = memory.data(64);

/** The node that this processor is on. */
export const LOCAL_NODE: u32 = 0;

export function zonesInit(memoryStart: usize): void {
  zones = memoryStart;
  count = 0;
  orderedFor = u32.MAX_VALUE;
  memory.fill(byNode, 0, (NODES_MAX * ZONE_KINDS * 8) as usize);
}

/** Adds a zone, whose memory is zero. */
export function zoneAdd(node: u32, kind: u32): Zone {
  const zone = zoneAt(count);
  zone.node = node;
  zone.kind = kind;
  store<usize>(byNode + zoneSlot(node, kind) * 8, changetype<usize>(zone));
  count += 1;
  return zone;
}

export function zoneCount(): u32 {
  return count;
}

export function zoneAt(index: u32): Zone {
  return changetype<Zone>(zones + (index as usize) * ZONE_SIZE);
}

/** Index of a node's zone of a kind in tables of all possible zones. */
export function zoneSlot(node: u32, kind: u32): usize {
  return (node * ZONE_KINDS + kind) as usize;
}

/** Zones that there can be with the nodes that there are. */
export function zoneSlots(): usize {
  return (nodeCount() * ZONE_KINDS) as usize;
}

export function kindOf(address: u64): u32 {
  if (address < DMA_END) return ZoneKind.Dma;
  return address < DMA32_END ? ZoneKind.Dma32 : ZoneKind.Normal;
}

/** The address at which the kind of `address` ends. */
export function kindEnd(address: u64): u64 {
  if (address < DMA_END) return DMA_END;
  return address < DMA32_END ? DMA32_END : u64.MAX_VALUE;
}

/** The zone that `node` takes from in step `step`, from 0 to zoneCount() - 1. */
export function zoneInOrder(node: u32, step: u32): Zone {
  if (node == LOCAL_NODE) return localZone(step);
  if (node != orderedFor) {
    orderZones(order, node);
    orderedFor = node;
  }
  return changetype<Zone>(load<usize>(order + ((step as usize) << 3)));
}

/** The same for LOCAL_NODE. @inline */
export function localZone(step: u32): Zone {
  return changetype<Zone>(load<usize>(localOrder + ((step as usize) << 3)));
}

/** All zones were added. */
export function zonesEnd(): void {
  orderZones(localOrder, LOCAL_NODE);
}

/** Writes the zones to `to`, as `node` takes from them. @cold */
function orderZones(to: usize, node: u32): void {
  const nodes = nodeCount();
  for (let other: u32 = 0; other < nodes; other++)
    store<u8>(ranked + (nodeRank(node, other) as usize), other as u8);
  let at = to;
  for (let kind = ZONE_KINDS; kind != 0; kind--) {
    for (let rank: u32 = 0; rank < nodes; rank++) {
      const zone = load<usize>(byNode + zoneSlot(load<u8>(ranked + (rank as usize)), kind - 1) * 8);
      if (zone == 0) continue;
      store<usize>(at, zone);
      at += 8;
    }
  }
}

export function zoneName(kind: u32): string {
  if (kind == ZoneKind.Dma) return 'DMA   ';
  return kind == ZoneKind.Dma32 ? 'DMA32 ' : 'NORMAL';
}
