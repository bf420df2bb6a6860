import { isIP } from 'node:net';
import type { Context, MiddlewareHandler } from 'hono';

type Refuse = (context: Context, why: string) => Response;

const loopbackNames = ['localhost', '127.0.0.1', '[::1]'];

/** Whether a server bound to that address is reached from this machine alone. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/**
 * Refuses requests that a page of another site can bring a browser to send: those to a name that is not this server's
 * (DNS rebinding), and those that come from another origin. A server that is open to a network is reached by its
 * address, which no foreign name can be rebound to, or by a name it was told.
 * @param refuse answers with status 403
 */
export function guard(boundTo: string, refuse: Refuse = (context, why) => context.text(why, 403)): MiddlewareHandler {
  const names = new Set([...loopbackNames, boundTo.toLowerCase()]);
  return async (context, next) => {
    const host = (context.req.header('host') ?? '').toLowerCase();
    const name = host.replace(/:\d+$/, '');
    const isAddress = !isLoopback(boundTo) && isIP(name.replace(/^\[|\]$/g, '')) !== 0;
    if (!names.has(name) && !isAddress) return refuse(context, 'This server does not go by that name.');
    const origin = context.req.header('origin');
    if (origin !== undefined && origin.toLowerCase() !== `http://${host}`) {
      return refuse(context, 'Requests from other origins are refused.');
    }
    if (context.req.header('sec-fetch-site') === 'cross-site' && context.req.header('sec-fetch-mode') !== 'navigate') {
      return refuse(context, 'Requests from other sites are refused.');
    }
    return next();
  };
}
