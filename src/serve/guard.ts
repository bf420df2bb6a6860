import { isIP } from 'node:net';
import type { MiddlewareHandler } from 'hono';

const loopbackNames = ['localhost', '127.0.0.1', '[::1]'];

/** Whether a server bound to that address is reached from this machine alone. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/**
 * Refuses requests that a page of another site can bring a browser to send: those to a name that is not this server's
 * (DNS rebinding), and those that come from another origin. A server that is open to a network is reached by its
 * address, which no foreign name can be rebound to, or by a name it was told.
 */
export function guard(boundTo: string): MiddlewareHandler {
  const names = new Set([...loopbackNames, boundTo.toLowerCase()]);
  return async (context, next) => {
    const host = (context.req.header('host') ?? '').toLowerCase();
    const name = host.replace(/:\d+$/, '');
    const isAddress = !isLoopback(boundTo) && isIP(name.replace(/^\[|\]$/g, '')) !== 0;
    if (!names.has(name) && !isAddress) return context.text('This server does not go by that name.', 403);
    const origin = context.req.header('origin');
    if (origin !== undefined && origin.toLowerCase() !== `http://${host}`) {
      return context.text('Requests from other origins are refused.', 403);
    }
    if (context.req.header('sec-fetch-site') === 'cross-site' && context.req.header('sec-fetch-mode') !== 'navigate') {
      return context.text('Requests from other sites are refused.', 403);
    }
    return next();
  };
}
