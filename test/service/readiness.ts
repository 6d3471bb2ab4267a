/** Whether a Hookline is ready: it can be asked, and nothing of it waits. */
export async function isReady(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/readyz`);
    const { status }: { status?: unknown } = Object(await answer.json());
    return status === 'ready';
  } catch {
    return false;
  }
}
