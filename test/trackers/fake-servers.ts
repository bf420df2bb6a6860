import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/** What a server was asked, in turn. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface FakeServer {
  readonly url: string;
  readonly asked: readonly Asked[];
  /** Answers so from now on; undefined: as it should. `hang` never answers. */
  fail(how: number | 'hang' | undefined): void;
}

/** A server that answers by path, where it answers at all. */
export async function fakeServer(t: TestContext, answers: (asked: Asked) => unknown): Promise<FakeServer> {
  const all: Asked[] = [];
  let failure: number | 'hang' | undefined;
  const server = createServer((request, response: ServerResponse) => {
    const parts: Buffer[] = [];
    request.on('data', part => parts.push(part));
    request.on('end', () => {
      if (failure === 'hang') return;
      const { method = '', url = '', headers } = request;
      const asked = { method, path: url, headers, body: Buffer.concat(parts) };
      if (failure === undefined) all.push(asked);
      const answer = failure === undefined ? answers(asked) : { error: 'not today' };
      response.writeHead(failure ?? (answer === undefined ? 404 : 200), { 'Content-Type': 'application/json' });
      response.end(JSON.stringify(answer ?? { error_code: 'RESOURCE_DOES_NOT_EXIST' }));
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: all,
    fail(how) {
      failure = how;
    },
  };
}

/** MLflow's REST, as much as is asked: experiments, runs, batches, artifacts. */
export function mlflowAnswers({ method, path, body }: Asked): unknown {
  if (path.startsWith('/api/2.0/mlflow-artifacts/artifacts/')) return method === 'PUT' ? {} : undefined;
  const call = path.replace('/api/2.0/mlflow', '').replace(/\?.*/, '');
  if (call === '/experiments/get-by-name') return undefined;
  if (call === '/experiments/create') return { experiment_id: '7' };
  const artifact_uri = 'mlflow-artifacts:/7/r1/artifacts';
  if (call === '/runs/search') return {};
  if (call === '/runs/create') return { run: { info: { run_id: 'r1', artifact_uri } } };
  if (call === '/runs/get') return { run: { info: { run_id: 'r1', artifact_uri } } };
  if (call === '/runs/log-batch') return JSON.parse(String(body)).run_id === 'r1' ? {} : undefined;
  return call === '/runs/update' ? {} : undefined;
}
