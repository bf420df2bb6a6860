import type { DeviceName } from './device.ts';
import { probeDevice } from './probe-device.ts';
import { reasonOf } from './session.ts';

/** One probe in a process of its own: a driver that writes to the terminal, hangs or crashes does it alone. */
process.once('message', async (device: DeviceName) => {
  const answer = await probeDevice(device).then(
    rate => ({ rate }),
    // A device that cannot start says why in the cause.
    (error: Error) => ({ error: reasonOf(error.cause instanceof Error ? error.cause : error) }),
  );
  process.send!(answer, () => process.disconnect());
});
