import type { ToWorker } from '../messages.ts';
import { serveCells } from './serve-cells.ts';

// The program of a child process of `child-processes.ts`: it does runs until its parent closes the channel.
serveCells({
  send: message => {
    if (process.connected) process.send!(message);
  },
  onMessage: listener => process.addListener('message', message => listener(message as ToWorker)),
  onClose: listener => process.addListener('disconnect', listener),
});
