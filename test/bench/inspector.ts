/** Speaks with the inspector of another Node process. Source: Chrome DevTools Protocol; Node's `--inspect`. */
export interface Inspector extends AsyncDisposable {
  /** What the answer is, the protocol says and the caller repeats. */
  ask<T>(method: string, params?: object): Promise<T>;
}

/** @param url of its WebSocket, as the process prints it. */
export async function attachInspector(url: string): Promise<Inspector> {
  const socket = new WebSocket(url);
  await eventOf(socket, 'open');
  const waiting = new Map<number, (text: string) => void>();
  let lastId = 0;
  socket.addEventListener('message', ({ data }) => {
    const text = String(data);
    const { id }: { id?: number } = JSON.parse(text);
    if (id !== undefined) waiting.get(id)?.(text);
  });
  return {
    ask<T>(method: string, params: object = {}): Promise<T> {
      lastId += 1;
      const { promise, resolve } = Promise.withResolvers<T>();
      waiting.set(lastId, text => {
        const { result }: { result: T } = JSON.parse(text);
        resolve(result);
      });
      socket.send(JSON.stringify({ id: lastId, method, params }));
      return promise;
    },
    async [Symbol.asyncDispose]() {
      const closed = eventOf(socket, 'close');
      socket.close();
      await closed;
    },
  };
}

function eventOf(socket: WebSocket, name: 'open' | 'close'): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.addEventListener(name, () => resolve(), { once: true });
    const hungUp = new Error('the inspector hung up');
    socket.addEventListener('error', () => reject(hungUp), { once: true });
  });
}
