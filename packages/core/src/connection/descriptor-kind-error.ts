import { ListenError } from '../errors.ts';

/** The descriptor is something else than was asked for; nothing was done to it. */
export class DescriptorKindError extends ListenError {}
