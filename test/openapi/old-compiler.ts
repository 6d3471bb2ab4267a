/**
 * For `node --import`: gives generators of code the compiler's API of TypeScript 6, which ts-morph carries along.
 * TypeScript 7 has none yet, and a second package named typescript would bring a second `tsc`.
 */
import { registerHooks } from 'node:module';

registerHooks({
  resolve: (name, context, next) =>
    next(name === 'typescript' ? '@ts-morph/common/dist/typescript.js' : name, context),
});
