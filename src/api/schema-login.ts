/** JSON schemas of the ways to log in, and of logging in on a device. */

const uri = { type: 'string' } as const;
const handle = {
  type: 'string',
  maxLength: 8_192,
  description: 'Stands for this login; good for nothing else.',
} as const;

export const loginSchemas = [
  {
    $id: 'LoginMethods',
    type: 'object',
    required: ['methods'],
    properties: {
      methods: {
        type: 'array',
        items: {
          type: 'object',
          required: ['kind', 'label', 'path'],
          properties: {
            kind: { type: 'string', enum: ['password', 'oidc', 'key'] },
            label: { type: 'string', description: 'For people.' },
            path: {
              type: 'string',
              description:
                'Of `password`, what the name and the password are posted to; of `key`, what `apiKey` and `secretKey` are; of `oidc`, where the browser goes, with `returnTo` if wanted.',
            },
          },
        },
      },
    },
  },
  {
    $id: 'LoggedOut',
    type: 'object',
    required: ['endSessionUrl'],
    properties: {
      endSessionUrl: {
        ...uri,
        description: 'Where the browser goes to end the session at the identity provider too.',
      },
    },
  },
  {
    $id: 'DeviceLogin',
    type: 'object',
    required: ['handle', 'userCode', 'verificationUri', 'expiresInSeconds', 'intervalSeconds'],
    properties: {
      handle,
      userCode: { type: 'string', description: 'To be typed in at `verificationUri`.' },
      verificationUri: uri,
      verificationUriComplete: { ...uri, description: 'With the code in it.' },
      expiresInSeconds: { type: 'integer' },
      intervalSeconds: { type: 'integer', description: 'How long to wait between two requests.' },
    },
  },
  {
    $id: 'DeviceHandle',
    type: 'object',
    additionalProperties: false,
    required: ['handle'],
    properties: { handle },
  },
  {
    $id: 'DeviceWaiting',
    type: 'object',
    required: ['waiting'],
    properties: {
      waiting: {
        type: 'string',
        enum: ['authorization_pending', 'slow_down'],
        description: 'With `slow_down`, wait five seconds longer from now on.',
      },
    },
  },
];
