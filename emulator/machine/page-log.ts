/**
 * Who used each page of RAM first, and when: the data of the atlas. The core reports every page that gets storage, every
 * fill of whole pages, and TLB misses of fetches and of reads; what is new of these is kept, neighbours joined.
 * The time of a plain store is that of the run of the core in which it happened (see ATLAS_TUNING in run-loop.ts).
 */
import { PageUse } from '../isa/state-layout.js';
import { PageSet } from './page-set.js';

/** Pages `first` to `first + count - 1`, first used in this way from `fromCycle` to `toCycle`, in ascending order. */
export interface PageRecord {
  readonly use: PageUse;
  readonly first: number;
  count: number;
  /** Function that was running, or what stands for it. */
  readonly by: string;
  readonly fromCycle: number;
  toCycle: number;
}

/** Records after which nothing more is noted: a guest that reads all of a large RAM at random. */
const RECORDS_MAX = 1_000_000;

export class PageLog {
  readonly records: PageRecord[] = [];
  /** Uses that there was no room for. */
  lacking = 0;
  /** Writes and fills are one: the contents become the guest's. */
  private readonly written = new PageSet();
  private readonly executed = new PageSet();
  private readonly read = new PageSet();
  private readonly last = new Map<PageUse, PageRecord>();

  note(use: PageUse, first: number, count: number, by: () => string, cycle: number): void {
    const seen =
      use === PageUse.Executed ? this.executed : use === PageUse.Read ? this.read : this.written;
    if (this.records.length >= RECORDS_MAX) {
      if (!seen.has(first)) this.lacking++;
      return;
    }
    for (const range of seen.add(first, count)) this.keep(use, range, by(), cycle);
  }

  private keep(use: PageUse, range: readonly [number, number], by: string, cycle: number): void {
    const [first, count] = range;
    const last = this.last.get(use);
    if (last !== undefined && last.first + last.count === first && last.by === by) {
      last.count += count;
      last.toCycle = cycle;
      return;
    }
    const record = { use, first, count, by, fromCycle: cycle, toCycle: cycle };
    this.last.set(use, record);
    this.records.push(record);
  }
}
