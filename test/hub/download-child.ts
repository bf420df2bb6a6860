import { fetchSnapshot } from '../../src/hub/snapshot.ts';

/** Downloads all of org/name, and tells its folder. */
console.log(await fetchSnapshot({ type: 'model', name: 'org/name', revision: 'main' }, paths => paths));
