/** The data of the atlas (pages.json): what is written by the command line and read by the script in the page. */
export const PAGES_SCHEMA = 'https://system7x.dev/schema/pages-1.json';

/** What a page is used for first, by the number of PageUse. */
export const PAGE_USES = ['written', 'filled', 'executed', 'read'] as const;

/** Numbers of pages of 4096 bytes and of cycles are JSON numbers: they are below 2^53. */
export interface PagesFile {
  readonly schema: string;
  readonly cycles: number;
  /** The firmware's memory map as it is given: `[first page, pages, type]`, pages that an entry touches. */
  readonly map: readonly (readonly [first: number, count: number, type: string])[];
  /** Storage: RAM and ROM. */
  readonly ram: readonly (readonly [first: number, count: number, isRom: 0 | 1])[];
  /** What the kernel has printed about its own layout. */
  readonly layout: readonly (readonly [first: number, count: number, name: string])[];
  readonly functions: readonly string[];
  /** `[PageUse, first page, pages, function's number, first cycle, last cycle]`: disjoint for each of written, executed, read. */
  readonly uses: readonly (readonly [number, number, number, number, number, number])[];
  /** Tables that CR3 leads to at the end: `[page, level, present entries]`. */
  readonly tables: readonly (readonly [page: number, level: number, present: number])[];
  /** Uses that there was no room for. */
  readonly lacking: number;
}
