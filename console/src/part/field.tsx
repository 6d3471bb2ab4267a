/** A labelled control of a form, with its hint and its fault, which screen readers read with it. */
import type { VNode, VNodeChild } from 'vue';

interface Field {
  readonly id: string;
  readonly label: string;
  readonly hint?: string;
  readonly fault?: string | undefined;
}

/** Attributes that tie a control to its label, hint and fault. */
export interface ControlAttributes {
  readonly id: string;
  readonly 'aria-describedby': string | undefined;
  readonly 'aria-invalid': 'true' | undefined;
}

interface Props extends Field {
  readonly control: (attributes: ControlAttributes) => VNodeChild;
}

export function Field({ id, label, hint, fault, control }: Props): VNode {
  const described = [hint ? `${id}-hint` : '', fault ? `${id}-fault` : ''].filter(
    each => each !== '',
  );
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {[
        control({
          id,
          'aria-describedby': described.length > 0 ? described.join(' ') : undefined,
          'aria-invalid': fault ? 'true' : undefined,
        }),
      ]}
      {fault ? (
        <span id={`${id}-fault`} class="fault">
          {fault}
        </span>
      ) : null}
      {hint ? (
        <span id={`${id}-hint`} class="hint">
          {hint}
        </span>
      ) : null}
    </div>
  );
}

interface TextProps extends Field {
  readonly value: string;
  readonly set: (value: string) => void;
  readonly type?: 'text' | 'password' | 'search' | 'url' | 'number' | 'datetime-local';
  readonly autocomplete?: string;
  readonly placeholder?: string;
  readonly isRequired?: boolean;
}

export function TextField(props: TextProps): VNode {
  const { value, set, type = 'text', autocomplete = 'off', placeholder, isRequired } = props;
  return (
    <Field
      {...props}
      control={attributes => (
        <input
          {...attributes}
          type={type}
          value={value}
          autocomplete={autocomplete}
          placeholder={placeholder}
          required={isRequired}
          spellcheck={false}
          onInput={event => set(valueOf(event))}
        />
      )}
    />
  );
}

interface AreaProps extends Field {
  readonly value: string;
  readonly set: (value: string) => void;
  readonly rows?: number;
}

export function AreaField(props: AreaProps): VNode {
  return (
    <Field
      {...props}
      control={attributes => (
        <textarea
          {...attributes}
          class="mono"
          rows={props.rows ?? 4}
          value={props.value}
          spellcheck={false}
          onInput={event => props.set(valueOf(event))}
        />
      )}
    />
  );
}

/** Values and their labels. */
export type Options = Readonly<Record<string, string>>;

interface SelectProps extends Field {
  readonly value: string;
  readonly set: (value: string) => void;
  readonly options: Options;
  /** Label of the choice of none, `''`; absent where there must be one. */
  readonly none?: string;
  readonly isDisabled?: boolean;
}

export function SelectField(props: SelectProps): VNode {
  const { value, set, options, none, isDisabled } = props;
  return (
    <Field
      {...props}
      control={attributes => (
        <select
          {...attributes}
          value={value}
          disabled={isDisabled}
          onChange={event => set(valueOf(event))}
        >
          {none === undefined ? null : <option value="">{none}</option>}
          {Object.entries(options).map(([key, label]) => (
            <option key={key} value={key}>
              {label}
            </option>
          ))}
        </select>
      )}
    />
  );
}

interface CheckProps {
  readonly id: string;
  readonly label: string;
  readonly hint?: string;
  readonly value: boolean;
  readonly set: (value: boolean) => void;
}

export function CheckField({ id, label, hint, value, set }: CheckProps): VNode {
  return (
    <div class="check">
      <input
        id={id}
        type="checkbox"
        checked={value}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={() => set(!value)}
      />
      <span>
        <label for={id}>{label}</label>
        {hint ? (
          <span id={`${id}-hint`} class="hint">
            {` ${hint}`}
          </span>
        ) : null}
      </span>
    </div>
  );
}

export function valueOf({ target }: globalThis.Event): string {
  if (
    target instanceof HTMLInputElement ||
    target instanceof HTMLSelectElement ||
    target instanceof HTMLTextAreaElement
  ) {
    return target.value;
  }
  throw new RangeError('asked for the value of what is no control');
}
