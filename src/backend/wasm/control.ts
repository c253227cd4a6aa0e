/**
 * Where the words lie that the threads of the WASM backend share, at the bottom of its memory. Compiled twice, by
 * TypeScript and unchanged by AssemblyScript, so that both sides agree; knows nothing of what the words are for.
 * Words that different threads write lie on cache lines of their own.
 */

/** Generation of runs: main adds 1 to start the workers on a list. */
export const START = 64;
/** Workers that sleep on START. */
export const SLEEPERS = 96;
/** Threads that have arrived at the current barrier. */
export const ARRIVED = 128;
/** Generation of barriers: the last to arrive adds 1. */
export const GENERATION = 192;
/** Threads that sleep on GENERATION. */
export const WAITERS = 256;
/** 1 once a thread's trap is described below: every barrier then traps too. */
export const FAILED = 320;
/** Position in its list of the call that trapped. */
export const FAILED_AT = 324;
/** 1 from the first trap on: who sets it describes the trap, then sets FAILED. */
export const CLAIMED = 328;

/** Written by the main thread before START only. */
export const THREADS = 384;
export const LIST = 388;
export const COUNT = 392;
export const SCRATCH = 396;
/** 1: workers leave their loop. */
export const STOP = 400;
/** 1: the main thread may sleep (a browser's page must not). */
export const MAY_SLEEP = 404;
/** 1: integer products of bytes go by `byteDot`, which is exact here. */
export const BYTE_DOT = 408;
/** 1: convolutions go by tiles two panels wide, which suit 256-bit vectors. */
export const PAIR_PANELS = 416;
/** Milliseconds without a sign of the others after which a thread at the barrier loses patience; 0: five minutes. */
export const SIGN_WITHIN = 412;

/** Bytes of the message of a trap, then the message in UTF-8. */
export const MESSAGE_LENGTH = 448;
export const MESSAGE = 452;
export const MESSAGE_LIMIT = 500;

/** Static data of the module lies from here (the build passes it as --memoryBase) … */
export const STATIC_DATA = 1024;
/** … and ends before this record, which is written to ask for the scratch of one call. */
export const STAGING = 61440;
/** Byte 0 of every plan. */
export const PLAN_BASE = 65536;
