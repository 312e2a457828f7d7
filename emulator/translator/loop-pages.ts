/**
 * Pages that a loop's accesses stay in. Where an address is walked along, tag and addend of the TLB's entry that it met last are kept at
 * LOOP_PAGES: most accesses then compare with them, and need not look for their entry.
 *
 * What the region has found in the TLB holds until something else than the region runs: nothing that is written inline changes an entry.
 * So the pages are forgotten where the region is entered, and behind each microcode door.
 *
 * An access is compared as a whole: its bits of the page, and those below that are zero where it is aligned to its own size. One that is not
 * aligned looks into the TLB, which knows of two pages.
 *
 * They are in memory and not in locals: a local that is set anywhere in a loop goes round with it, and V8 then moves it, and others, from the
 * stack and to the stack in each pass.
 */
import { LOOP_PAGE_BYTES, LOOP_PAGES, LOOP_PAGES_MAX } from '../isa/state-layout.js';
import { Op } from '../isa/uop.js';
import type { Uop } from './block-reader.js';
import type { OperandEmitter } from './operand-emitter.js';
import { WIDTH_64 } from './region-code.js';
import type { RegionGraph, RegionNode } from './region-graph.js';
import { W, type WasmCode } from './wasm-code.js';

const PAGE_SHIFT = 12n;
/** A longer step leaves its page after three or fewer: what is kept would be of little use. */
const STEP_BYTES_MAX = 1024n;
const HALF_PAGE = 1n << (PAGE_SHIFT - 1n);

/** What a micro-op does, in the order of the node: it writes a slot, or accesses memory. Sets of slots are masks, bit n for slot n. */
type Event =
  /** `of`: the slots that a step made it of; null: it may be anything. */
  | { readonly slot: number; readonly of: number | null }
  /** `key`: what accesses of one page have in common; `of`: the slots that the address is made of. */
  | { readonly key: string; readonly of: number };

interface Loop {
  readonly head: RegionNode;
  readonly nodes: ReadonlySet<RegionNode>;
}

export class LoopPages {
  private readonly events = new Map<RegionNode, readonly Event[]>();
  private present: Event[] = [];
  private uop: Uop | null = null;
  /** Where the page of a node's accesses is kept, by what they have in common. */
  private readonly pages = new Map<RegionNode, Map<string, number>>();
  private presentPages: ReadonlyMap<string, number> = new Map();
  /** How many pages there are. */
  private count = 0;

  constructor(
    private readonly code: WasmCode,
    private readonly operands: OperandEmitter,
  ) {
    operands.onWrite = (slot): void => {
      const of = this.uop === null ? null : this.stepOf(this.uop, slot);
      this.present.push({ slot, of });
    };
  }

  beginNode(node: RegionNode): void {
    this.present = [];
    this.events.set(node, this.present);
    this.presentPages = this.pages.get(node) ?? new Map();
  }

  beginUop(uop: Uop): void {
    this.uop = uop;
  }

  /** Where the page of the access of `uop` is kept whose address is made of `slots`; null: nowhere, or it is not known yet. `tag`: which of the TLBs' tags allows it. */
  pageOf(uop: Uop, tag: number, slots: readonly number[]): number | null {
    const distance = (BigInt.asIntN(64, uop.imm) + HALF_PAGE) >> PAGE_SHIFT;
    const key = [tag, ...slots, distance].join();
    this.present.push({ key, of: maskOf(slots) });
    return this.presentPages.get(key) ?? null;
  }

  /** To be called when each node was written once: decides which accesses have pages. */
  plan(graph: RegionGraph): void {
    const loops = loopsOf(graph).sort((a, b) => a.nodes.size - b.nodes.size);
    const found: { node: RegionNode; key: string; depth: number }[] = [];
    const innermost = new Map<RegionNode, Loop>();
    for (const node of graph.nodes) {
      const loop = loops.find(({ nodes }) => nodes.has(node));
      if (loop !== undefined) innermost.set(node, loop);
    }
    for (const loop of new Set(innermost.values())) {
      if ([...loop.nodes].some(hasDoor)) continue;
      const wild = this.wildAtBeginnings(loop);
      for (const [node, slots] of wild) {
        if (innermost.get(node) !== loop) continue;
        const depth = loops.filter(({ nodes }) => nodes.has(node)).length;
        this.wildBehind(node, slots, (key) => found.push({ node, key, depth }));
      }
    }
    found.sort((a, b) => b.depth - a.depth);
    const places = new Map<string, number>();
    for (const { node, key } of found) {
      if (!places.has(key) && places.size < LOOP_PAGES_MAX)
        places.set(key, LOOP_PAGES + places.size * LOOP_PAGE_BYTES);
      const place = places.get(key);
      if (place === undefined) continue;
      const pages = this.pages.get(node) ?? new Map<string, number>();
      this.pages.set(node, pages.set(key, place));
    }
    this.count = places.size;
  }

  /** Writes code that forgets the pages. */
  forget(): void {
    const { code } = this;
    for (let page = 0; page < this.count; page++)
      code
        .i32(0)
        .i64(-1)
        .memory(W.I64Store, LOOP_PAGES + page * LOOP_PAGE_BYTES);
  }

  /** The slots that may be anything at the beginning of each node of the loop, when what they are before the loop is a good begin. */
  private wildAtBeginnings({ head, nodes }: Loop): ReadonlyMap<RegionNode, number> {
    const wild = new Map([[head, 0]]);
    const waiting = [head];
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      const behind = this.wildBehind(node, wild.get(node) ?? 0);
      for (const to of targetsOf(node)) {
        const known = wild.get(to);
        if (!nodes.has(to) || (known !== undefined && (behind & ~known) === 0)) continue;
        wild.set(to, (known ?? 0) | behind);
        waiting.push(to);
      }
    }
    return wild;
  }

  /** The slots that may be anything behind the node. `walks` hears of accesses whose addresses are none of them. */
  private wildBehind(
    node: RegionNode,
    before: number,
    walks: (key: string) => void = () => undefined,
  ): number {
    let wild = before;
    for (const event of this.events.get(node) ?? []) {
      if ('key' in event) {
        if ((event.of & wild) === 0) walks(event.key);
      } else if (event.of === null || (event.of & wild) !== 0) wild |= 1 << event.slot;
      else wild &= ~(1 << event.slot);
    }
    return wild;
  }

  /** The slots that what `uop` writes to `slot` is a short step away from; null: it is none. */
  private stepOf(uop: Uop, slot: number): number | null {
    const { operands } = this;
    if (uop.op === Op.Push64Flat || uop.op === Op.Pop64Flat) {
      return operands.slotOf(uop.dst) === slot ? null : 1 << slot;
    }
    if (isWide(uop.op, Op.Xor8) && uop.a === uop.b) return 0;
    const isStep =
      uop.op === Op.Mov32 ||
      uop.op === Op.Mov64 ||
      uop.op === Op.MovSx32To64 ||
      uop.op === Op.Ea32 ||
      uop.op === Op.Ea64 ||
      [Op.Add8, Op.Sub8, Op.Inc8, Op.Dec8].some((family) => isWide(uop.op, family));
    const distance = operands.constant(uop, uop.b, WIDTH_64) ?? 0n;
    if (!isStep || isLong(BigInt.asIntN(64, distance))) return null;
    return maskOf([uop.a, uop.b].map((address) => operands.slotOf(address)));
  }
}

/** Behind a microcode door the pages are forgotten: a loop with one does not keep them. */
function hasDoor({ block }: RegionNode): boolean {
  return block.uops.some(({ op }) => op === Op.Microcode || op === Op.MicrocodeEnd);
}

/** Slot -1 is none. */
function maskOf(slots: readonly number[]): number {
  return slots.reduce((mask, slot) => (slot < 0 ? mask : mask | (1 << slot)), 0);
}

/** In bytes, or in elements where it is an index's. */
function isLong(distance: bigint): boolean {
  return distance >= STEP_BYTES_MAX || distance <= -STEP_BYTES_MAX;
}

function isWide(op: Op, family: Op): boolean {
  return op === (family as number) + 2 || op === (family as number) + 3;
}

/**
 * The loops, each with its nodes: what is on a way from its head over one edge back to it. Where a loop has several beginnings, and goes on
 * through the dispatcher, loops around it that come by its head are part of it.
 */
function loopsOf({ nodes }: RegionGraph): Loop[] {
  const before = new Map<RegionNode, RegionNode[]>();
  for (const node of nodes)
    for (const to of targetsOf(node)) before.set(to, [...(before.get(to) ?? []), node]);
  return nodes.flatMap((end) =>
    targetsOf(end)
      .filter((head) => head.number <= end.number)
      .map((head) => {
        const leading = reachable(head, [end], (node) => before.get(node) ?? []);
        const behind = reachable(head, targetsOf(head), targetsOf);
        return { head, nodes: new Set([...leading].filter((node) => behind.has(node))) };
      }),
  );
}

/** `head`, and what is reached from `starts` without going on from it. */
function reachable(
  head: RegionNode,
  starts: readonly RegionNode[],
  next: (node: RegionNode) => readonly RegionNode[],
): ReadonlySet<RegionNode> {
  const reached = new Set([head]);
  const waiting = [...starts];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (reached.has(node)) continue;
    reached.add(node);
    waiting.push(...next(node));
  }
  return reached;
}

function targetsOf({ taken, fall }: RegionNode): RegionNode[] {
  return [taken, fall].flatMap((edge) => (edge === null ? [] : [edge.to]));
}
