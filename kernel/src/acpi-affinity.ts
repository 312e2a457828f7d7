import { acpiTable, findRsdp, TABLE_HEADER_SIZE, tableRevision, tableSize } from './acpi-tables';
import { newLine, print, printLine, printPages, printUnsigned } from './console';
import { rangeAt } from './memory-map';
import {
  nodeCount,
  nodeEnd,
  nodeOf,
  NODES_MAX,
  pmm_node_distance,
  pmm_node_range,
  pmm_nodes_clear,
} from './nodes';
import { PAGE_SHIFT, pageRoundUp, PHYSICAL_ADDRESS_END } from './page';
import { ramRangeCount, ramRanges } from './ram';

/**
 * From the firmware's tables to the nodes of nodes.ts: SRAT says which addresses belong to which proximity domain,
 * SLIT how far the domains are from one another.
 * Source: ACPI Specification 6.5, "System Resource Affinity Table", "System Locality Information Table".
 *
 *     SRAT    48 entries: { u8 type, u8 length, … }
 *             type 1: 2 domain (u32)   8 base (u64)   16 length (u64)   28 flags (u32, bit 0 = enabled)
 *     SLIT    36 localities n (u64)   44 distance of i to j (u8) at 44 + i · n + j
 *
 *   1. an entry that is disabled, empty or beyond 2^52 says nothing; one that wraps or passes 2^52 is cut there;
 *      a page belongs to the domain of its first byte;
 *   2. entries are taken in order of address; neighbours of one domain are one range, what lies between included;
 *   3. where two domains claim one address the SRAT is ignored, with a line that says so: no node can be trusted;
 *   4. domains are numbered densely, in their order: node 0 is the lowest domain that has memory;
 *   5. RAM that no entry covers belongs to the node below it (nodes.ts);
 *   6. a SLIT whose diagonal is not 10, or with another distance of 10 or less, is ignored.
 */
const SIGNATURE_SRAT: u32 = 0x5441_5253;
const SIGNATURE_SLIT: u32 = 0x5449_4c53;

const SRAT_ENTRIES: usize = 48;
const SRAT_MEMORY: u8 = 1;
const SRAT_MEMORY_SIZE: u8 = 40;
const SRAT_ENABLED: u32 = 1;

const SLIT_DISTANCES: usize = 44;
const SLIT_LOCALITIES_MAX: u64 = 1024;
const DISTANCE_LOCAL: u8 = 10;

/** What one entry says; 24 bytes. */
@unmanaged
class Claim {
  start: u64;
  end: u64;
  domain: u32;
  unused: u32;
}

const CLAIM_SIZE: usize = 24;
const CLAIMS_MAX: u32 = 256;
const claims: usize = memory.data(6144, 8);
let claimCount: u32 = 0;

/** Domains with memory, ascending: the index is the node. */
const domains: usize = memory.data(256, 4);
let domainCount: u32 = 0;

function claimAt(index: u32): Claim {
  return changetype<Claim>(claims + (index as usize) * CLAIM_SIZE);
}

/** At boot: finds the tables, fills nodes.ts, and says what each node has when there is more than one. */
export function nodesInit(rsdp: u64): void {
  nk_nodes_read(findRsdp(rsdp));
  if (nodeCount() > 1) printNodes();
}

/**
 * Forgets all nodes and reads them anew from the tables of the RSDP at `rsdp`; 0 stands for none. They take effect at
 * the next pmm_init. Returns the number of nodes: 1 where the tables say nothing, or nothing that can be trusted.
 */
export function nk_nodes_read(rsdp: u64): u32 {
  pmm_nodes_clear();
  const srat = acpiTable(rsdp, SIGNATURE_SRAT);
  if (srat == 0) return 1;
  if (!readClaims(srat) || !numberDomains() || !enterRanges()) {
    pmm_nodes_clear();
    return 1;
  }
  const slit = acpiTable(rsdp, SIGNATURE_SLIT);
  if (slit != 0) readDistances(slit);
  return nodeCount();
}

function ignored(table: string, reason: string): bool {
  print('[nk_boot] ACPI: ');
  print(table);
  print(' ignored: ');
  printLine(reason);
  return false;
}

/** Reads the enabled memory entries into `claims`, sorted by address. */
function readClaims(srat: usize): bool {
  claimCount = 0;
  const end = srat + tableSize(srat);
  const revision = tableRevision(srat);
  let at = srat + SRAT_ENTRIES;
  while (at + 2 <= end) {
    const size = load<u8>(at + 1);
    if (size < 2 || at + (size as usize) > end) return ignored('SRAT', 'an entry has no length');
    if (load<u8>(at) == SRAT_MEMORY) {
      if (size < SRAT_MEMORY_SIZE) return ignored('SRAT', 'a memory entry is too short');
      if (!addClaim(at, revision)) return ignored('SRAT', 'too many entries');
    }
    at += size as usize;
  }
  return true;
}

/** Returns false when the table is full. */
function addClaim(entry: usize, revision: u8): bool {
  const base = load<u64>(entry + 8);
  const length = load<u64>(entry + 16);
  if ((load<u32>(entry + 28) & SRAT_ENABLED) == 0 || length == 0) return true;
  if (base >= PHYSICAL_ADDRESS_END) return true;
  const behind =
    base + length < base ? PHYSICAL_ADDRESS_END : min(base + length, PHYSICAL_ADDRESS_END);
  const start = pageRoundUp(base as usize) as u64;
  const end = pageRoundUp(behind as usize) as u64;
  if (start >= end) return true;
  if (claimCount == CLAIMS_MAX) return false;
  let index = claimCount;
  while (index != 0 && claimAt(index - 1).start > start) index -= 1;
  const claim = claimAt(index);
  const place = changetype<usize>(claim);
  memory.copy(place + CLAIM_SIZE, place, ((claimCount - index) as usize) * CLAIM_SIZE);
  claim.start = start;
  claim.end = end;
  // Revision 1 has a domain of one byte, and three that are reserved.
  claim.domain = load<u32>(entry + 2) & (revision < 2 ? 0xff : 0xffff_ffff);
  claimCount += 1;
  return true;
}

/** Collects the domains in ascending order. */
function numberDomains(): bool {
  domainCount = 0;
  for (let i: u32 = 0; i < claimCount; i++) {
    const domain = claimAt(i).domain;
    let index: u32 = 0;
    while (index < domainCount && domainAt(index) < domain) index += 1;
    if (index < domainCount && domainAt(index) == domain) continue;
    if (domainCount == NODES_MAX) return ignored('SRAT', 'more nodes than this kernel counts');
    const place = domains + ((index as usize) << 2);
    memory.copy(place + 4, place, ((domainCount - index) as usize) << 2);
    store<u32>(place, domain);
    domainCount += 1;
  }
  return true;
}

function domainAt(index: u32): u32 {
  return load<u32>(domains + ((index as usize) << 2));
}

function nodeOfDomain(domain: u32): u32 {
  let node: u32 = 0;
  while (domainAt(node) != domain) node += 1;
  return node;
}

/** Enters the claims, neighbours of one domain as one. */
function enterRanges(): bool {
  let i: u32 = 0;
  while (i < claimCount) {
    const first = claimAt(i);
    let end = first.end;
    i += 1;
    while (i < claimCount && claimAt(i).domain == first.domain) {
      end = max(end, claimAt(i).end);
      i += 1;
    }
    if (i < claimCount && claimAt(i).start < end) {
      return ignored('SRAT', 'two nodes claim the same memory');
    }
    if (pmm_node_range(first.start, end, nodeOfDomain(first.domain)) == 0) {
      return ignored('SRAT', 'more ranges than this kernel keeps track of');
    }
  }
  return true;
}

function readDistances(slit: usize): bool {
  if (tableSize(slit) < SLIT_DISTANCES) return ignored('SLIT', 'it is too short');
  const localities = load<u64>(slit + TABLE_HEADER_SIZE);
  if (
    localities > SLIT_LOCALITIES_MAX ||
    localities * localities > ((tableSize(slit) - SLIT_DISTANCES) as u64)
  ) {
    return ignored('SLIT', 'it is too short');
  }
  for (let from: u64 = 0; from < localities; from++) {
    for (let to: u64 = 0; to < localities; to++) {
      const distance = load<u8>(slit + SLIT_DISTANCES + ((from * localities + to) as usize));
      if (from == to ? distance != DISTANCE_LOCAL : distance <= DISTANCE_LOCAL) {
        return ignored('SLIT', 'a distance is none');
      }
    }
  }
  for (let from: u32 = 0; from < domainCount; from++) {
    for (let to: u32 = 0; to < domainCount; to++) {
      const row = domainAt(from) as u64;
      const column = domainAt(to) as u64;
      if (row >= localities || column >= localities) continue;
      const at = slit + SLIT_DISTANCES + ((row * localities + column) as usize);
      pmm_node_distance(from, to, load<u8>(at) as u32);
    }
  }
  return true;
}

/** `[nk_boot] NUMA node 1: 524288 pages (2048.00 MiB)` for each node. */
function printNodes(): void {
  for (let node: u32 = 0; node < nodeCount(); node++) {
    print('[nk_boot] NUMA node ');
    printUnsigned(node);
    print(': ');
    printPages(pagesOfNode(node));
    newLine();
  }
}

function pagesOfNode(node: u32): u64 {
  let pages: u64 = 0;
  for (let i: u32 = 0; i < ramRangeCount(); i++) {
    const range = rangeAt(ramRanges(), i);
    let start = range.start;
    while (start < range.end) {
      const end = min(range.end, nodeEnd(start));
      if (nodeOf(start) == node) pages += (end - start) >> PAGE_SHIFT;
      start = end;
    }
  }
  return pages;
}
