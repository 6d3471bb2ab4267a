/** What the API's OpenAPI document calls things; `openapi.d.ts` is written from it by `npm run console:client`. */
import type { components, paths } from './openapi.d.ts';

export type { paths };

type Schemas = components['schemas'];

export type Delivery = Schemas['Delivery'];
export type Identity = Schemas['Identity'];
export type LoginMethods = Schemas['LoginMethods'];
export type Problem = Schemas['Problem'];
export type Source = Schemas['Source'];
export type Webhook = Schemas['Webhook'];
