/** JSON schemas of logging in: the ways there are, what each takes, and what it gives. */

const instant = { type: 'string', format: 'date-time' } as const;
const uri = { type: 'string' } as const;
const handle = {
  type: 'string',
  maxLength: 8_192,
  description: 'Stands for this login; good for nothing else.',
} as const;

export const loginSchemas = [
  {
    $id: 'Login',
    type: 'object',
    if: { required: ['apiKey'] },
    // oxlint-disable-next-line unicorn/no-thenable -- JSON Schema's own word, 2020-12 section 10.2.2.2
    then: {
      additionalProperties: false,
      required: ['apiKey', 'secretKey'],
      properties: {
        apiKey: { type: 'string', minLength: 1, maxLength: 255 },
        secretKey: { type: 'string', minLength: 1, maxLength: 255 },
      },
    },
    else: {
      additionalProperties: false,
      required: ['username', 'password'],
      properties: {
        username: { type: 'string', maxLength: 255 },
        password: { type: 'string', maxLength: 1_024 },
      },
    },
  },
  {
    $id: 'Session',
    type: 'object',
    required: ['token', 'expiresAt', 'csrfToken'],
    properties: {
      token: { type: 'string' },
      expiresAt: instant,
      csrfToken: { type: 'string', description: 'For `X-CSRF-Token`, with the cookie.' },
    },
  },
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
