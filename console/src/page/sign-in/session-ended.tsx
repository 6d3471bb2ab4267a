/** Asks to sign in again over a page that stays as it is, so that nothing typed into it is lost. */
import type { VNode } from 'vue';

import { identity, leaveSession } from '../../client/session.ts';
import { Dialog } from '../../part/answer/dialog.tsx';
import { text } from '../../text/en.ts';
import { CredentialsForm } from './credentials-form.tsx';

export function SessionEnded(): VNode {
  const name = identity.value?.username ?? '';
  return (
    <Dialog
      title={text.signIn.ended}
      about={text.signIn.endedAbout(name)}
      content={() => [
        <CredentialsForm keepsPage />,
        <button type="button" class="button-plain" onClick={leaveSession}>
          {text.signIn.leave}
        </button>,
      ]}
    />
  );
}
