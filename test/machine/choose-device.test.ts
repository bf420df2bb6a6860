import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InputError } from '../../src/core/errors.ts';
import { chooseDevice, type DeviceReport, rateText } from '../../src/machine/choose-device.ts';
import type { DeviceName } from '../../src/runtime/device.ts';

type Rates = Partial<Record<DeviceName, number>>;

/** A machine whose devices compute at these rates; the others do not start. */
function machine(rates: Rates) {
  const measured: DeviceName[] = [];
  const said: string[] = [];
  const probe = async (name: DeviceName): Promise<DeviceReport> => {
    measured.push(name);
    const gflops = rates[name];
    return gflops === undefined
      ? { name, available: false, gflops: null, reason: `no driver of ${name}` }
      : { name, available: true, gflops };
  };
  return { measured, said, options: { probe, tell: (text: string) => said.push(text) } };
}

describe('the choice of a device', () => {
  it('is the CPU where nothing is said, and measures nothing', async () => {
    for (const asked of [undefined, 'cpu'] as const) {
      const { options, measured, said } = machine({ cpu: 100, webgpu: 9000 });
      assert.equal(await chooseDevice(asked, options), 'cpu');
      assert.deepEqual([measured, said], [[], []]);
    }
  });

  it('is the one that is named, if it computes, and says how fast', async () => {
    const { options, said, measured } = machine({ cpu: 100, webgpu: 0.2 });
    assert.equal(await chooseDevice('webgpu', options), 'webgpu');
    assert.deepEqual(measured, ['webgpu']);
    assert.match(said.join(), /webgpu: 0\.2 GFLOP\/s/);
  });

  it('refuses one that does not start, with the reason and the remedy', async () => {
    await assert.rejects(
      chooseDevice('cuda', machine({ cpu: 100 }).options),
      (error: InputError) =>
        error instanceof InputError &&
        /--device: cuda cannot start: no driver of cuda/.test(error.message) &&
        /CUDA 12.*cuDNN.*--device cpu/.test(error.remedy!),
    );
  });

  const autos: [string, Rates, DeviceName, RegExp][] = [
    ['the fastest', { cpu: 100, webgpu: 900, cuda: 1500 }, 'cuda', /cuda: cpu 100 .*webgpu 900 .*cuda 1500 GFLOP/],
    ['the CPU where no other starts', { cpu: 100 }, 'cpu', /cpu: webgpu and cuda do not start/],
    ['the CPU where software imitates the GPU', { cpu: 100, webgpu: 0.2 }, 'cpu', /cpu: cpu 100 .*webgpu 0\.2 /],
    ['the CPU where another is hardly faster', { cpu: 100, webgpu: 150 }, 'cpu', /cpu: cpu 100/],
    ['another where the CPU fails', { webgpu: 5 }, 'webgpu', /webgpu: webgpu 5 /],
  ];
  for (const [what, rates, chosen, says] of autos) {
    it(`by auto is ${what}`, async () => {
      const { options, said } = machine(rates);
      assert.equal(await chooseDevice('auto', options), chosen);
      assert.equal(said.length, 1);
      assert.match(said[0]!, says);
    });
  }

  it('names rates with two digits', () => {
    assert.deepEqual([0.2134, 1.26, 45.7, 1234].map(rateText), [
      ...['0.21 GFLOP/s', '1.3 GFLOP/s', '46 GFLOP/s', '1200 GFLOP/s'],
    ]);
  });
});
