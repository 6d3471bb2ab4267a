/** What the API's OpenAPI document calls things; `openapi.d.ts` is written from it by `npm run console:client`. */
import type { components, paths } from './openapi.d.ts';

export type { paths };

type Schemas = components['schemas'];

export type Account = Schemas['Account'];
export type Attempt = Schemas['Attempt'];
export type Audit = Schemas['Audit'];
export type Delivery = Schemas['Delivery'];
export type DeliveryDetail = Schemas['DeliveryDetail'];
export type Domain = Schemas['Domain'];
export type Event = Schemas['Event'];
export type EventDetail = Schemas['EventDetail'];
export type Explanation = Schemas['Explanation'];
export type Filter = Schemas['Filter'];
export type Identity = Schemas['Identity'];
export type LoginMethods = Schemas['LoginMethods'];
export type NewFilter = Schemas['NewFilter'];
export type NewWebhook = Schemas['NewWebhook'];
export type Problem = Schemas['Problem'];
export type Quarantined = Schemas['Quarantined'];
export type QuarantinedDetail = Schemas['QuarantinedDetail'];
export type SavedWebhook = Schemas['SavedWebhook'];
export type Setting = Schemas['Setting'];
export type Source = Schemas['Source'];
export type Stats = Schemas['Stats'];
export type TestResult = Schemas['TestResult'];
export type Webhook = Schemas['Webhook'];
