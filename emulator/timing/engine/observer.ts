/** What the host hears of the call tree's shadow stack: the import module `observer`. */

/** The stack has changed: so many frames, the number of the node on top, whether that frame ends with an IRET, cycles charged so far. */
export declare function changed(frames: u32, node: u32, isInterrupt: u32, cycles: f64): void;
