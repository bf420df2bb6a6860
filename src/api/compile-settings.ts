import type { Settings } from '../config/settings.ts';
import type { DeviceName } from '../runtime/device.ts';
import type { CompileSettings } from '../runtime/session.ts';

/** Settings whose device is chosen (`chooseDevice`). */
export type Placed = Omit<Settings, 'device'> & { readonly device: DeviceName };

/** What the settings say of how programs are compiled. */
export function compileSettings({ device, threads, prepack, recompute, precision }: Placed): CompileSettings {
  return {
    device,
    ...(threads !== undefined && { threads }),
    ...(prepack !== undefined && { prepack }),
    ...(recompute !== undefined && { recompute }),
    ...(precision !== undefined && { precision }),
  };
}
