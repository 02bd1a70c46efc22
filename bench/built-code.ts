/**
 * How a server is started: with what users install. Straight from the source, tsx would name every closure each time it
 * is made, which costs more, in time and memory, than many a thing that is measured here.
 */
export const builtCode: readonly string[] = process.execArgv.filter(
  (option) => option !== '--conditions=@hawser/source',
);
