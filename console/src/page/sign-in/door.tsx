/** The page of those who are not signed in. */
import type { VNode } from 'vue';

import { text } from '../../text/en.ts';
import { CredentialsForm } from './credentials-form.tsx';

export function Door(): VNode {
  return (
    <main class="door">
      <div class="row">
        <img src="./hookline.svg" alt="" width={36} height={36} />
        <h1>{text.signIn.title}</h1>
      </div>
      <p class="muted">{text.signIn.about}</p>
      <CredentialsForm keepsPage={false} />
    </main>
  );
}
