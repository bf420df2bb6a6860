import { type Place, type Role, roles, type Site } from '../../core/site.ts';

type Flags = Partial<Pick<Site, 'hasBias' | 'biasIsInert' | 'weightIsShared'>>;

/**
 * A site in its role. `biasIsInert` is for keys whose queries no position turns: the softmax does not see what is the
 * same for all of them. All flags are false where they are not given.
 */
export function makeSite(
  name: string,
  role: Role,
  place: Place,
  [inFeatures, outFeatures]: readonly [number, number],
  { hasBias = false, biasIsInert = false, weightIsShared = false }: Flags = {},
): Site {
  return { name, role, place, host: roles[role], inFeatures, outFeatures, hasBias, biasIsInert, weightIsShared };
}
