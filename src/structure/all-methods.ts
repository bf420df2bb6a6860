import { bestOfRandom, randomMethod } from './draws.ts';
import { tunedLora } from './even-lora.ts';
import { manualMethods } from './manual.ts';
import type { Methods } from './method.ts';

/** Name of the method that draws a structure: what others are compared with where nothing is said. */
export const randomDraw = 'random';

/** Every method that comes with the package, by name. A new one is a file beside this one and a word here. */
export const methods: Methods = {
  ...manualMethods,
  [randomDraw]: randomMethod,
  'tuned-lora': tunedLora,
  'best-of-random': bestOfRandom,
};
