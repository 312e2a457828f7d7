/**
 * The translator: hot blocks become regions of WebAssembly, which the core calls through its table; docs/decisions has why.
 *
 * Regions are counted and bounded: when there are too many, all are given up at once and what is still hot comes back. A region
 * dies when one of its blocks does. Not translated: code in a segment whose limit cuts it.
 */
import { webAssembly, type WasmMemory, type WasmTable } from '../base/web-assembly.js';
import {
  BLOCK_ENTRY,
  BLOCK_HEAT,
  BLOCK_MEMBER,
  BLOCK_REGION,
  FRAME_REGIONS_LOST,
  MODE_KEY_SIZE,
  MODE_KEY_WHOLE_LIMIT,
} from '../isa/state-layout.js';
import { BlockReader, entriesUntilTranslated, frameInfoOf, type Block } from './block-reader.js';
import { RegionEmitter } from './region-emitter.js';
import { BLOCKS_MAX, loneGraph, type RegionGraph } from './region-graph.js';
import { graphWithVariants } from './region-variants.js';

/** What regions call in the core. */
interface CoreFunctions {
  readonly settle: (kind: number, a: bigint, b: bigint) => void;
  readonly stepUop: (uop: number) => number;
}

/** What regions call in a timing engine: see isa/timing-interface.ts. */
interface TimingFunctions {
  readonly advance: (block: number, from: number, to: number) => void;
  readonly leave: (block: number, from: number, to: number, nextRip: bigint) => number;
}

export interface TranslatorOptions {
  /** Entries of a block until it is translated (of one of many instructions fewer: isa/state-layout.ts); TRANSLATION_FORCED: at once, and wherever a run has to stop (for tests). */
  readonly thresholdEntries: number;
  /** Regions that live at once, and bytes of their modules. */
  readonly regionsMax: number;
  readonly bytesMax: number;
}

/** A block has run for as long as its translation takes, with what V8 does about it in the background (docs/decisions). */
export const DEFAULT_TRANSLATION: TranslatorOptions = {
  thresholdEntries: 60_000,
  regionsMax: 1000,
  bytesMax: 16 << 20,
};

interface Region {
  readonly place: number;
  /** Blocks at which it can be entered; the first is its head. */
  readonly entries: readonly number[];
  readonly members: readonly number[];
  readonly bytes: number;
  /** Blocks to which control has been seen to go from it, and how often; null when it is not to grow any more. */
  transfers: Map<number, number> | null;
  /** How often it has grown. */
  readonly growth: number;
}

const NEVER = 0x7fff_ffff;
/**
 * A region grows when control has been seen so often to go to one block, and the next time when four times as often; so often at
 * most. Each time it is compiled anew, which takes longer than all else that is done about it.
 */
const GROWTH_TRANSFERS = 128;
const GROWTH_FACTOR = 4;
const GROWTHS_MAX = 3;
/** A fuller one has no room to grow. */
const GROWING_BLOCKS_MAX = (BLOCKS_MAX * 3) / 4;
/** Other blocks are taken in as well when they have been seen so often. */
const OFTEN_TRANSFERS = 4;
/** The table's first place belongs to the compiler of the core. */
const FIRST_PLACE = 1;

export class Translator {
  /** Regions made since the beginning. */
  made = 0;
  private readonly reader: BlockReader;
  private readonly regions = new Map<number, Region>();
  private readonly byMember = new Map<number, Set<Region>>();
  private readonly freePlaces: number[] = [];
  /** Bytes of their modules. */
  bytes = 0;
  /** The region of the block in which a stop is planted, made for the moment. */
  private planted: { readonly region: Region; readonly uop: number } | null = null;

  constructor(
    private readonly memory: WasmMemory,
    private readonly core: CoreFunctions,
    private readonly table: WasmTable,
    private readonly timing: TimingFunctions | null,
    private readonly options: TranslatorOptions,
  ) {
    this.reader = new BlockReader(memory);
  }

  get thresholdEntries(): number {
    return this.options.thresholdEntries;
  }

  /** Regions that live. */
  get count(): number {
    return this.regions.size;
  }

  /** See core/host.ts. */
  translate(at: number, plantedUop: number): number {
    const head = this.reader.read(at);
    if (head === null || !isUnlimited(head.mode)) {
      this.setHeat(at, NEVER);
      return 0;
    }
    if (plantedUop !== 0) return this.translatePlanted(head, plantedUop);
    // A block inside of a region is hot where that is left within a loop: the loop is the new region too, not its rest.
    const ends = !this.byMember.has(at);
    return this.add(graphWithVariants(this.reader, head, [], ends), 0).place;
  }

  /** See core/host.ts. A region takes in those to which it often goes, its own entries and theirs alike. */
  widen(place: number, block: number): void {
    const region = this.regions.get(place);
    const { transfers } = region ?? { transfers: null };
    if (region === undefined || transfers === null) return;
    const seen = (transfers.get(block) ?? 0) + 1;
    transfers.set(block, seen);
    if (seen < GROWTH_TRANSFERS * GROWTH_FACTOR ** region.growth) return;
    region.transfers = null;
    const [head] = region.entries;
    const first = head === undefined ? null : this.reader.read(head);
    if (first === null) return;
    const often = [...transfers].filter(([, count]) => count >= OFTEN_TRANSFERS).map(([at]) => at);
    const graph = graphWithVariants(
      this.reader,
      first,
      [...often, ...this.entriesOf(region)],
      false,
    );
    if (!graph.nodes.some((node) => node.block.at === block)) return;
    this.remove(region);
    this.add(graph, region.growth + 1);
  }

  private add(graph: RegionGraph, growth: number): Region {
    const region = this.install(graph, growth);
    this.regions.set(region.place, region);
    this.claim(region);
    return region;
  }

  /** See core/host.ts. */
  untranslate(block: number): void {
    if (block === 0) {
      this.clear();
      return;
    }
    if (this.planted?.region.entries[0] === block) this.dropPlanted();
    const regions = this.byMember.get(block);
    if (regions === undefined) return;
    const lost = this.countLoss(block);
    for (const region of regions) {
      for (const entry of this.remove(region)) this.cool(entry, lost);
    }
  }

  private translatePlanted(head: Block, uop: number): number {
    const { planted } = this;
    if (planted?.region.entries[0] === head.at && planted.uop === uop) return planted.region.place;
    this.dropPlanted();
    const region = this.install(loneGraph(this.reader, head), GROWTHS_MAX);
    this.planted = { region, uop };
    return region.place;
  }

  private dropPlanted(): void {
    if (this.planted !== null) this.remove(this.planted.region);
    this.planted = null;
  }

  /** Compiles the region and puts it into the table. */
  private install(graph: RegionGraph, growth: number): Region {
    const place = this.freePlaces.pop() ?? this.newPlace();
    const code = RegionEmitter.emit(graph, place, this.timing !== null);
    const { regionsMax, bytesMax } = this.options;
    if (this.regions.size >= regionsMax || this.bytes + code.byteLength > bytesMax) this.clear();
    const { settle, stepUop } = this.core;
    const { timing } = this;
    const instance = new webAssembly.Instance(new webAssembly.Module(code), {
      core: {
        memory: this.memory,
        settle,
        stepUop,
        advance: timing?.advance,
        leave: timing?.leave,
      },
    });
    this.table.set(place, instance.exports['run']);
    const members = graph.nodes.map(({ block }) => block.at);
    const entries = graph.entries.map(({ block }) => block.at);
    const grows = growth < GROWTHS_MAX && members.length < GROWING_BLOCKS_MAX;
    const transfers = grows ? new Map<number, number>() : null;
    const region = { place, entries, members, bytes: code.byteLength, transfers, growth };
    const view = new DataView(this.memory.buffer);
    for (const member of members) {
      const known = this.byMember.get(member);
      if (known === undefined) this.byMember.set(member, new Set([region]));
      else known.add(region);
      view.setUint8(member + BLOCK_MEMBER, 1);
    }
    this.bytes += region.bytes;
    this.made++;
    return region;
  }

  /** The region's entries lead to it from now on. A region without entries of its own is given up. */
  private claim(region: Region): void {
    const view = new DataView(this.memory.buffer);
    region.entries.forEach((entry, number) => {
      const before = this.regions.get(view.getUint16(entry + BLOCK_REGION, true));
      view.setUint16(entry + BLOCK_REGION, region.place, true);
      view.setUint8(entry + BLOCK_ENTRY, number);
      this.setHeat(entry, 1);
      if (before !== undefined && this.entriesOf(before).length === 0) this.remove(before);
    });
  }

  /** The entries that lead to the region and to no later one. */
  private entriesOf({ entries, place }: Region): readonly number[] {
    const view = new DataView(this.memory.buffer);
    return entries.filter((entry) => view.getUint16(entry + BLOCK_REGION, true) === place);
  }

  private newPlace(): number {
    if (this.table.length <= FIRST_PLACE) this.table.grow(FIRST_PLACE + 1 - this.table.length);
    return this.table.grow(1);
  }

  /** Returns the entries that led to it. */
  private remove(region: Region): readonly number[] {
    for (const member of region.members) {
      const regions = this.byMember.get(member);
      regions?.delete(region);
      if (regions?.size === 0) this.byMember.delete(member);
    }
    const view = new DataView(this.memory.buffer);
    const entries = this.entriesOf(region);
    for (const entry of entries) view.setUint16(entry + BLOCK_REGION, 0, true);
    this.regions.delete(region.place);
    this.bytes -= region.bytes;
    this.free(region.place);
    return entries;
  }

  private clear(): void {
    this.dropPlanted();
    for (const region of [...this.regions.values()]) {
      for (const entry of this.remove(region)) this.cool(entry, 0);
    }
    this.byMember.clear();
    this.bytes = 0;
  }

  private free(place: number): void {
    this.table.set(place, null);
    this.freePlaces.push(place);
  }

  private setHeat(block: number, entries: number): void {
    new DataView(this.memory.buffer).setInt32(block + BLOCK_HEAT, entries, true);
  }

  /** The block is to be translated again later. */
  private cool(block: number, lost: number): void {
    const { thresholdEntries } = this.options;
    const instructions = this.reader.instructionsOf(block);
    this.setHeat(block, entriesUntilTranslated(thresholdEntries, lost, instructions));
  }

  /** Code that is written to again and again is translated less and less often: returns how often its frame has lost a block. */
  private countLoss(block: number): number {
    const view = new DataView(this.memory.buffer);
    const at = frameInfoOf(this.reader.hostOf(block)) + FRAME_REGIONS_LOST;
    const lost = view.getUint32(at, true) + 1;
    view.setUint32(at, lost, true);
    return lost;
  }
}

/** The CS limit needs no check: in 64-bit code, or because the segment is whole. */
function isUnlimited(mode: number): boolean {
  return (mode & MODE_KEY_WHOLE_LIMIT) !== 0 || (mode & MODE_KEY_SIZE) === 2;
}

/** Attaches a translator to a processor (cpu/core-module.ts). */
export function translatorWith(options: TranslatorOptions) {
  return (
    memory: WasmMemory,
    core: CoreFunctions,
    table: WasmTable,
    timing: TimingFunctions | null,
  ): Translator => new Translator(memory, core, table, timing, options);
}
