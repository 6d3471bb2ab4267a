/** How a receiver verifies what comes, in the language that the viewer chooses. */
import { defineComponent, ref } from 'vue';

import { Code } from '../../../part/code.tsx';
import { SelectField } from '../../../part/field.tsx';
import { text } from '../../../text/en.ts';
import { verifications } from './secret.ts';

const languages = Object.fromEntries(Object.keys(verifications).map(name => [name, name]));

export const Verification = defineComponent(() => {
  const language = ref('Python');
  return () => (
    <div class="stack">
      <SelectField
        id="verification-language"
        label={text.webhook.verification.language}
        options={languages}
        value={language.value}
        set={value => (language.value = value)}
      />
      <Code
        label={text.webhook.verification.title(language.value)}
        value={verifications[language.value] ?? ''}
      />
    </div>
  );
});
