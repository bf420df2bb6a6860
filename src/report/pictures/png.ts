import { Resvg, type ResvgRenderOptions } from '@resvg/resvg-js';
import { InputError } from '../../core/errors.ts';

/** The pictures name no font of their own: whatever sans-serif the machine has does. */
const options: ResvgRenderOptions = { font: { loadSystemFonts: true, defaultFontFamily: 'DejaVu Sans' } };

/**
 * A picture as PNG.
 * @param scale pixels for one of the picture's
 * @throws InputError on a machine without any font, where labels would be left out
 */
export function pngOf(svg: string, scale = 2): Uint8Array {
  const sample = new Resvg('<svg xmlns="http://www.w3.org/2000/svg"><text y="10">p</text></svg>', options);
  if (sample.getBBox() === undefined) {
    throw new InputError('a PNG needs a font, and none is installed here', {
      code: 'missing-font',
      where: '--png',
      remedy: 'install one (on Debian: apt-get install fonts-dejavu-core), or use the SVG',
    });
  }
  return new Resvg(svg, { ...options, fitTo: { mode: 'zoom', value: scale } }).render().asPng();
}
