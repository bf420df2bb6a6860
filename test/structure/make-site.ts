import { type Role, roles, type Site } from '../../src/core/site.ts';

/** A site of a made-up model, in the encoder's first layer where nothing else is said. */
export function makeSite(
  name: string,
  role: Role,
  inFeatures: number,
  outFeatures: number,
  changes: Partial<Site> = {},
): Site {
  return {
    ...{ name, role, host: roles[role], place: { stack: 'encoder', layer: 0 }, inFeatures, outFeatures },
    ...{ hasBias: false, biasIsInert: false, weightIsShared: false },
    ...changes,
  };
}
