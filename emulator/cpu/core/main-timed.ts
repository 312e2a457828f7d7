/** Entry of the timed core (core-timed.wasm): the same, and what the timing engine asks for. */
export * from './main';
export { walk } from './timing-walk';
