import type { Graph } from '../../graph/graph.ts';
import { createSession, type Session, type SessionSettings } from '../../runtime/session.ts';

/** Sessions of a program by name. */
export interface Sessions {
  /**
   * The session of a graph, which is made and compiled when it is first asked for: who only trains pays for no other.
   */
  of(name: string, graph: () => Graph, kept?: readonly string[]): Promise<Session>;
  release(): Promise<void>;
}

export function createSessions(settings: SessionSettings): Sessions {
  const sessions = new Map<string, Promise<Session>>();
  const start = async (graph: () => Graph, kept: readonly string[]): Promise<Session> => {
    const started = performance.now();
    const session = await createSession(graph(), settings, { kept });
    settings.onStart?.((performance.now() - started) / 1000);
    return session;
  };
  return {
    of(name, graph, kept = []) {
      const known = sessions.get(name) ?? start(graph, kept);
      sessions.set(name, known);
      return known;
    },
    async release() {
      const started = [...sessions.values()];
      sessions.clear();
      await Promise.all(started.map(async starting => (await starting).release()));
    },
  };
}
