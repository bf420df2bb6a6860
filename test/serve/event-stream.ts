import type { ChangesMessage } from '../../src/page/live-data.ts';

export interface StreamEvent {
  readonly event: string;
  readonly id: string;
  readonly data: ChangesMessage;
}

/** Listens to server-sent events. `next` passes over those of other names; it rejects where the stream ends. */
export async function listen(url: string, headers: Record<string, string> = {}) {
  const controller = new AbortController();
  const response = await fetch(url, { headers, signal: controller.signal });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = '';
  async function next(name: string): Promise<StreamEvent> {
    for (;;) {
      const end = buffer.indexOf('\n\n');
      if (end >= 0) {
        const fields = buffer
          .slice(0, end)
          .split('\n')
          .map(line => line.split(/: ?(.*)/s));
        buffer = buffer.slice(end + 2);
        const { event = '', id = '', data = '' } = Object.fromEntries(fields) as Record<string, string>;
        if (event === name) return { event, id, data: JSON.parse(data) as ChangesMessage };
      } else {
        const { done, value } = await reader.read();
        if (done) throw new Error('the stream has ended');
        buffer += value;
      }
    }
  }
  return { next, close: () => controller.abort() };
}
