/** What a person sets off with a button: its failure is told, not lost. */
import { tellError } from './toast.tsx';

export function act<Given extends readonly unknown[]>(
  work: (...given: Given) => Promise<unknown>,
): (...given: Given) => void {
  return (...given) => void work(...given).catch(tellError);
}
