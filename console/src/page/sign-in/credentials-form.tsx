/** Asks for what a way to sign in needs, in all the ways that Hookline offers. */
import { useQuery } from '@tanstack/vue-query';
import { defineComponent, ref } from 'vue';
import type { VNode } from 'vue';
import { useRoute } from 'vue-router';

import { ask, client } from '../../client/client.ts';
import { oidcUrl, resumeSession, signIn } from '../../client/sign-in.ts';
import type { Credentials, LoginMethod } from '../../client/sign-in.ts';
import { act } from '../../part/answer/act.ts';
import { TextField } from '../../part/field.tsx';
import { ErrorNote, Loading } from '../../part/note.tsx';
import { text } from '../../text/en.ts';

interface Props {
  /** Whether a page is open below that must not be left. */
  readonly keepsPage: boolean;
}

export const CredentialsForm = defineComponent(
  ({ keepsPage }: Props) => {
    const route = useRoute();
    const methods = useQuery({
      queryKey: ['login-methods'],
      queryFn: async () => ask(client.GET('/v1/login/methods')),
    });
    return () => {
      if (methods.error.value) {
        return <ErrorNote error={methods.error.value} retry={() => void methods.refetch()} />;
      }
      const offered = methods.data.value?.methods;
      if (!offered) return <Loading />;
      return (
        <div class="stack">
          {offered.map(method =>
            method.kind === 'oidc' ? (
              <ProviderLink method={method} path={route.fullPath} keepsPage={keepsPage} />
            ) : (
              <Pair key={method.kind} kind={method.kind} isOnly={offered.length === 1} />
            ),
          )}
        </div>
      );
    };
  },
  { props: ['keepsPage'] },
);

interface ProviderProps {
  readonly method: LoginMethod;
  readonly path: string;
  readonly keepsPage: boolean;
}

/** Where a page must not be left, the provider is opened beside it, and the session is looked for afterwards. */
function ProviderLink({ method, path, keepsPage }: ProviderProps): VNode {
  const href = oidcUrl(method, path.replace(/^\//, ''));
  return (
    <div class="stack">
      <a class="button" href={href} target={keepsPage ? '_blank' : undefined}>
        {text.signIn.with(method.label)}
      </a>
      {keepsPage ? (
        <button type="button" onClick={act(resumeSession)}>
          {text.signIn.continue}
        </button>
      ) : null}
    </div>
  );
}

const pairs = {
  password: { names: ['username', 'password'], autocomplete: ['username', 'current-password'] },
  key: { names: ['apiKey', 'secretKey'], autocomplete: ['off', 'off'] },
} as const;

interface PairProps {
  readonly kind: 'password' | 'key';
  readonly isOnly: boolean;
}

const Pair = defineComponent(
  (props: PairProps) => {
    const [first, second] = [ref(''), ref('')];
    const error = ref<unknown>();
    const isBusy = ref(false);
    const submit = async (event: Event): Promise<void> => {
      event.preventDefault();
      isBusy.value = true;
      error.value = undefined;
      try {
        await signIn(credentialsOf(props.kind, first.value, second.value));
      } catch (failure) {
        error.value = failure;
      } finally {
        isBusy.value = false;
      }
    };
    return () => {
      const { names, autocomplete } = pairs[props.kind];
      return (
        <form class="card stack" aria-label={text.signIn.ways[props.kind]} onSubmit={act(submit)}>
          {props.isOnly ? null : <h2>{text.signIn.ways[props.kind]}</h2>}
          <TextField
            id={`sign-in-${names[0]}`}
            label={text.signIn.labels[names[0]]}
            value={first.value}
            set={value => (first.value = value)}
            autocomplete={autocomplete[0]}
            isRequired
          />
          <TextField
            id={`sign-in-${names[1]}`}
            label={text.signIn.labels[names[1]]}
            type="password"
            value={second.value}
            set={value => (second.value = value)}
            autocomplete={autocomplete[1]}
            isRequired
          />
          {error.value ? <ErrorNote error={error.value} /> : null}
          <button type="submit" class="button-main" disabled={isBusy.value}>
            {text.signIn.act}
          </button>
        </form>
      );
    };
  },
  { props: ['kind', 'isOnly'] },
);

const credentialsOf = (kind: PairProps['kind'], first: string, second: string): Credentials =>
  kind === 'password'
    ? { username: first, password: second }
    : { apiKey: first, secretKey: second };
