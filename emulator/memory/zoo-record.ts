/** How a map is stored. */
export interface ZooRecord {
  readonly name: string;
  /** The machine as its firmware or its owner names it. */
  readonly machine: string;
  /** Where the log was published. */
  readonly source: string;
  /** Version of the Linux kernel that printed it, or `unknown`. */
  readonly kernel: string;
  /** One line an entry: `base length type`, the first two with 0x. */
  readonly entries: string;
  /** One line a range of RAM: `node base length`, where Linux found more than one node. */
  readonly nodes?: string;
}
