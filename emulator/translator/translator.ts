/**
 * The translator: hot blocks become regions of WebAssembly, which the core calls through its table; docs/decisions has why.
 *
 * Regions are counted and bounded: when there are too many, all are given up at once and what is still hot comes back. A region
 * dies when one of its blocks does. Not translated: code of 16 and 32 bits.
 */
import { webAssembly, type WasmMemory, type WasmTable } from '../base/web-assembly.js';
import {
  BLOCK_HEAT,
  BLOCK_MEMBER,
  BLOCK_REGION,
  FRAME_INFO,
  FRAME_INFO_BYTES,
  FRAMES,
  MODE_KEY_SIZE,
  TRANSLATION_FORCED,
} from '../isa/state-layout.js';
import { BlockReader, type Block } from './block-reader.js';
import { RegionEmitter } from './region-emitter.js';
import { regionGraph, type RegionNode } from './region-graph.js';

/** What regions call in the core. */
interface CoreFunctions {
  readonly settle: (kind: number, a: bigint, b: bigint) => void;
  readonly stepUop: (uop: number) => number;
}

export interface TranslatorOptions {
  /** Entries of a block until it is translated; TRANSLATION_FORCED: at once, and wherever a run has to stop (for tests). */
  readonly thresholdEntries: number;
  /** Regions that live at once, and bytes of their modules. */
  readonly regionsMax: number;
  readonly bytesMax: number;
}

/** A loop of ten instructions has run for as long as its translation takes (scripts/bench; docs/benchmarks.md). */
export const DEFAULT_TRANSLATION: TranslatorOptions = {
  thresholdEntries: 20_000,
  regionsMax: 1000,
  bytesMax: 16 << 20,
};

interface Region {
  readonly place: number;
  readonly head: number;
  readonly members: readonly number[];
  readonly bytes: number;
}

const MODE_KEY_SIZE_64 = 2;
const NEVER = 0x7fff_ffff;
const FRAME_REGIONS_LOST = 12;
const DOUBLINGS_MAX = 16;
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
    if (head === null || head.host < FRAMES || (head.mode & MODE_KEY_SIZE) !== MODE_KEY_SIZE_64) {
      this.setHeat(at, NEVER);
      return 0;
    }
    if (plantedUop !== 0) return this.translatePlanted(head, plantedUop);
    const nodes = regionGraph(this.reader, head);
    const region = this.install(
      nodes,
      nodes.map(({ block }) => block.at),
    );
    this.regions.set(region.place, region);
    new DataView(this.memory.buffer).setUint16(at + BLOCK_REGION, region.place, true);
    return region.place;
  }

  /** See core/host.ts. */
  untranslate(block: number): void {
    if (block === 0) {
      this.clear();
      return;
    }
    if (this.planted?.region.head === block) this.dropPlanted();
    for (const region of this.byMember.get(block) ?? []) {
      this.remove(region);
      this.setHeat(region.head, this.heatAfterLoss(block));
    }
  }

  private translatePlanted(head: Block, uop: number): number {
    const { planted } = this;
    if (planted?.region.head === head.at && planted.uop === uop) return planted.region.place;
    this.dropPlanted();
    const alone: RegionNode = {
      block: head,
      number: 0,
      taken: null,
      fall: null,
      isLoop: false,
      isMerge: false,
      merges: [],
    };
    const region = this.install([alone], [head.at]);
    this.planted = { region, uop };
    return region.place;
  }

  private dropPlanted(): void {
    if (this.planted !== null) this.remove(this.planted.region);
    this.planted = null;
  }

  /** Compiles the region and puts it into the table. */
  private install(nodes: readonly RegionNode[], members: readonly number[]): Region {
    const [head] = nodes;
    if (head === undefined) throw new Error('a region without blocks');
    const bytes = RegionEmitter.emit(nodes, head);
    const { regionsMax, bytesMax } = this.options;
    if (this.regions.size >= regionsMax || this.bytes + bytes.byteLength > bytesMax) this.clear();
    const { settle, stepUop } = this.core;
    const instance = new webAssembly.Instance(new webAssembly.Module(bytes), {
      core: { memory: this.memory, settle, stepUop },
    });
    const place = this.freePlaces.pop() ?? this.newPlace();
    this.table.set(place, instance.exports['run']);
    const region = { place, head: head.block.at, members, bytes: bytes.byteLength };
    const view = new DataView(this.memory.buffer);
    for (const member of members) {
      const known = this.byMember.get(member);
      if (known === undefined) this.byMember.set(member, new Set([region]));
      else known.add(region);
      view.setUint16(member + BLOCK_MEMBER, 1, true);
    }
    this.bytes += region.bytes;
    this.made++;
    return region;
  }

  private newPlace(): number {
    if (this.table.length <= FIRST_PLACE) this.table.grow(FIRST_PLACE + 1 - this.table.length);
    return this.table.grow(1);
  }

  private remove(region: Region): void {
    for (const member of region.members) {
      const regions = this.byMember.get(member);
      regions?.delete(region);
      if (regions?.size === 0) this.byMember.delete(member);
    }
    const view = new DataView(this.memory.buffer);
    const at = region.head + BLOCK_REGION;
    if (view.getUint16(at, true) === region.place) view.setUint16(at, 0, true);
    this.regions.delete(region.place);
    this.bytes -= region.bytes;
    this.free(region.place);
  }

  private clear(): void {
    this.dropPlanted();
    for (const region of [...this.regions.values()]) {
      this.remove(region);
      this.setHeat(region.head, this.options.thresholdEntries);
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

  /** Code that is written to again and again is translated less and less often. */
  private heatAfterLoss(block: number): number {
    const { thresholdEntries } = this.options;
    const view = new DataView(this.memory.buffer);
    const host = this.reader.hostOf(block);
    const at = FRAME_INFO + (host >>> 12) * FRAME_INFO_BYTES + FRAME_REGIONS_LOST;
    const lost = view.getUint32(at, true) + 1;
    view.setUint32(at, lost, true);
    if (thresholdEntries === TRANSLATION_FORCED) return TRANSLATION_FORCED;
    return thresholdEntries * 2 ** Math.min(lost, DOUBLINGS_MAX);
  }
}

/** Attaches a translator to a processor (cpu/core-module.ts). */
export function translatorWith(options: TranslatorOptions) {
  return (memory: WasmMemory, core: CoreFunctions, table: WasmTable): Translator =>
    new Translator(memory, core, table, options);
}
