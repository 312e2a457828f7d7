/**
 * The hand: what an allocator handed out last. When that is what comes back, it stays in the hand and goes out again from
 * there, and nothing else is touched: to everybody else it is in use all the while.
 *
 *     unknown ──handed out──▸ out ◂──alloc── in       whatever else is handed out takes its place while it is out
 *                              └─────free────▸┘
 */
export const HAND_UNKNOWN: u32 = 0;
export const HAND_OUT: u32 = 1;
export const HAND_IN: u32 = 2;
