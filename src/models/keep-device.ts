import { Graph } from '../graph/graph.ts';
import { relu } from '../graph/ops/ops.ts';
import { devices } from '../runtime/device.ts';
import { createSession, type Session, type SessionSettings } from '../runtime/session.ts';
import { changedModel, type Model } from './model.ts';

/**
 * The model, which from its first program on keeps a device open that would else close with the last session, and
 * forget the kernels it has compiled: the next stage's program would compile them again.
 */
export function keepingDevice(model: Model, { device = 'cpu' }: SessionSettings): Model {
  if (!devices[device].forgets) return model;
  let open: Promise<Session> | undefined;
  return changedModel(model, ({ compile }) => ({
    async compile(modules) {
      open ??= smallest({ device });
      await open;
      return compile(modules);
    },
  }));
}

function smallest(settings: SessionSettings): Promise<Session> {
  const graph = new Graph();
  graph.output('y', relu(graph.input('x', 'float32', [1])));
  return createSession(graph, settings);
}
