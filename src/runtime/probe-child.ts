import { type DeviceName, probeDevice } from './probe-device.ts';

/** One probe in a process of its own: a driver that writes to the terminal, hangs or crashes does it alone. */
process.once('message', async (device: DeviceName) => {
  const answer = await probeDevice(device).then(
    rate => ({ rate }),
    error => ({ error: String((error as Error).message) }),
  );
  process.send!(answer, () => process.disconnect());
});
