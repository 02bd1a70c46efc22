// TTLs of records that were made without one, in seconds.

/** What is written once and then read: files, zones given whole, SOA and NS of a new zone. Others may keep it for an hour. */
export const STEADY_TTL = 3600;
/** What changes while the server runs, by a program, an update or a client: after a minute everybody has it. */
export const CHANGING_TTL = 60;
