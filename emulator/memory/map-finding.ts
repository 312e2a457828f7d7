/** What a check of a firmware memory map finds. */

export type FindingCode =
  | 'empty'
  | 'too-many-entries'
  | 'no-ram-at-1-mib'
  | 'wraps'
  | 'beyond-52-bits'
  | 'overlap'
  | 'unsorted'
  | 'zero-length'
  | 'nodes-overlap'
  | 'node-outside-ram'
  | 'ram-without-node';

export interface MapFinding {
  readonly severity: 'error' | 'warning';
  readonly code: FindingCode;
  /** The entry in question, counted from 0; undefined when the whole map or its nodes are meant. */
  readonly entryIndex?: number;
  /** One sentence without its subject's name: the caller puts the map's name before it. */
  readonly message: string;
}
